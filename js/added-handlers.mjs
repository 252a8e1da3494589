// Handlers that `client.addHandler` gives: any number for a filter, each with options of its own. The first one subscribes,
// and when the last one is removed the filter is unsubscribed. Knows nothing of what the other calls have subscribed.

import { noFunction } from "./errors.mjs";
import { handledBy } from "./handling.mjs";
import { act, SUBSCRIBE, UNWATCH, WATCH } from "./operations.mjs";
import { quiet } from "./pending.mjs";

/** The handlers of a filter, and what was asked of the broker. @typedef {{ handlers: Set<AddedHandler>, qos: number, ready: Promise<number> }} Group */

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
   * @param {import("./hooks.mjs").Hooks} hooks
   * @param {(call: (core: any) => Promise<any>) => Promise<any>} call calls the core, now or once it is there
   * @param {(filter: string) => Promise<void>} unsubscribe
   */
  constructor(hooks, call, unsubscribe) {
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
    const known = this.#groups.get(filter);
    /** @type {Group} */
    const group = known ?? { handlers: new Set(), qos: 0, ready: added.ready };
    group.handlers.add(added);
    let asked = options;
    let isMore = true;
    let most = group.qos;
    try {
      const { qos = 0, ...others } = options ?? {};
      asked = unlessWrong(options, { ...others, qos: Math.max(qos, most) || qos });
      isMore = qos > most || asked === options || Object.keys(others).length > 0;
      most = Number(asked.qos) || 0;
    } catch {} // the core says what is wrong with them
    if (known === undefined || isMore) {
      this.#groups.set(filter, group);
      this.#subscribe(filter, group, asked, most);
    }
    added.ready = group.ready;
    return added;
  }

  /** @param {string} filter @param {Group} group @param {any} options @param {number} qos */
  #subscribe(filter, group, options, qos) {
    const before = group.ready;
    const isFirst = group.handlers.size === 1;
    group.qos = qos;
    const subscribed = this.#call((core) => {
      for (const added of group.handlers) added.attach();
      return core.call(SUBSCRIBE, filter, options);
    });
    const granted = subscribed.then(([qos]) => qos);
    group.ready = quiet(granted);
    granted.catch(() => {
      // What stood before the refused call stands.
      if (isFirst) this.forget(filter);
      else group.ready = before;
    });
  }

  /** @param {any} filter */
  has(filter) {
    return this.#groups.has(filter);
  }

  /** @param {AddedHandler} added @returns {Promise<void>} */
  remove(added) {
    const group = this.#groups.get(added.filter);
    if (!group?.handlers.delete(added)) return Promise.resolve();
    added.detach();
    if (group.handlers.size > 0) return Promise.resolve();
    this.#groups.delete(added.filter);
    return this.#unsubscribe(added.filter);
  }

  /** The core that knew them is gone. */
  end() {
    this.#groups.clear();
  }

  /** The filter has been unsubscribed, or was refused. @param {unknown} filter */
  forget(filter) {
    const group = this.#groups.get(/** @type {string} */ (filter));
    for (const added of group?.handlers ?? []) added.detach();
    this.#groups.delete(/** @type {string} */ (filter));
  }
}
