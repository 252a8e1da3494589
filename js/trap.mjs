// Makes a trap of the WebAssembly a state of the library instead of the end of the process. An exception that leaves the
// WebAssembly interrupts its work, with borrows taken and buffers half written, so no call may enter that instance again.
// Owns the guard around every export, the instance in use, and the listeners of a failure. Knows nothing of what a call does.

import { queueMicrotask } from "./clock.mjs";
import { atCall, MqttError, refused } from "./errors.mjs";
import { said } from "./said.mjs";

/** An instance of the WebAssembly. */
class Instance {
  /** Why it has failed; undefined as long as it works. @type {MqttError | undefined} */
  failure;
  /** Rejects the promises that it would have settled. @type {Set<(error: MqttError) => void>} */
  calls = new Set();
}

/** The one in use; the next one is made when it has failed and a client is made. */
export let instance = new Instance();
/** @type {(error: MqttError, of: Instance) => void} */
let tell = () => {};
/** Disables the calls that are guarded elsewhere. @type {() => void} */
let empty = () => {};

/** Why the instance in use has failed; undefined as long as it works. */
export const failed = () => instance.failure;

/** @param {typeof tell} listener called when an instance fails */
export function onFailure(listener) {
  tell = listener;
}

/**
 * The exports without a guard, for callers that guard each call themselves with `fail` in a `catch`. V8 compiles a call into
 * the WebAssembly well only if the calling function calls nothing else.
 * @type {any}
 */
export let unguarded;

/** @param {() => void} emptied called at the trap; must disable calls that are guarded elsewhere */
export function guardedBy(emptied) {
  empty = emptied;
}

/** The exports of another instance, each function guarded. @param {Record<string, any>} exports */
export function guard(exports) {
  unguarded = exports;
  instance = new Instance();
  /** @type {Record<string, any>} */
  const entries = {};
  for (const [name, value] of Object.entries(exports)) {
    entries[name] = typeof value === "function" ? entry(value, instance) : value;
  }
  return entries;
}

/** Passes on as many arguments as the longest export has; WebAssembly ignores additional ones. @param {Function} call @param {Instance} of */
function entry(call, of) {
  /** @param {any} [a] @param {any} [b] @param {any} [c] @param {any} [d] @param {any} [e] @param {any} [f] @param {any} [g] @param {any} [h] */
  return (a, b, c, d, e, f, g, h) => {
    if (of.failure !== undefined) return;
    try {
      return call(a, b, c, d, e, f, g, h);
    } catch (cause) {
      fail(cause, of);
    }
  };
}

/** @param {unknown} cause @param {Instance} of */
export function fail(cause, of) {
  if (of.failure !== undefined) return;
  const text = `the WebAssembly failed (${said(cause)}), and every client that used it has ended; start() begins anew`;
  const error = new MqttError(text, "CORE_FAILED", undefined, cause);
  // After the code that has called the WebAssembly, because user code runs here. First, because at the end of the stack any
  // call may throw: as long as nothing is queued, the next call into the instance fails it again.
  queueMicrotask(() => {
    if (instance === of) empty();
    // js/persistent/ closes its stores.
    /** @type {any} */ (globalThis)[Symbol.for("mqtt-lib.failed")]?.();
    for (const reject of of.calls) reject(error);
    of.calls.clear();
    tell(error, of);
  });
  of.failure = error;
  empty();
}

const ignore = () => {};

/** @template T @param {T} value */
const unchanged = (value) => value;

/**
 * The promise of a call into an instance, which also rejects when that fails.
 * @template T
 * @param {Instance} of
 * @param {() => Promise<T>} call
 * @param {boolean} [traced] errors get the stack of the caller
 * @param {unknown} [topic] of a publish, for Node's errors
 * @returns {Promise<T>}
 */
export function orFailure(of, call, traced = true, topic) {
  // Not for frequent calls, because a stack costs more than a publish.
  const caller = traced ? atCall() : unchanged;
  /** @type {any} */
  let resolve = ignore;
  /** @type {any} */
  let reject = ignore;
  /** @type {Promise<T>} */
  const promise = new Promise((one, other) => {
    resolve = one;
    reject = other;
  });
  // Nobody has the promise if this call is cut off. In Node only one that fails has this: the stack of its error has those who
  // await it, if it has no reaction but theirs.
  const quiet = () => promise.catch(() => {});
  if (/** @type {any} */ (import.meta).page) quiet();
  const end = /** @type {any} */ (import.meta).page
    ? reject
    : (/** @type {unknown} */ error) => {
        quiet();
        reject(error);
      };
  of.calls.add(end);
  const settled = () => of.calls.delete(end);
  try {
    call().then(
      (value) => {
        settled();
        resolve(value);
      },
      (error) => {
        settled();
        const told = caller(error);
        if (/** @type {any} */ (import.meta).page) end(told);
        else refused(told, { topic, resolve }, () => end(told));
      },
    );
  } catch (thrown) {
    // After a trap the result of the glue is not a promise.
    if (of.failure === undefined) {
      settled();
      end(caller(thrown));
    }
  }
  if (of.failure !== undefined) end(of.failure);
  return promise;
}
