// A client before the WebAssembly is loaded: one load at a time, and a bounded queue of the calls that are made until then, in
// their order. Owns the bound.

import { MqttError } from "./errors.mjs";
import { quiet, rejected } from "./pending.mjs";
import { load } from "./runtime.mjs";

/** @typedef {import("../pkg/mqtt_lib.js").MqttCustom} Core */

/** The most calls that are queued: the default of `offlinesize`. */
const MAX_CALLS = 100_000;

/** Whether the core needs its part for a store. @param {any} options */
export function asksForStore(options) {
  try {
    return Boolean(options?.credentials?.store);
  } catch {
    // The core rejects them.
    return false;
  }
}

export class Loading {
  /** Null before it has begun, and after it has failed. @type {Promise<void> | null} */
  loaded = null;
  /** In the order of the calls. @type {((core: Core | null, error?: unknown) => void)[]} */
  #calls = [];

  /** Loads, unless that has begun; after a failure the next call tries again. @param {boolean} store @param {() => Core} create @param {(error: unknown) => void} failed */
  begin(store, create, failed) {
    this.loaded ??= load(store)
      .then(() => this.#make(create()))
      .catch((error) => {
        this.loaded = null;
        failed(error);
        this.#make(null, error);
        throw error;
      });
    return this.loaded;
  }

  /** Makes the calls, without a pause, so that no later call overtakes them; without a core they reject. @param {Core | null} core @param {unknown} [error] */
  #make(core, error) {
    for (const call of this.#calls.splice(0)) call(core, error);
  }

  /** Queues a call. @template T @param {(core: Core) => Promise<T>} call @param {boolean} bounded @returns {Promise<T>} */
  add(call, bounded) {
    const calls = this.#calls;
    if (bounded && calls.length >= MAX_CALLS) {
      const text = `${MAX_CALLS} calls wait for the WebAssembly; await start() first`;
      return rejected(new MqttError(text, "QUEUE_FULL"));
    }
    return quiet(
      new Promise((resolve, reject) => {
        calls.push((core, error) => (core === null ? reject(error) : resolve(call(core))));
      }),
    );
  }
}
