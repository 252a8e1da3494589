// EventTarget and Event for engines without them, such as React Native before 0.80. Only the entries without a URL of the .wasm
// contain them. What js/events.mjs needs, and no tree: there is nothing to bubble through.

/** @typedef {{ type: string, listener: any, once: boolean }} Entry */

class Target {
  /** @type {Entry[]} */
  #entries = [];

  /** @param {string} type @param {any} listener @param {any} [options] */
  addEventListener(type, listener, options) {
    const { once = false, signal } = Object(options);
    const isThere = this.#entries.some((entry) => entry.type === type && entry.listener === listener);
    if (Object(listener) !== listener || isThere || signal?.aborted) return;
    this.#entries = [...this.#entries, { type, listener, once }];
    signal?.addEventListener("abort", () => this.removeEventListener(type, listener));
  }

  /** @param {string} type @param {any} listener */
  removeEventListener(type, listener) {
    this.#entries = this.#entries.filter((entry) => entry.type !== type || entry.listener !== listener);
  }

  /** @param {any} event */
  dispatchEvent(event) {
    event.target = event.currentTarget = this;
    for (const entry of this.#entries) {
      const { type, listener, once } = entry;
      if (type !== event.type || event.stopped || !this.#entries.includes(entry)) continue;
      if (once) this.removeEventListener(type, listener);
      if (typeof listener === "function") listener.call(this, event);
      else listener.handleEvent(event);
    }
    return !event.defaultPrevented;
  }
}

class Occurrence {
  /** @type {any} */
  target = null;
  /** @type {any} */
  currentTarget = null;
  defaultPrevented = false;
  stopped = false;

  /** @param {string} type */
  constructor(type) {
    this.type = type;
  }

  preventDefault() {
    this.defaultPrevented = true;
  }

  stopImmediatePropagation() {
    this.stopped = true;
  }
}

/** @type {any} */
const { EventTarget = Target, Event = Occurrence } = globalThis;
export { Event, EventTarget };
