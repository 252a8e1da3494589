// `mqtt-lib/inline`: the .wasm as text in a script of its own, and small entries that load this script and
// then one of the others. One copy serves ES modules and CommonJS alike, because it only leaves the text
// under a symbol, where js/load.mjs looks for it.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const TEXT = "inline/wasm.js";

/** Files that this puts into dist/. */
export const INLINE = [
  TEXT,
  "inline/package.json",
  "inline.mjs",
  "inline.cjs",
  "inline.node.mjs",
  "inline.node.cjs",
];

/** Every byte as a printable character, 91 of which stand for themselves; `decode` of js/load.mjs reads it. */
export function encode(bytes) {
  const one = (value) => String.fromCharCode(value + (value > 56 ? 36 : 35));
  return Array.from(bytes, (byte) => ["", " ", "!"][Math.floor(byte / 91)] + one(byte % 91)).join("");
}

/** Writes them beside the entries that they load; `names` are what the Node entry exports. */
export function writeInline(folder, wasm, names) {
  mkdirSync(join(folder, "inline"));
  const write = (name, text) => writeFileSync(join(folder, name), text);
  const text = encode(readFileSync(wasm)).replaceAll("'", "\\'");
  write(TEXT, `globalThis[Symbol.for("mqtt-lib.wasm")] = '${text}';\n`);
  // A .js file that Node takes for CommonJS, jest too, and that servers send as JavaScript.
  write("inline/package.json", '{ "type": "commonjs" }\n');
  write("inline.mjs", `import "./${TEXT}";\nexport * from "./bare.mjs";\n`);
  write("inline.cjs", `require("./${TEXT}");\nmodule.exports = require("./bare.cjs");\n`);
  write("inline.node.cjs", `require("./${TEXT}");\nmodule.exports = require("./node.cjs");\n`);
  write(
    "inline.node.mjs",
    `import implementation from "./inline.node.cjs";\nexport const { ${names.join(", ")} } = implementation;\n`,
  );
}
