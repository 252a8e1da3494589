// The one WebAssembly instance: loading it, and views of its memory. Nothing happens at import.

import { forget_topics, initSync, intern, scratch } from "../pkg/mqtt_lib.js";
import { MqttError } from "./errors.mjs";
import { compile, inlined } from "./load.mjs";
import { fail, guardedBy, unguarded } from "./trap.mjs";

/**
 * @typedef {object} Environment
 * @property {boolean} node
 * @property {(url: string, protocols: string | string[], credentials: any) => object} [connect] makes a socket that behaves like a WebSocket
 * @property {() => Uint8Array} [bytes] the .wasm file, where it can be read at once
 * @property {() => URL | string} [url] where to fetch it from otherwise; without it `init` is told
 * @property {string} [advice] what to do when it is not found
 * @property {(source: unknown) => unknown} [file] reads a file: URL, which `fetch` may not
 */

/** @type {Environment} */
export let environment = { node: false };
/** @type {WebAssembly.Memory | undefined} */
let memory;
/** A call by numbers only: client, topic, length of the payload, flags, token. @typedef {(client: number, topic: number, length: number, flags: number, token: number) => number} BulkCall */
/**
 * What is exported as it is, without glue.
 * @type {{ send: BulkCall, batch: BulkCall, space: (client: number, length: number) => number,
 *   received: (client: number, generation: number, length: number) => void, drain: (client: number) => void }}
 */
export let bulk;
/** A result of `bulk.send`: the call is refused, and `refusal` says why. */
export const REFUSED = 2;
/** @type {Promise<void> | undefined} */
let loading;
/** What `init` was given. @type {unknown} */
let source;

/** @param {Environment} given */
export function use(given) {
  environment = given;
}

/** True once the core can be used; loads it now where that needs no waiting. */
export function ready() {
  if (memory === undefined && loading === undefined && environment.bytes !== undefined) {
    try {
      begin(inlined() ?? environment.bytes());
    } catch (cause) {
      throw failure(undefined, cause);
    }
  }
  return memory !== undefined;
}

/** @param {any} module */
function begin(module) {
  /** The build shortens the names of exports here, which must be read from `wasm`. @type {any} */
  const wasm = initSync({ module });
  memory = wasm.memory;
  bulk = guarded(unguarded);
  guardedBy(() => {
    bulk = FAILED;
  });
}

/**
 * Each entry of `bulk` with a guard against traps of its own.
 * @param {any} wasm
 * @returns {typeof bulk}
 */
function guarded(wasm) {
  const send = wasm.bulk_send;
  const batch = wasm.bulk_batch;
  const space = wasm.bulk_space;
  const received = wasm.bulk_received;
  const drain = wasm.bulk_drain;
  return {
    send(client, topic, length, flags, token) {
      try {
        return send(client, topic, length, flags, token);
      } catch (cause) {
        fail(cause);
        return REFUSED;
      }
    },
    batch(client, topic, length, flags, token) {
      try {
        return batch(client, topic, length, flags, token);
      } catch (cause) {
        fail(cause);
        return 0;
      }
    },
    space(client, length) {
      try {
        return space(client, length);
      } catch (cause) {
        fail(cause);
        return 0;
      }
    },
    received(client, generation, length) {
      try {
        received(client, generation, length);
      } catch (cause) {
        fail(cause);
      }
    },
    drain(client) {
      try {
        drain(client);
      } catch (cause) {
        fail(cause);
      }
    },
  };
}

/** What `send` answers then is a refusal, and `space` has none. @type {typeof bulk} */
const FAILED = { send: () => REFUSED, batch: () => 0, space: () => 0, received() {}, drain() {} };

/** Loads the core, from `given` if it is not loading yet. @param {unknown} [given] @returns {Promise<void>} */
export function init(given) {
  if (memory !== undefined) return Promise.resolve();
  if (loading === undefined) source = given;
  const loaded = load();
  loaded.catch(() => {});
  return loaded;
}

/** A failed load is forgotten, so that it can be tried again. */
export function load() {
  loading ??= instantiate().catch((error) => {
    loading = undefined;
    source = undefined;
    throw error;
  });
  return loading;
}

async function instantiate() {
  const place = source ?? inlined() ?? environment.bytes?.() ?? environment.url?.();
  try {
    if (place === undefined) throw new Error("nobody has said where it is");
    const module = await compile(environment.file?.(place) ?? place);
    begin(module);
  } catch (cause) {
    throw failure(place, cause);
  }
}

/** @param {unknown} place @param {unknown} cause */
function failure(place, cause) {
  const why = cause instanceof Error ? cause.message : String(cause);
  const from = /:\/\//.test(`${place}`) ? ` from ${place}` : "";
  const policy = /unsafe-eval|CSP/.test(why) ? "allow 'wasm-unsafe-eval' in script-src, or " : "";
  const advice = environment.advice ?? "serve mqtt_lib_bg.wasm there as application/wasm";
  const text = `the WebAssembly could not be loaded${from} (${why}); ${policy}${advice}, give init() its place, or import "mqtt-lib/inline"; then call start() again`;
  return new MqttError(text, "LOAD_FAILED", undefined, cause);
}

let bytes = new Uint8Array(0);
let words = new Uint32Array(0);

function renew() {
  const { buffer } = /** @type {WebAssembly.Memory} */ (memory);
  bytes = new Uint8Array(buffer);
  words = new Uint32Array(buffer);
}

/** Memory as bytes, until the next call into wasm. */
export function memoryBytes() {
  if (bytes.length === 0) renew();
  return bytes;
}

/** Memory as 32-bit words, until the next call into wasm. */
export function memoryWords() {
  if (words.length === 0) renew();
  return words;
}

// ---- what goes in: topics by number, payloads through one scratch buffer

const MAX_TOPICS = 16_384;
/** @type {Map<string, number>} */
const topics = new Map();

/** The number of a topic to publish to; -1 if it is none. @param {unknown} topic */
export function topicNumber(topic) {
  if (typeof topic !== "string") return -1;
  return topics.get(topic) ?? newTopic(topic);
}

/** @param {string} topic */
function newTopic(topic) {
  if (topics.size >= MAX_TOPICS) {
    topics.clear();
    forget_topics();
  }
  const number = intern(topic);
  if (number === undefined) return -1;
  topics.set(topic, number);
  return number;
}

/** Larger payloads take the general way, which leaves no large buffer behind. */
const MAX_SCRATCH = 1 << 20;
/** Up to so many characters a loop is faster than the encoder, whose calls cost four times as much in a browser. */
const SHORT = /** @type {any} */ (globalThis).process?.versions?.node ? 20 : 96;
const encoder = new TextEncoder();
/** The scratch buffer; one view for all payloads, because making it costs as much as encoding one. */
let target = new Uint8Array(0);

/** @param {number} length */
function reserve(length) {
  // Also when memory has grown, and with it the view lost its bytes.
  if (length >= target.length) {
    const room = Math.max(4096, length + 1);
    const place = scratch(room);
    target = memoryBytes().subarray(place, place + room);
  }
  return target;
}

/** Puts a payload into the scratch buffer; its length there, or -1 for the general way. @param {unknown} payload */
export function writePayload(payload) {
  if (typeof payload === "string") return writeText(payload);
  if (payload instanceof Uint8Array && payload.length <= MAX_SCRATCH) {
    reserve(payload.length).set(payload);
    return payload.length;
  }
  return -1;
}

/** @param {string} text */
function writeText(text) {
  const { length } = text;
  if (length > MAX_SCRATCH / 3) return -1;
  const bytes = reserve(length * 3);
  if (length <= SHORT) {
    let i = 0;
    for (; i < length; i++) {
      const unit = text.charCodeAt(i);
      if (unit > 127) break;
      bytes[i] = unit;
    }
    if (i === length) return length;
  }
  return encoder.encodeInto(text, bytes).written;
}
