// Makes the .wasm small with wasm-opt, which also gives short names to all that it imports and exports: those of
// wasm-bindgen carry hashes, which no compression makes small. Owns the options of wasm-opt, and the same names in the
// JavaScript that belongs to the .wasm.
import { readFileSync } from "node:fs";
import { renumberLocals } from "./locals.mjs";
import { Failure, must } from "./run.mjs";

/**
 * Functions with similar names have similar code, and compress better side by side. The lowest KiB is the far end of the
 * stack: no address lies there. At last `--dealign` gives all loads and stores the same alignment, which is a hint that engines
 * do not use.
 */
const SMALLER = [
  "-Os",
  "--skip-pass=local-cse",
  "--skip-pass=memory-packing",
  "--skip-pass=simplify-locals",
  "--flexible-inline-max-function-size=0",
  "--one-caller-inline-max-function-size=0",
  "--converge",
  "--low-memory-unused",
  "--reorder-functions-by-name",
  "--strip-producers",
  "--strip-target-features",
];

const SHORT_NAMES = "--minify-imports-and-exports-and-modules";

/** @typedef {{ module: string, imports: Map<string, string>, exports: Map<string, string> }} Names long to short */

/** Runs wasm-opt; returns the .wasm with the names of its functions, and what wasm-opt says of those that it has shortened. @param {string} from @param {string} to */
export async function shortenWasm(from, to) {
  const options = [...SMALLER, SHORT_NAMES, "--dealign", "-g"];
  const names = await must("wasm-opt", [from, ...options, "-o", to], { capture: true });
  return { named: renumberLocals(readFileSync(to)), names };
}

/** Gives it the short names alone; returns what wasm-opt says of them. @param {string} from @param {string} to @returns {Promise<string>} */
export function shortenNames(from, to) {
  return must("wasm-opt", [from, SHORT_NAMES, "-o", to], { capture: true });
}

/** Reads that: JSON for each round of `--converge`, of which the first shortens all names. @param {string} text @returns {Names} */
export function parseNames(text) {
  const [{ imports, exports }, ...later] = text.split(/^(?=\{)/m).map((json) => JSON.parse(json));
  const renamed = later.flatMap((round) => [
    ...round.imports.map((names) => names.slice(1)),
    ...round.exports,
  ]);
  if (renamed.some(([long, short]) => long !== short)) {
    throw new Failure("wasm-opt has renamed what it had shortened before.");
  }
  return {
    module: imports[0][0],
    imports: new Map(imports.map(([_module, long, short]) => [long, short])),
    exports: new Map(exports),
  };
}

/** The name that wasm-opt gives to the first module, and the only one here. */
const SHORT_MODULE = "a";

/** The glue of wasm-bindgen with the short names: the object of imports, and the uses of exports. */
export function shortenGlue(source, { module, imports, exports }) {
  let found = 0;
  const glue = source
    .replaceAll(`"${module}"`, `"${SHORT_MODULE}"`)
    .replaceAll(/\b__wb\w+(?=: (?:function|handleError)?\()/g, (long) => {
      found += 1;
      return known(imports, long);
    });
  if (found !== imports.size) {
    throw new Failure(`The .wasm has ${imports.size} imports, and its glue gives ${found}.`);
  }
  return shortenExports(glue, exports);
}

const EXPORTS = "wasm = instance.exports;";
/** A function of the core in the hands of others, who may call it when the core has given it up. */
const CLOSURE = "const real = (...args) => {";
const INSTANCE = "const instance = new WebAssembly.Instance(module, imports);";
/** The same, or one of the core as JavaScript (js/emulated.mjs). */
const EITHER = `const renew = () => {
        cachedDataViewMemory0 = cachedUint8ArrayMemory0 = null;
    };
    const isJs = EMULATED && module.instantiate;
    const instance = isJs ? instantiate(module, imports, renew) : new WebAssembly.Instance(module, imports);`;

/** Functions that the glue imports from js/clock.mjs instead of using those of the platform. */
const CLOCK = ["setTimeout", "clearTimeout", "queueMicrotask", "performance"];

/** The glue with a guard against traps around every export (js/trap.mjs), and with the clock of js/clock.mjs. @param {string} source */
export function guardGlue(source) {
  if (source.split(EXPORTS).length !== 2)
    throw new Failure(`The glue does not contain "${EXPORTS}" exactly once.`);
  if (!source.includes(INSTANCE)) throw new Failure(`The glue does not contain "${INSTANCE}".`);
  if (!source.includes(CLOSURE)) throw new Failure(`The glue does not contain "${CLOSURE}".`);
  const guarded = source
    .replaceAll(CLOSURE, `${CLOSURE}\n        if (state.cnt === 0) return;`)
    .replace(EXPORTS, "wasm = guard(instance.exports);")
    .replace(
      INSTANCE,
      `${EITHER}\n    attach = (part) => new WebAssembly.Instance(part, { ...imports, b: instance.exports });`,
    );
  const absent = CLOCK.find((name) => !new RegExp(`[^.\\w]${name}[.(]`).test(source));
  if (absent) throw new Failure(`The glue does not use "${absent}" of the platform.`);
  const clock = `import { ${CLOCK.join(", ")} } from "../js/clock.mjs";`;
  const emulated = 'import { EMULATED, instantiate } from "../js/emulated.mjs";';
  return instances(`import { guard } from "../js/trap.mjs";\n${emulated}\n${clock}\n${guarded}`);
}

/**
 * The glue as a function that makes another instance, with a heap, closures and finalizers of its own: what belongs to one that
 * has failed never enters the next one. What it exports is that of the last instance.
 * @param {string} source
 */
function instances(source) {
  const names = Array.from(source.matchAll(/^export (?:class|function) (\w+)/gm), ([, name]) => name).join(
    ", ",
  );
  const imports = source.match(/^import .*$/gm)?.join("\n");
  const body = source
    .replace(/^import .*$/gm, "")
    .replace(/^export (?=class|function)/gm, "")
    .replace(/^export \{.*\};$/m, "");
  return `${imports}
export let attach, ${names};
export function initSync(given) {
const [init, ...made] = glue();
const exports = init(given);
[${names}] = made;
return exports;
}
function glue() {
${body}
return [initSync, ${names}];
}
`;
}

/** JavaScript that uses exports of the .wasm as `wasm.name`. @param {string} source @param {Map<string, string>} exports */
export function shortenExports(source, exports) {
  return source.replaceAll(/(?<=[^\w.]wasm\.)[A-Za-z_]\w*/g, (long) => known(exports, long));
}

/** @param {Map<string, string>} names @param {string} long */
function known(names, long) {
  const short = names.get(long);
  if (short === undefined) throw new Failure(`The .wasm has no "${long}", which its JavaScript names.`);
  return short;
}
