// Programs for Node that are bundled, with nothing configured but the platform: each is one file without a .wasm beside it.

import { dirname } from "node:path";
import { bin, nodeBundle } from "./support/kinds.mjs";
import { run } from "./support/project.mjs";

const FORMATS = { mjs: "esm", cjs: "cjs" };

const esbuild = (extension, entry, name, rest) =>
  nodeBundle(`esbuild, for Node, ${name}`, {
    ...rest,
    template: "esbuild",
    out: `out-node-${extension}-${entry}`,
    file: `main.${extension}`,
    build(cwd) {
      const out = `--outfile=out-node-${extension}-${entry}/main.${extension}`;
      const args = [`${entry}.mjs`, "--bundle", "--platform=node", `--format=${FORMATS[extension]}`, out];
      return run(cwd, bin("esbuild")(cwd), [...args, "--log-level=error"]);
    },
  });

const configured = (title, command, args, rest) => (extension) =>
  nodeBundle(`${title}, for Node, ${FORMATS[extension]}`, {
    ...rest,
    out: `out-${command}-${extension}`,
    file: `main.${extension}`,
    build: (cwd) => run(cwd, bin(command)(cwd), args),
  });

const rollup = configured("Rollup", "rollup", ["-c", "--failAfterWarnings"], {
  write: '`nodeResolve({ exportConditions: ["node"] })`',
});
const webpack = configured("webpack 5", "webpack", []);

const rolldown = (extension) =>
  nodeBundle(`Rolldown, for Node, ${FORMATS[extension]}`, {
    out: `out-rolldown-${extension}`,
    file: `main.${extension}`,
    build(cwd) {
      const out = `out-rolldown-${extension}/main.${extension}`;
      const args = ["main.mjs", "--platform", "node", "--format", FORMATS[extension], "--file", out];
      return run(cwd, bin("rolldown")(cwd), args);
    },
  });

const ncc = (extension) =>
  nodeBundle(`ncc, ${FORMATS[extension]}`, {
    out: `out-ncc-${extension}`,
    file: `index.${extension}`,
    build: (cwd) => run(cwd, bin("ncc")(cwd), ["build", `main.${extension}`, "-o", `out-ncc-${extension}`]),
  });

/** The newest tsup and tsdown, which need a newer Node than 20. */
const newest = (title, command, args, mjs) => (extension) =>
  nodeBundle(`${title}, ${FORMATS[extension]}`, {
    template: "tsdown",
    out: `out-${command}-${extension}`,
    file: extension === "mjs" ? mjs : "main.cjs",
    async build(cwd, { tool }) {
      const out = ["--format", FORMATS[extension], "--out-dir", `out-${command}-${extension}`];
      const path = `${dirname(await tool("node"))}:${process.env.PATH}`;
      await run(cwd, bin(command)(cwd), ["main.mjs", ...out, ...args], { env: { PATH: path } });
    },
  });

const tsdown = newest("tsdown", "tsdown", [], "main.mjs");
const tsup9 = newest("tsup 9", "tsup", ["--config", "tsup.config.json"], "main.js");

const tsup = (extension) =>
  nodeBundle(`tsup 8, ${FORMATS[extension]}`, {
    out: `out-tsup-${extension}`,
    file: extension === "mjs" ? "main.js" : "main.cjs",
    build(cwd) {
      const args = ["main.mjs", "--format", FORMATS[extension], "--out-dir", `out-tsup-${extension}`];
      return run(cwd, bin("tsup")(cwd), [...args, "--config", "tsup.config.json"]);
    },
  });

export const NODE_BUNDLES = [
  esbuild("mjs", "node", "esm"),
  esbuild("cjs", "node", "cjs"),
  esbuild("mjs", "node-inline", "esm: mqtt-lib/inline", { peer: false }),
  esbuild("mjs", "node-mqttjs", "esm: mqtt-lib/mqttjs", { peer: false }),
  rollup("mjs"),
  rollup("cjs"),
  rolldown("mjs"),
  rolldown("cjs"),
  webpack("mjs"),
  webpack("cjs"),
  ncc("mjs"),
  ncc("cjs"),
  tsup("mjs"),
  tsup("cjs"),
  tsup9("mjs"),
  tsup9("cjs"),
  tsdown("mjs"),
  tsdown("cjs"),
];
