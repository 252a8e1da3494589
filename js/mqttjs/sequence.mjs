// Calls of one turn reach the core so that they are sent in their order, as by MQTT.js. By itself the core sends requests before
// messages, and nothing for a subscription that ends in the turn that asked for it. So what must not overtake is held back
// until the core has sent what it has, and what is called after it, too.

export const MESSAGE = 0;
export const SUBSCRIBE = 1;
export const UNSUBSCRIBE = 2;

/** @typedef {{ kind: number, run: () => void }} Held */

export class Sequence {
  /** The core has such calls, and has not sent them yet. */
  #hasMessages = false;
  #hasSubscribes = false;
  /** How many calls the core got. */
  #calls = 0;
  #isWatched = false;
  /** @type {Held[]} */
  #held = [];

  get isHolding() {
    return this.#held.length > 0;
  }

  /** The core got a message. */
  published() {
    this.#hasMessages = true;
    this.#called();
  }

  /** @template T @param {number} kind @param {() => Promise<T>} call @returns {Promise<T>} */
  run(kind, call) {
    if (!this.isHolding && !this.#overtakes(kind)) return this.#go(kind, call);
    return new Promise((resolve, reject) => {
      this.#held.push({ kind, run: () => this.#go(kind, call).then(resolve, reject) });
    });
  }

  /** @param {number} kind */
  #overtakes(kind) {
    return kind !== MESSAGE && (this.#hasMessages || (kind === UNSUBSCRIBE && this.#hasSubscribes));
  }

  /** @template T @param {number} kind @param {() => Promise<T>} call @returns {Promise<T>} */
  #go(kind, call) {
    const result = call();
    if (kind === MESSAGE) this.#hasMessages = true;
    else if (kind === SUBSCRIBE) this.#hasSubscribes = true;
    this.#called();
    return result;
  }

  #called() {
    this.#calls += 1;
    if (this.#isWatched) return;
    this.#isWatched = true;
    this.#watch(0);
  }

  /** The core sends in a microtask that it begins with a call, so after one without another call everything is sent. @param {number} calls */
  #watch(calls) {
    queueMicrotask(() => {
      if (this.#calls !== calls) return this.#watch(this.#calls);
      this.#isWatched = this.#hasMessages = this.#hasSubscribes = false;
      while (this.isHolding && !this.#overtakes(this.#held[0].kind)) this.#held.shift()?.run();
    });
  }
}
