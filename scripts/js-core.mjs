// Builds the core of `mqtt-lib/js`: the same compiled Rust as JavaScript, for engines without WebAssembly. wasm-bindgen binds it
// once more for an engine without multiple results, binaryen's wasm2js translates it, and what comes out takes the imports and
// gives the exports of the .wasm of the package, under their short names. So the glue is that of the other entries. Owns what
// is known of the output of wasm2js; an output without it fails the build.
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { module, Reader, SECTION, sections } from "./binary.mjs";
import { must, Failure, ROOT } from "./run.mjs";

const FOLDER = join(ROOT, "target", "package", "js");

/** What wasm2js does not know, as calls of functions that it does. */
const LOWERED = [
  "--enable-bulk-memory",
  "--enable-nontrapping-float-to-int",
  "--enable-sign-ext",
  "--signext-lowering",
  "--llvm-memory-copy-fill-lowering",
  "--llvm-nontrapping-fptoint-lowering",
];
const SMALLER = [
  "-Os",
  "--converge",
  "--low-memory-unused",
  "--flexible-inline-max-function-size=0",
  "--one-caller-inline-max-function-size=0",
];

/** Under this name js/load.mjs finds it. */
const BEGINNING = `globalThis[Symbol.for("mqtt-lib.js")] = { instantiate(imports, grown) {
imports = imports.a;
`;

/** @param {string} source @param {RegExp | string} what @param {string} by */
function replaced(source, what, by) {
  if (source.split(what).length !== 2)
    throw new Failure(`The output of wasm2js does not contain ${what} exactly once.`);
  return source.replace(what, () => by);
}

/** @param {Map<string, string>} names @param {string} long */
function short(names, long) {
  const name = names.get(long);
  if (name === undefined) throw new Failure(`${long} has no short name: both .wasm must be of one program.`);
  return name;
}

/**
 * The exports that give several results: wasm-bindgen makes them take the address of the results instead.
 * @param {string} types what wasm-bindgen says of the .wasm of the package
 */
const severalResults = (types) =>
  Array.from(types.matchAll(/^export const (\w+): .* => \[/gm), ([, name]) => name);

/**
 * @param {string} source what wasm2js has written @param {import("./shorten.mjs").Names} names
 * @param {string[]} several exports with several results
 */
export function adapted(source, names, several) {
  const body = source.slice(source.indexOf("\n"), source.indexOf("\nvar retasmFunc"));
  const [, exported] = /^ return \{\n([\s\S]*)^ \};\n\}/m.exec(body) ?? [];
  if (exported === undefined) throw new Failure("The output of wasm2js has no exports.");
  const functions = Array.from(exported.matchAll(/^ {2}"(\w+)": ([\w$]+),? *$/gm), ([, name, local]) => {
    const call = several.includes(name) ? `several(${local})` : local;
    return names.exports.has(name) ? `${short(names.exports, name)}: ${call},` : "";
  });
  for (const name of names.exports.keys()) {
    if (!exported.includes(`"${name}": `))
      throw new Failure(`The output of wasm2js does not export ${name}.`);
  }
  const [, pointer] = /"__wbindgen_add_to_stack_pointer": ([\w$]+),? *$/m.exec(exported) ?? [];
  const memory = `${short(names.exports, "memory")}: { get buffer() { return buffer; } },`;
  let code = replaced(body, exported, [memory, ...functions, ""].join("\n"));
  code = replaced(
    code,
    /^ function __wasm_memory_size\(\) \{[\s\S]*?^ \}\n(?=[\s\S]*?^ function __wasm_memory_grow)/m,
    "",
  );
  code = replaced(code, /^ function __wasm_memory_grow\([\s\S]*?^ \}$/m, MEMORY);
  code = code.replaceAll(/(?<= = )imports\["\S+"\]/g, "imports");
  code = code.replaceAll(/(?<= = \S+\.)__wb\w+(?=;$)/gm, (long) => short(names.imports, long));
  code = saturating(code);
  code = replaced(code, " return {\n", `${SEVERAL.replaceAll("POINTER", pointer)}\n return {\n`);
  return `${BEGINNING}${code}\nreturn asmFunc(imports);\n} };\n`;
}

/**
 * Numbers become integers as in Rust, whose largest is of 32 bits the largest, too, and of what is larger. The pass of wasm-opt
 * makes 0 of both; of 64 bits the upper half is right.
 * @param {string} code
 */
function saturating(code) {
  const right = code
    .replaceAll(
      /(\$\d+) < 4294967295\.0 & \1 >= 0\.0 \? ~~\1 >>> 0 : 0/g,
      "$1 >= 4294967295.0 ? -1 : $1 >= 0.0 ? ~~$1 >>> 0 : 0",
    )
    .replaceAll(/(\$\d+) < 4294967295\.0 & \1 >= 0\.0/g, "$1 < 4294967296.0 & $1 >= 0.0")
    .replaceAll(/(\$\d+) < 18446744073709551615\.0 & \1 >= 0\.0/g, "$1 >= 0.0");
  if (right === code || /< (?:4294967295|18446744073709551615)\.0 &/.test(right))
    throw new Failure("The output of wasm2js makes integers of numbers in another way.");
  return right;
}

/**
 * The memory, in place of that of wasm2js, which copies all of it for each page more and cannot say that there is none. Half as
 * much again is taken at once. Beyond 2 GiB the addresses of wasm2js are negative.
 */
const MEMORY = ` var pages = buffer.byteLength >> 16;
 function __wasm_memory_size() {
  return pages;
 }
 function __wasm_memory_grow(more) {
  var before = pages, after = before + (more >>> 0);
  if (after > 32767) return -1;
  if (after << 16 > buffer.byteLength) {
   try {
    var larger = new ArrayBuffer(Math.min(32767, after + (after >> 1)) << 16);
   } catch (none) {
    return -1;
   }
   new Uint8Array(larger).set(HEAPU8);
   HEAP8 = new Int8Array(larger);
   HEAP16 = new Int16Array(larger);
   HEAP32 = new Int32Array(larger);
   HEAPU8 = new Uint8Array(larger);
   HEAPU16 = new Uint16Array(larger);
   HEAPU32 = new Uint32Array(larger);
   HEAPF32 = new Float32Array(larger);
   HEAPF64 = new Float64Array(larger);
   buffer = larger;
   grown();
  }
  pages = after;
  return before;
 }`;

/** At most three results, each of four bytes. */
const SEVERAL = ` function several(call) {
  return function (a, b, c, d, e, f) {
   var at = POINTER(-16) | 0;
   call(at, a, b, c, d, e, f);
   var results = [HEAP32[at >> 2], HEAP32[at + 4 >> 2], HEAP32[at + 8 >> 2]];
   POINTER(16);
   return results;
  };
 }`;

/**
 * Writes it.
 * @param {string} compiled the .wasm as rustc has made it @param {string} types of the exports of the .wasm of the package
 * @param {import("./shorten.mjs").Names} names @param {string} to
 */
export async function writeJsCore(compiled, types, names, to) {
  rmSync(FOLDER, { recursive: true, force: true });
  const wasm = sections(readFileSync(compiled));
  const isFeatures = ({ id, data }) => id === SECTION.custom && new Reader(data).text() === "target_features";
  const plain = `${FOLDER}.wasm`;
  // Without the list of features wasm-bindgen uses none.
  writeFileSync(plain, module(wasm.filter((section) => !isFeatures(section))));
  await must("wasm-bindgen", ["--target", "web", "--out-name", "core", "--out-dir", FOLDER, plain]);
  const [bound, small, script] = ["core_bg.wasm", "small.wasm", "core.js"].map((name) => join(FOLDER, name));
  await must("wasm-opt", [bound, ...LOWERED, ...SMALLER, "-g", "-o", small]);
  await must("wasm2js", ["-Os", small, "-o", script]);
  const { transform } = await import("esbuild");
  const source = adapted(readFileSync(script, "utf8"), names, severalResults(readFileSync(types, "utf8")));
  const { code } = await transform(source, { minify: true, target: "es2020", legalComments: "none" });
  writeFileSync(to, code);
}
