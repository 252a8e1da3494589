// Calls with a `signal` or a `timeout` among their options: each rejects when that ends it, whatever becomes of what it began, unless
// its answer has come.
// Owns the check of the two; what is to be undone is the caller's matter.

import { clearTimeout, setTimeout } from "./clock.mjs";
import { invalidOption, kind, MqttError, unreadable } from "./errors.mjs";
import { listen } from "./one-listener.mjs";
import { quiet } from "./pending.mjs";

/** Of a promise whose executor has not run. @type {((value: any) => void)[]} */
const NEITHER = [() => {}, () => {}];

/** Whether one of the two is given, also as undefined. @param {any} options @returns {boolean} */
export function isLimited(options) {
  try {
    return typeof options === "object" && ("signal" in options || "timeout" in options);
  } catch {
    return false; // null, and what cannot be read, of which the core says so
  }
}

/** @param {any} timeout @param {string} place @param {string} [name] */
export function checkTimeout(timeout, place, name = "timeout") {
  const isNumber = typeof timeout === "number";
  if (isNumber && timeout > 0 && timeout <= 2_147_483) return;
  const shown = isNumber ? timeout : kind(timeout);
  const text = `${name}${place} must be a number of seconds above 0, at most 2147483; ${shown} was given`;
  throw isNumber ? Object.assign(new RangeError(text), { code: "OUT_OF_RANGE" }) : invalidOption(text);
}

/** Calls `abort` with the reason when the signal is aborted, now or later; what is returned ends that. @param {any} signal @param {(reason: unknown) => void} abort */
export function onAbort(signal, abort) {
  const none = () => {};
  if (signal == null) return none;
  if (!signal.addEventListener)
    throw invalidOption(`signal must be an AbortSignal; ${kind(signal)} was given`);
  const listener = () => abort(signal.reason);
  if (signal.aborted) {
    listener();
    return none;
  }
  let remove = () => signal.removeEventListener("abort", listener);
  if (!(/** @type {any} */ (import.meta).page)) remove = listen(signal, listener);
  else signal.addEventListener("abort", listener);
  return () => {
    try {
      remove();
    } catch {
      // A signal of another library may have no such method.
    }
  };
}

/**
 * What `call` resolves with, which gets the other options; or a rejection with the reason of the signal or because of the
 * time. Before that `undo` is called; if it returns true the call has ended, and its result counts.
 * @template T
 * @param {any} options
 * @param {(others: any) => Promise<T>} call
 * @param {() => unknown} undo
 * @param {string} [late] the sentence of the error
 * @param {number} [most] the timeout if none is given
 * @returns {Promise<T>}
 */
export function limited(options, call, undo, late, most) {
  /** @type {(() => void)[]} */
  const ends = [];
  let begun = false;
  let [resolve, reject] = NEITHER;
  const promise = new Promise((...both) => {
    [resolve, reject] = both;
  });
  // Nothing can reject it before, also where `vm` ends this in its middle.
  quiet(promise);
  /** @param {(value: any) => void} settle @param {unknown} value */
  const end = (settle, value) => {
    for (const one of ends.splice(0)) one();
    settle(value);
  };
  /** @param {unknown} reason */
  const fail = (reason) => {
    let hasEnded;
    try {
      hasEnded = begun && undo();
    } catch {} // of a core that has failed
    if (!hasEnded) end(reject, reason);
  };
  try {
    const { signal, timeout = most, ...others } = options;
    if (timeout != null) {
      checkTimeout(timeout, "");
      const timer = setTimeout(
        () => fail(new MqttError(late ?? `it took longer than timeout, ${timeout} s`, "TIMEOUT")),
        timeout * 1000,
      );
      ends.push(() => clearTimeout(timer));
    }
    ends.push(onAbort(signal, fail));
    if (!signal?.aborted) {
      begun = true;
      call(others).then(
        (value) => end(resolve, value),
        (error) => end(reject, error),
      );
    }
  } catch (/** @type {any} */ thrown) {
    end(reject, thrown?.code ? thrown : unreadable("options", thrown));
  }
  return promise;
}
