import commonjs from "@rollup/plugin-commonjs";
import { nodeResolve } from "@rollup/plugin-node-resolve";

const output = (format, extension) => ({ format, file: `out-rollup-${extension}/main.${extension}` });

export default {
  input: "main.mjs",
  output: [output("es", "mjs"), output("cjs", "cjs")],
  plugins: [nodeResolve({ exportConditions: ["node"] }), commonjs()],
};
