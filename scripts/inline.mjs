// Builds `mqtt-lib/inline`: the .wasm as text in a script of its own, and small entries that load this script and then one of
// the other entries. One copy serves ES modules and CommonJS, because it only stores the text under a global symbol, where
// js/load.mjs finds it.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const TEXT = "inline/wasm.js";

/** The files in dist/. */
export const INLINE = [
  TEXT,
  "inline/package.json",
  "browser.fallback.js",
  "mqttjs.fallback.js",
  "mqttjs.workerd.mjs",
  "workerd.mjs",
  "workerd.wasm.mjs",
  "inline.mjs",
  "inline.cjs",
  "inline.node.mjs",
  "inline.node.cjs",
];

/**
 * The entry for Workers, which compile no WebAssembly at run time, but import a module. At module scope they allow no random
 * values, no timers and no sockets, and there their own error says so.
 */
const WORKERD_WASM = `import module from "./mqtt_lib_whole.wasm?module";
Object.defineProperty(globalThis, Symbol.for("mqtt-lib.wasm"), {
  configurable: true,
  get() {
    crypto.getRandomValues(new Uint8Array(1));
    return module;
  },
});
`;

/** An esbuild plugin: what imports the text keeps the import. */
export const keepInline = {
  name: "inline",
  setup(esbuild) {
    esbuild.onResolve({ filter: /inline\/wasm\.js$/ }, () => ({ path: `./${TEXT}`, external: true }));
  },
};

/** Encodes each byte as a printable character with an optional prefix; `decode` in js/load.mjs is the inverse. */
export function encode(bytes) {
  const one = (value) => String.fromCharCode(value + (value > 56 ? 36 : 35));
  return Array.from(bytes, (byte) => ["", " ", "!"][Math.floor(byte / 91)] + one(byte % 91)).join("");
}

/** Writes the files next to the entries that they load; `names` are the exports of the Node entry. */
export function writeInline(folder, wasm, names) {
  mkdirSync(join(folder, "inline"));
  const write = (name, text) => writeFileSync(join(folder, name), text);
  const text = encode(readFileSync(wasm)).replaceAll("'", "\\'");
  write(TEXT, `globalThis[Symbol.for("mqtt-lib.wasm")] = '${text}';\n`);
  // So that Node and Jest treat the .js file, which servers send as JavaScript, as CommonJS.
  write("inline/package.json", '{ "type": "commonjs" }\n');
  write("workerd.wasm.mjs", WORKERD_WASM);
  write("workerd.mjs", 'import "./workerd.wasm.mjs";\nexport * from "./bare.mjs";\n');
  const facade = 'export * from "./mqttjs.browser.mjs";\nexport { default } from "./mqttjs.browser.mjs";\n';
  write("mqttjs.workerd.mjs", `import "./workerd.wasm.mjs";\n${facade}`);
  write("mqttjs.fallback.js", `import "./browser.fallback.js";\n${facade}`);
  // Not .mjs: instead of such a file Vite 4 takes the field `browser`.
  write(
    "browser.fallback.js",
    `globalThis[Symbol.for("mqtt-lib.fallback")] = () => import("./${TEXT}");\nexport * from "./browser.mjs";\n`,
  );
  write("inline.mjs", `import "./${TEXT}";\nexport * from "./bare.mjs";\n`);
  write("inline.cjs", `require("./${TEXT}");\nmodule.exports = require("./bare.cjs");\n`);
  write("inline.node.cjs", `require("./${TEXT}");\nmodule.exports = require("./node.cjs");\n`);
  write(
    "inline.node.mjs",
    `import implementation from "./inline.node.cjs";\nexport const { ${names.join(", ")} } = implementation;\n`,
  );
}
