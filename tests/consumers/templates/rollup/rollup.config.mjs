import { nodeResolve } from "@rollup/plugin-node-resolve";
import { importMetaAssets } from "@web/rollup-plugin-import-meta-assets";

export default {
  input: "main.mjs",
  output: { dir: "out", entryFileNames: "main.mjs" },
  plugins: [nodeResolve({ browser: true }), importMetaAssets()],
};
