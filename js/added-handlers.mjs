// Handlers that `client.addHandler` gives: any number for a filter, each with options of its own. The first one subscribes,
// and when the last one is removed the filter is unsubscribed. Knows nothing of what the other calls have subscribed.

import { noFunction } from "./errors.mjs";
import { handledBy } from "./handling.mjs";
import { act, SUBSCRIBE, UNWATCH, WATCH } from "./operations.mjs";
import { quiet } from "./pending.mjs";

/** Of what asks for more than a QoS, or of a session that was lost: no other handler may rely on it. */
const OTHER = -1;

/** A SUBSCRIBE, with the QoS that it asks for; or `OTHER`. @typedef {{ qos: number, ready: Promise<number> }} Ask */
/** The handlers of a filter, and what was asked of the broker and not refused: the last that was granted, and what is unanswered. @typedef {{ handlers: Set<AddedHandler>, asks: Set<Ask> }} Group */

/** Options that are made of given ones; or the given ones, when the core is to refuse what is no object. @param {any} given @param {object} made @returns {any} */
const unlessWrong = (given, made) => (typeof (given ?? made) === "object" ? made : given);

class AddedHandler {
  /** Its number in the core. */
  #watcher = -1;
  #owner;
  #taker;

  /** @param {AddedHandlers} owner @param {string} filter @param {Function} taker */
  constructor(owner, filter, taker) {
    this.#owner = owner;
    this.#taker = taker;
    this.filter = filter;
    this.isRemoved = false;
    /** @type {Promise<number>} */
    this.ready = Promise.resolve(0);
  }

  /** Routes messages to it. */
  attach() {
    const { inbound, number } = this.#owner.hooks;
    if (this.#watcher >= 0 || number < 0) return;
    this.#watcher = act(number, WATCH, this.filter, this.#taker, 0);
    inbound.offer();
  }

  detach() {
    if (this.#watcher >= 0) act(this.#owner.hooks.number, UNWATCH, this.filter, undefined, this.#watcher);
    this.#watcher = -1;
  }

  remove() {
    return this.#owner.remove(this);
  }

  [Symbol.dispose ?? "dispose"]() {
    this.remove();
  }
}

export class AddedHandlers {
  /** By filter. @type {Map<string, Group>} */
  #groups = new Map();

  #call;
  #unsubscribe;

  /**
   * @param {any} client
   * @param {import("./hooks.mjs").Hooks} hooks
   * @param {(call: (core: any) => Promise<any>) => Promise<any>} call calls the core, now or once it is there
   * @param {(filter: string) => Promise<void>} unsubscribe
   */
  constructor(client, hooks, call, unsubscribe) {
    // A session was lost, and what restores a subscription refused: nothing counts as asked for. The method of the platform,
    // because a listener of the application's would keep the error from the console.
    EventTarget.prototype.addEventListener.call(client, "error", (/** @type {any} */ { error }) => {
      if (error?.code !== "SUBSCRIBE_FAILED") return;
      for (const { asks } of this.#groups.values()) for (const ask of asks) ask.qos = OTHER;
    });
    this.hooks = hooks;
    this.#call = call;
    this.#unsubscribe = unsubscribe;
  }

  /** @param {string} filter @param {any} handler @param {any} options */
  add(filter, handler, options) {
    if (typeof handler !== "function") throw noFunction("the handler of addHandler()", handler);
    const taker = handledBy(options, handler, () => null);
    const added = new AddedHandler(this, filter, /** @type {Function} */ (taker));
    added.attach();
    /** @type {Group} */
    const group = this.#groups.get(filter) ?? { handlers: new Set(), asks: new Set() };
    this.#groups.set(filter, group);
    group.handlers.add(added);
    added.ready = quiet(this.#ask(added, group, options));
    quiet(added.ready.catch(() => this.remove(added)));
    return added;
  }

  /** Subscribes, unless what was asked before is enough. @param {AddedHandler} added @param {Group} group @param {any} options @returns {Promise<number>} */
  #ask(added, { handlers, asks }, options) {
    let asked = options;
    let level = OTHER;
    /** @type {Ask | undefined} */
    let enough;
    try {
      const { qos = 0, ...others } = options ?? {};
      asked = unlessWrong(options, { ...others, qos });
      if (typeof qos === "number" && asked !== options && Object.keys(others).length === 0) {
        level = qos;
        enough = [...asks].find((ask) => qos <= ask.qos);
      }
    } catch {} // the core says what is wrong with them
    if (enough) {
      return enough.ready.catch((error) => {
        // Otherwise the options of the other call were wrong.
        if (error.code === "SUBSCRIBE_FAILED" || !handlers.has(added)) throw error;
        return this.#ask(added, { handlers, asks }, options);
      });
    }
    const subscribed = this.#call((core) => {
      for (const one of handlers) one.attach();
      return core.call(SUBSCRIBE, added.filter, asked);
    });
    const ready = subscribed.then(
      ([granted]) => {
        // The core asks for the largest QoS of all.
        if (level > OTHER) ask.qos = Math.max(ask.qos, granted);
        for (const one of asks) {
          if (one === ask) break;
          asks.delete(one);
        }
        return granted;
      },
      (error) => {
        asks.delete(ask);
        throw error;
      },
    );
    /** @type {Ask} */
    const ask = { qos: level, ready };
    asks.add(ask);
    return ready;
  }

  /** @param {any} filter */
  has(filter) {
    return this.#groups.has(filter);
  }

  /** @param {AddedHandler} added @returns {Promise<void>} */
  remove(added) {
    added.isRemoved = true;
    const group = this.#groups.get(added.filter);
    if (!group?.handlers.delete(added)) return Promise.resolve();
    added.detach();
    if (group.handlers.size > 0) return Promise.resolve();
    this.#groups.delete(added.filter);
    return group.asks.size > 0 ? this.#unsubscribe(added.filter) : Promise.resolve();
  }

  /** The core that knew them is gone. */
  end() {
    this.#groups.clear();
  }

  /** The filter has been unsubscribed; what is returned takes that back. @param {any} filter @returns {(() => void) | undefined} */
  forget(filter) {
    const group = this.#groups.get(filter);
    if (!group) return;
    const handlers = [...group.handlers];
    for (const added of handlers) added.detach();
    group.handlers.clear();
    this.#groups.delete(filter);
    return () => {
      const present = this.#groups.get(filter) ?? group;
      this.#groups.set(filter, present);
      for (const added of handlers) {
        if (added.isRemoved) continue;
        present.handlers.add(added);
        added.attach();
      }
      if (present.handlers.size > 0) return;
      this.#groups.delete(filter);
      if (present.asks.size > 0) quiet(this.#unsubscribe(filter));
    };
  }
}
