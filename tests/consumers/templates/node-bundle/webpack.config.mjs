import { resolve } from "node:path";

const common = { mode: "production", target: "node", entry: "./main.mjs" };

export default [
  { ...common, output: { path: resolve("out-webpack-cjs"), filename: "main.cjs" } },
  {
    ...common,
    experiments: { outputModule: true },
    output: { path: resolve("out-webpack-mjs"), filename: "main.mjs", module: true },
  },
];
