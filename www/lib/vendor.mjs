// Libraries that are loaded when they are first needed. Where they are served from, scripts/files.mjs says.

/** Loads a module once. @template T @param {() => Promise<T>} load @returns {() => Promise<T>} */
function once(load) {
  /** @type {Promise<T> | undefined} */
  let loaded;
  return () => {
    loaded ??= load();
    // A load that failed is tried again: the server may be back.
    loaded.catch(() => {
      loaded = undefined;
    });
    return loaded;
  };
}

const path = (/** @type {string} */ name) => new URL(`../vendor/${name}`, import.meta.url).href;

export const loadDiff = once(() => import(path("diff/diff/line.js")));
export const loadCbor = once(() => import(path("cborg/cborg.js")));
export const loadMessagePack = once(() => import(path("msgpack/index.mjs")));
// @ts-expect-error: the page's import map knows the package
export const loadSparkplug = once(() => import(new URL("../dist/sparkplug.mjs", import.meta.url).href));

/** protobufjs is no module: it is a script that sets a global. */
export const loadProtobuf = once(
  () =>
    new Promise((done, fail) => {
      const script = document.createElement("script");
      script.src = path("protobuf/protobuf.min.js");
      script.addEventListener("load", () => done(/** @type {any} */ (globalThis).protobuf));
      script.addEventListener("error", () => fail(new Error(`${script.src} could not be loaded`)));
      document.head.append(script);
    }),
);
