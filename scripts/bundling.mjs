// What the build tells esbuild beside its options: plugins for the files that belong to the .wasm and for the native client, an
// end of a file that tracers follow, and the comments of a bundle. Owns no list of files.
import { readFileSync } from "node:fs";
import { Failure } from "./run.mjs";
import { shortenExports, shortenGlue } from "./shorten.mjs";
import { trimGlue } from "./trim.mjs";

/** An esbuild plugin: the JavaScript that belongs to the .wasm gets its short names. */
export function shortNames(names) {
  const change = (filter, shorten) => (esbuild) =>
    esbuild.onLoad({ filter }, ({ path }) => ({ contents: shorten(readFileSync(path, "utf8")) }));
  const glue = change(/pkg[/\\]mqtt_lib\.js$/, (source) => shortenGlue(trimGlue(source), names));
  const runtime = change(/js[/\\](runtime|node[/\\]publishing)\.mjs$/, (source) =>
    shortenExports(source, names.exports),
  );
  return {
    name: "short-names",
    setup(esbuild) {
      glue(esbuild);
      runtime(esbuild);
    },
  };
}

/** An esbuild plugin: what pages download by default works with WebAssembly only. */
export const onlyWasm = {
  name: "only-wasm",
  setup(esbuild) {
    esbuild.onLoad({ filter: /js[/\\]emulated\.mjs$/ }, ({ path }) => ({
      contents: readFileSync(path, "utf8").replace("EMULATED = true", "EMULATED = false"),
    }));
  },
};

/** An esbuild plugin: the native client is that of the package's other entry, so that there is one core. @param {string} file */
export function nativeClient(file) {
  return {
    name: "native-client",
    setup(esbuild) {
      esbuild.onResolve({ filter: /^\.\.\/(node|browser)\.mjs$/ }, () => ({
        path: `./${file}`,
        external: true,
      }));
    },
  };
}

/**
 * A server's build that copies the used files of node_modules (Nitro: Nuxt, SolidStart) finds a file as a bundler does, by the
 * condition `module`, and Node another one beside it later, by `import`. Its tracer follows this, which is never called and
 * which bundlers drop.
 */
export const tracedToo = (...files) => ({
  footer: {
    js: `import module from "node:module";
function tracedToo() {
  const load = module.createRequire("/");
${files.map((file) => `  load("./${file}");`).join("\n")}
}`,
  },
});

/** A comment that documents, with lines of its own. */
const COMMENTS = /^[ \t]*\/\*\*(?:[^*]|\*(?!\/))*\*\/[ \t]*\n/gm;

/**
 * A bundle without the comments that esbuild keeps in classes where it keeps lines: a sixth of the download. Throws where
 * something else looks like one. @param {string} source @param {"cjs" | "esm"} format
 */
export async function withoutComments(source, format) {
  const { transform } = await import("esbuild"); // not before set-up has installed it
  const short = source.replaceAll(COMMENTS, "");
  const code = async (/** @type {string} */ text) => (await transform(text, { format, minify: true })).code;
  if ((await code(short)) !== (await code(source)))
    throw new Failure("What looks like a comment of a bundle is none.");
  return short;
}
