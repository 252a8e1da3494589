// Builds the entry `mqtt-lib/js`: the core as JavaScript in a script of its own, and small entries that load this script and then
// one of the other entries, as scripts/inline.mjs does with the .wasm as text.
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const CORE = "js/core.js";

/** The files in dist/. */
export const JS_ENTRY = [
  CORE,
  "js/package.json",
  "js.bundle.mjs",
  "js.cjs",
  "js.mjs",
  "js.node.cjs",
  "js.node.mjs",
];

/** Writes the files next to the entries that they load; `names` are the exports of the Node entry, `traced` ends that for bundlers. */
export function writeJsEntry(folder, core, names, traced) {
  mkdirSync(join(folder, "js"));
  copyFileSync(core, join(folder, CORE));
  const write = (name, text) => writeFileSync(join(folder, name), text);
  // So that Node and Jest treat the .js file, which servers send as JavaScript, as CommonJS.
  write("js/package.json", '{ "type": "commonjs" }\n');
  write("js.mjs", `import "./${CORE}";\nexport * from "./bare.mjs";\n`);
  write("js.bundle.mjs", `import "./${CORE}";\nexport * from "./node.bundle.mjs";\n${traced}\n`);
  write("js.cjs", `require("./${CORE}");\nmodule.exports = require("./bare.cjs");\n`);
  write("js.node.cjs", `require("./${CORE}");\nmodule.exports = require("./node.cjs");\n`);
  write(
    "js.node.mjs",
    `import implementation from "./js.node.cjs";\nexport const { ${names.join(", ")} } = implementation;\n`,
  );
}
