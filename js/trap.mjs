// A trap of the WebAssembly is a state of the library, not the end of the process. An exception that leaves the
// WebAssembly leaves it in the middle of its work, with borrows taken and buffers half written: no call may enter it again.
// Owns the guard around every entry, and who is told. Never knows what a call does.

import { queueMicrotask } from "./clock.mjs";
import { atCall, MqttError } from "./errors.mjs";

/** Why the WebAssembly failed; undefined as long as it works. @type {MqttError | undefined} */
let failure;
/** @type {((error: MqttError) => void)[]} */
const listeners = [];
/** Calls of the core whose promises the core would settle. @type {Set<(error: MqttError) => void>} */
const calls = new Set();
/** The guarded exports: emptied by a trap. @type {Record<string, any>} */
const entries = {};
/** Empties what is guarded elsewhere. @type {() => void} */
let empty = () => {};

/** Why the WebAssembly failed; undefined as long as it works. */
export const failed = () => failure;

/** Calls `listener` once, when the WebAssembly fails. @param {(error: MqttError) => void} listener */
export function onFailure(listener) {
  listeners.push(listener);
}

/** The exports as they are: for callers with a guard of their own, which is `fail` in a `catch` of each call, and which
 * `guardedBy` empties. V8 compiles a call into the WebAssembly well only where the caller calls nothing else.
 * @type {any} */
export let unguarded;

/** @param {() => void} emptied called in the moment of the trap */
export function guardedBy(emptied) {
  empty = emptied;
}

/** The exports of the WebAssembly, each function guarded. @param {Record<string, any>} exports */
export function guard(exports) {
  unguarded = exports;
  for (const [name, value] of Object.entries(exports)) {
    entries[name] = typeof value === "function" ? entry(value) : value;
  }
  return entries;
}

/** With as many arguments as the longest export has; WebAssembly ignores those that it does not take. @param {Function} call */
function entry(call) {
  if (call.length > 8) throw new Error(`an export has ${call.length} parameters, and the guard hands on 8`);
  /** @param {any} [a] @param {any} [b] @param {any} [c] @param {any} [d] @param {any} [e] @param {any} [f] @param {any} [g] @param {any} [h] */
  return (a, b, c, d, e, f, g, h) => {
    try {
      return call(a, b, c, d, e, f, g, h);
    } catch (cause) {
      fail(cause);
    }
  };
}

/** @param {unknown} cause */
export function fail(cause) {
  if (failure !== undefined) return;
  const why = cause instanceof Error ? cause.message : String(cause);
  const text = `the WebAssembly failed (${why}), so every client of this process or page has ended; start the process or load the page again, and report this with the stack of its cause`;
  failure = new MqttError(text, "CORE_FAILED", undefined, cause);
  for (const name of Object.keys(entries)) {
    if (typeof entries[name] === "function") entries[name] = () => undefined;
  }
  empty();
  // Behind whatever called the WebAssembly: user code runs here.
  queueMicrotask(() => {
    const error = /** @type {MqttError} */ (failure);
    for (const reject of calls) reject(error);
    calls.clear();
    for (const listener of listeners) listener(error);
  });
}

/** @template T @param {T} value */
const unchanged = (value) => value;

/** The promise of a call into the core, which also rejects when the WebAssembly fails. @template T @param {() => Promise<T>} call @param {boolean} [traced] errors get the stack of the caller @returns {Promise<T>} */
export function orFailure(call, traced = true) {
  // Messages with properties are many, and a stack costs more than a publish.
  const caller = traced ? atCall() : unchanged;
  /** @type {Promise<T>} */
  const promise = new Promise((resolve, reject) => {
    calls.add(reject);
    const settled = () => calls.delete(reject);
    try {
      call().then(
        (value) => {
          settled();
          resolve(value);
        },
        (error) => {
          settled();
          reject(caller(error));
        },
      );
    } catch (thrown) {
      // What the glue makes of an entry that failed is no promise.
      if (failure === undefined) {
        settled();
        reject(caller(thrown));
      }
    }
    if (failure !== undefined) reject(failure);
  });
  promise.catch(() => {});
  return promise;
}
