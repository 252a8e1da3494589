// The calls of a client that are made before the wasm is loaded: a bounded queue, and copies of their arguments, so that
// changes after the call have no effect. Owns the bound; never decides when the wasm is loaded.

import { MqttError } from "./errors.mjs";
import { quiet, rejected } from "./pending.mjs";

/** @typedef {import("../pkg/mqtt_lib.js").MqttCustom} Core */

/** The most calls that are queued: the default of `offlinesize`. */
const MAX_CALLS = 100_000;

export class EarlyCalls {
  /** In the order of the calls. @type {((core: Core | null, error?: unknown) => void)[]} */
  #calls = [];

  /** @template T @param {(core: Core) => Promise<T>} call @param {boolean} bounded @returns {Promise<T>} */
  add(call, bounded) {
    const calls = this.#calls;
    if (bounded && calls.length >= MAX_CALLS) {
      const text = `${MAX_CALLS} calls are already queued until the WebAssembly is loaded; await start() first`;
      return rejected(new MqttError(text, "QUEUE_FULL"));
    }
    return quiet(
      new Promise((resolve, reject) => {
        calls.push((core, error) => (core === null ? reject(error) : resolve(call(core))));
      }),
    );
  }

  /** Makes the calls, without a pause, so that no later call overtakes them. @param {Core} core */
  run(core) {
    for (const call of this.#calls) call(core);
  }

  /** @param {unknown} error */
  reject(error) {
    for (const call of this.#calls) call(null, error);
  }
}

/** A copy of a payload. What cannot be copied the core rejects. @param {unknown} payload */
export function copyPayload(payload) {
  try {
    if (payload instanceof ArrayBuffer) return payload.slice(0);
    if (!ArrayBuffer.isView(payload)) return payload;
    // Neither asks the getters of the value, which may lie.
    return payload instanceof Uint8Array ? new Uint8Array(payload) : structuredClone(payload);
  } catch {
    return payload;
  }
}

/** A copy of an object with options. What cannot be copied the core rejects. @param {unknown} options */
export function copyOptions(options) {
  try {
    // Neither does a Map become options by being copied.
    return typeof options === "object" && !Array.isArray(options) && Object.keys(options ?? {}).length > 0
      ? { ...options }
      : options;
  } catch {
    return options;
  }
}

/** A copy of topic filters. @param {unknown} topics */
export function copyTopics(topics) {
  try {
    return Array.isArray(topics) ? [...topics] : copyOptions(topics);
  } catch {
    return topics;
  }
}
