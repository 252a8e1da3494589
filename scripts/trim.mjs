// Makes the glue of wasm-bindgen smaller, before its names are short (scripts/shorten.mjs): leaves out what no engine needs that
// runs js/, and says the rest shorter. Owns what the glue is known to contain; a glue that does not fails the build.
import { Failure } from "./run.mjs";

/**
 * What the glue does not need here, and what can be said shorter; each must be found. The engines that run js/ (ES2022) have
 * all that it tests for, and exports never throw, because they are guarded.
 * @type {[RegExp, string][]}
 */
const TRIMS = [
  [/: function\(\) \{ return handleError\(function \((.*)\) \{$/gm, ": handleError(($1) => {"],
  [/^( *)\}, arguments\); \},$/gm, "$1}),"],
  [
    /function handleError\(f, args\) \{(\s+try \{\s+return )f\.apply\(this, args\);([\s\S]*?)^\}/m,
    "function handleError(f) { return (...args) => {$1f(...args);$2}; }",
  ],
  [/: function\((.*)\) \{$/gm, ": ($1) => {"],
  [/(pass(?:String|Array8)ToWasm0\(\w+), wasm\.[^)]*\)/g, "$1)"],
  [
    /^(function passStringToWasm0)\([\s\S]*?^\}/m,
    "$1(arg) { return passArray8ToWasm0(cachedTextEncoder.encode(arg)); }",
  ],
  [/^(function passArray8ToWasm0)\(arg, malloc\)/m, "$1(arg, malloc = wasm.__wbindgen_malloc)"],
  [/ptr \/ 1\b/g, "ptr"],
  [/\(typeof FinalizationRegistry === 'undefined'\)\s+\? .*\s+: /g, ""],
  [/\.buffer\.detached === true \|\| \(.*\)\)/, ".buffer.byteLength === 0)"],
  [/^if \(Symbol\.dispose\).*$/m, ""],
  [/^if \(!\('encodeInto' in cachedTextEncoder\)\) \{[\s\S]*?^\}/m, ""],
  [/^ {4}if \(module !== undefined\) \{[\s\S]*?^ {4}\}/m, "({module} = module);"],
  // A module of another realm, as in Next's edge runtime, is no instance of this one's class.
  [/!\(module instanceof WebAssembly\.Module\)/, "module.byteLength"],
  [/^ {4}wasmInstance = instance;$/m, ""],
  [/^ {4}wasmModule = module;$/m, ""],
];

/** @param {string} source */
export function trimGlue(source) {
  return TRIMS.reduce((glue, [pattern, short]) => {
    const next = glue.replace(pattern, short);
    if (next === glue) throw new Failure(`The glue does not contain ${pattern}.`);
    return next;
  }, source);
}
