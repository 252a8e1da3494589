// The WebAssembly instance of the process, and the next one if it fails: loads it, and gives views of its memory. Nothing happens at import.

// @ts-expect-error `attach` comes from scripts/shorten.mjs
import { attach, initSync } from "../pkg/mqtt_lib.js";
import { onGrown } from "./emulated.mjs";
import { MqttError } from "./errors.mjs";
import { compile, inlined } from "./load.mjs";
import { said } from "./said.mjs";
import { fail, failed, guardedBy, instance, unguarded } from "./trap.mjs";

/**
 * What an entry of the package knows of its platform.
 * @typedef {object} Environment
 * @property {boolean} node
 * @property {(url: string, protocols: string | string[], credentials: any) => object} [connect] makes a socket that behaves like a WebSocket
 * @property {() => Uint8Array | undefined} [bytes] the .wasm file, where it can be read synchronously
 * @property {() => URL | string} [url] where to fetch it from otherwise; without it, `init` must be given a source
 * @property {() => URL} [store] the same for the part of the core that only a store needs, where it is a file of its own
 * @property {(length: number) => Uint8Array} [allocate] memory for a large payload, all of which is written
 * @property {(hooks: any, topic: number, payload: unknown, flags: number) => Promise<void> | true | void} [publish]
 *   publishes a large payload beside the core, if that can be done
 * @property {string} [advice] what to do when it is not found
 * @property {(source: unknown) => unknown} [file] reads a file: URL, which `fetch` does not in Node
 */

/** @type {Environment} */
export let environment = { node: false };
/** @type {WebAssembly.Memory | undefined} */
let memory;
/**
 * Client number, topic number, length of the payload, flags, token.
 * @typedef {(client: number, topic: number, length: number, flags: number, token: number) => number} PublishCall
 */
/**
 * Exports of the WebAssembly that take and return numbers only, and so need no glue.
 * @type {{ publish: PublishCall, batch: PublishCall, reserve: (client: number, length: number) => number,
 *   received: (client: number, generation: number, length: number, beside: number) => number, drain: (client: number) => void,
 *   settle: (client: number, ticket: number, qos: number, what: number) => void, awaits: (client: number) => boolean }}
 */
export let fastPath;
/** Results of `fastPath.publish`. After the third one `refusal` returns the error. */
export const BUFFERED = 0;
export const PENDING = 1;
const REJECTED = 2;
/** @type {Promise<void> | undefined} */
let loading;
/** The argument of `init`. @type {unknown} */
let source;

/** @param {Environment} given */
export function use(given) {
  environment = given;
}

/** What the core is made of. @type {any} */
let kept;
/** False while the next instance is made: a failure in the middle of that leaves nothing that can be used. */
let complete = false;
/** The first number of the next instance's clients: those of others mean nothing to it. */
let first = 0;
const SPAN = 1 << 20;
let begun = () => {};

/** What only a store needs of the core, compiled; undefined as long as no store is used. @type {any} */
let part;
/** Whether the instance has that part. In the files for pages it is apart, and the table is exported for it. */
let whole = false;
/** @type {Promise<void> | undefined} */
let joining;

/** @param {() => void} listener called when another instance begins: what belongs to the one before is void */
export function onBegin(listener) {
  begun = listener;
}

/** True once the core can be used, with a store if one is used; loads it now where that can be done synchronously, as another one if it has failed. */
export function ready(store = false) {
  try {
    if (kept !== undefined) {
      if (!complete || failed() !== undefined) begin(kept);
    } else if (loading === undefined && environment.bytes !== undefined) {
      begin(inlined() ?? environment.bytes());
    }
  } catch (cause) {
    throw failure(undefined, cause);
  }
  return memory !== undefined && (whole || !store);
}

/** @param {any} module */
function begin(module) {
  complete = false;
  /** The build shortens the names of exports here, which must be read from `wasm`. @type {any} */
  const wasm = initSync({ module });
  kept = module;
  memory = wasm.memory;
  whole = wasm.$ === undefined;
  if (part !== undefined && !whole) join();
  wasm.bulk_number(first);
  first += SPAN;
  [bytes, words] = [new Uint8Array(0), new Uint32Array(0)];
  begun();
  fastPath = guarded(unguarded);
  guardedBy(() => {
    // Without functions all of them fail, and nothing enters the instance.
    fastPath = guarded({});
  });
  complete = true;
}

/**
 * Each entry of `fastPath` with a guard against traps of its own.
 * @param {any} wasm
 * @returns {typeof fastPath}
 */
function guarded(wasm) {
  const of = instance;
  const publish = wasm.bulk_send;
  const batch = wasm.bulk_batch;
  const reserve = wasm.bulk_space;
  const received = wasm.bulk_received;
  const drain = wasm.bulk_drain;
  const settle = wasm.bulk_settle;
  const awaits = wasm.bulk_awaits;
  return {
    publish(client, topic, length, flags, token) {
      try {
        return publish(client, topic, length, flags, token);
      } catch (cause) {
        fail(cause, of);
        return REJECTED;
      }
    },
    batch(client, topic, length, flags, token) {
      try {
        return batch(client, topic, length, flags, token);
      } catch (cause) {
        fail(cause, of);
        return 0;
      }
    },
    reserve(client, length) {
      try {
        return reserve(client, length) >>> 0; // an address
      } catch (cause) {
        fail(cause, of);
        return 0;
      }
    },
    received(client, generation, length, beside) {
      try {
        return received(client, generation, length, beside) >>> 0; // an address
      } catch (cause) {
        fail(cause, of);
        return 0;
      }
    },
    drain(client) {
      try {
        drain(client);
      } catch (cause) {
        fail(cause, of);
      }
    },
    settle(client, ticket, qos, what) {
      try {
        settle(client, ticket, qos, what);
      } catch (cause) {
        fail(cause, of);
      }
    },
    awaits(client) {
      try {
        return awaits(client) !== 0;
      } catch (cause) {
        fail(cause, of);
        return false;
      }
    },
  };
}

/** Loads the core, from `given` unless it is loading already. @param {unknown} [given] @returns {Promise<void>} */
export function init(given) {
  if (memory !== undefined) return Promise.resolve();
  if (loading === undefined) source = given;
  const loaded = load();
  loaded.catch(() => {});
  return loaded;
}

/** Adds the part to the instance. */
function join() {
  attach(part);
  whole = true;
}

/** Loads that part, unless the core has it. @returns {Promise<void>} */
async function loadPart() {
  if (whole) return;
  const place = environment.store?.();
  try {
    part = await compile(place);
    if (!whole) join();
  } catch (cause) {
    throw failure(place, cause);
  }
}

/** Loads the core, and what a store needs if one is used. A failed attempt is forgotten, so that the next call tries again. @returns {Promise<void>} */
export function load(store = false) {
  if (store) {
    joining ??= load()
      .then(loadPart)
      .finally(() => {
        joining = undefined;
      });
    return joining;
  }
  loading ??= instantiate().catch((error) => {
    loading = undefined;
    source = undefined;
    throw error;
  });
  return loading;
}

/** Under this name `browser.fallback.js` has the import of the text, for tools that leave the file behind. */
const FALLBACK = Symbol.for("mqtt-lib.fallback");

/** @returns {Promise<void>} */
async function instantiate() {
  let place = source ?? inlined();
  const given = place;
  try {
    place ??= environment.bytes?.() ?? environment.url?.();
    if (place === undefined)
      throw new Error("this entry knows no URL of it, and init() was not called with one");
    begin(await compile(environment.file?.(place) ?? place));
  } catch (cause) {
    // Once: then the text is there.
    if (given === undefined && (await /** @type {any} */ (globalThis)[FALLBACK]?.().catch(() => {})))
      return instantiate();
    throw failure(place, cause);
  }
}

/** @param {unknown} place @param {unknown} cause */
function failure(place, cause) {
  const why = said(cause);
  // Of the next instance. At the end of the stack a regular expression that is not compiled yet ends the process.
  const isNext = kept !== undefined && !complete;
  const [url] = (isNext ? undefined : /^\w+:.*/.exec(`${place}`)) ?? [];
  const text = `the WebAssembly could not be loaded${url ? ` from ${url}` : ""} (${why}); ${isNext ? "free memory" : remedy(url, why)}; then call start() again`;
  return new MqttError(text, "LOAD_FAILED", undefined, cause);
}

/** What helps in this place. @param {string | undefined} url @param {string} why */
function remedy(url, why) {
  const without = 'import "mqtt-lib/js"';
  if (typeof WebAssembly === "undefined") return without;
  if (/unsafe-eval|CSP/.test(why)) return `allow 'wasm-unsafe-eval' in script-src, or ${without}`;
  if (inlined()) return "call init() with the WebAssembly.Module of mqtt_lib_bg.wasm";
  const served =
    url && `serve mqtt_lib_${/_store/.test(url) ? "store" : "bg"}.wasm there as application/wasm`;
  const first = environment.advice ?? served;
  return `${first ? `${first}, ` : ""}call init() with its URL, or import "mqtt-lib/inline"`;
}

let bytes = new Uint8Array(0);
let words = new Uint32Array(0);
onGrown(() => {
  [bytes, words] = [new Uint8Array(0), new Uint32Array(0)];
});

/** Growing the memory detaches its buffer, which leaves the views empty. */
function renewViews() {
  const { buffer } = /** @type {WebAssembly.Memory} */ (memory);
  bytes = new Uint8Array(buffer);
  words = new Uint32Array(buffer);
}

/** The memory as bytes; valid until the next call into WebAssembly. */
export function memoryBytes() {
  if (bytes.length === 0) renewViews();
  return bytes;
}

/** The memory as 32-bit words; valid until the next call into WebAssembly. */
export function memoryWords() {
  if (words.length === 0) renewViews();
  return words;
}
