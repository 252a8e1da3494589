// An EventEmitter for pages, where there is none: the methods and rules of Node's that clients of MQTT.js use.

/** @typedef {(...args: any[]) => unknown} Listener */

export class Emitter {
  /** @type {Map<string | symbol, Listener[]>} */
  #listeners = new Map();

  /** @param {string | symbol} event @param {Listener} listener */
  on(event, listener) {
    return this.#add(event, listener, false);
  }

  /** @param {string | symbol} event @param {Listener} listener */
  addListener(event, listener) {
    return this.#add(event, listener, false);
  }

  /** @param {string | symbol} event @param {Listener} listener */
  prependListener(event, listener) {
    return this.#add(event, listener, true);
  }

  /** @param {string | symbol} event @param {Listener} listener */
  once(event, listener) {
    return this.#add(event, this.#onlyOnce(event, listener), false);
  }

  /** @param {string | symbol} event @param {Listener} listener */
  prependOnceListener(event, listener) {
    return this.#add(event, this.#onlyOnce(event, listener), true);
  }

  /** @param {string | symbol} event @param {Listener} listener */
  off(event, listener) {
    const all = this.#listeners.get(event) ?? [];
    const originals = all.map((one) => /** @type {any} */ (one).listener ?? one);
    const at = Math.max(all.lastIndexOf(listener), originals.lastIndexOf(listener));
    // A new array: events that are being emitted go on with the old one.
    if (at >= 0)
      this.#listeners.set(
        event,
        all.filter((_, other) => other !== at),
      );
    return this;
  }

  /** @param {string | symbol} event @param {Listener} listener */
  removeListener(event, listener) {
    return this.off(event, listener);
  }

  /** @param {string | symbol} [event] */
  removeAllListeners(event) {
    if (event === undefined) this.#listeners.clear();
    else this.#listeners.delete(event);
    return this;
  }

  /** @param {string | symbol} event @param {any[]} args */
  emit(event, ...args) {
    const all = this.#listeners.get(event);
    if (all === undefined || all.length === 0) {
      if (event === "error")
        throw args[0] instanceof Error ? args[0] : new Error(`Unhandled error. (${args[0]})`);
      return false;
    }
    for (const listener of all) listener.apply(this, args);
    return true;
  }

  /** @param {string | symbol} event */
  listeners(event) {
    return (this.#listeners.get(event) ?? []).map((one) => /** @type {any} */ (one).listener ?? one);
  }

  /** @param {string | symbol} event */
  rawListeners(event) {
    return [...(this.#listeners.get(event) ?? [])];
  }

  /** @param {string | symbol} event */
  listenerCount(event) {
    return this.#listeners.get(event)?.length ?? 0;
  }

  eventNames() {
    return [...this.#listeners.keys()].filter((event) => this.listenerCount(event) > 0);
  }

  setMaxListeners() {
    return this;
  }

  getMaxListeners() {
    return Number.POSITIVE_INFINITY;
  }

  /** @param {string | symbol} event @param {Listener} listener @param {boolean} first */
  #add(event, listener, first) {
    if (typeof listener !== "function") throw new TypeError("the listener must be a function");
    const all = this.#listeners.get(event) ?? [];
    this.#listeners.set(event, first ? [listener, ...all] : [...all, listener]);
    return this;
  }

  /** @param {string | symbol} event @param {Listener} listener */
  #onlyOnce(event, listener) {
    /** @type {Listener} */
    const wrapper = (...args) => {
      this.off(event, wrapper);
      return listener.apply(this, args);
    };
    return Object.assign(wrapper, { listener });
  }
}
