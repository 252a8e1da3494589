// How long acknowledgements take, for `stats()`. One publish at a time is timed, so that the others cost nothing.

import { performance } from "./clock.mjs";

/** How many times are kept, of the last publishes. */
const KEPT = 256;

export class Latency {
  #isBusy = false;
  /** In seconds. @type {number[]} */
  #times = [];
  #next = 0;

  /** Times a publish that has just begun, unless another one is. @param {import("./pending.mjs").Entry} entry */
  time(entry) {
    if (this.#isBusy) return;
    this.#isBusy = true;
    const begin = performance.now();
    const { resolve, reject } = entry;
    if (!(/** @type {any} */ (import.meta).page)) entry.linked = resolve;
    entry.resolve = (value) => {
      this.#times[this.#next++ % KEPT] = (performance.now() - begin) / 1000;
      this.#isBusy = false;
      resolve(value);
    };
    entry.reject = (error) => {
      this.#isBusy = false;
      reject(error);
    };
  }

  /** Into the counters: the median, and what one of a hundred exceeds. @param {Record<string, number>} stats */
  add(stats) {
    const times = [...this.#times].sort((a, b) => a - b);
    const part = (/** @type {number} */ share) => times[Math.floor(times.length * share)];
    Object.assign(stats, times.length > 0 && { ackP50: part(0.5), ackP99: part(0.99) });
  }
}
