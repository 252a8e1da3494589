// The subscriptions of a client, as its methods take them: which filters `subscribe` has asked for, and the handlers that
// `addHandler` has added. Owns whose filter is to be unsubscribed; the core routes messages and restores subscriptions.

import { AddedHandlers } from "./added-handlers.mjs";
import { copyOptions, copyTopics, MANY } from "./copies.mjs";
import { handledBy } from "./handling.mjs";
import { keyOf } from "./identity.mjs";
import { isLimited } from "./limits.mjs";
import { IDENTITY, SUBSCRIBE, UNSUBSCRIBE } from "./operations.mjs";
import { quiet } from "./pending.mjs";
import { withdrawn } from "./withdrawn.mjs";

/** @typedef {import("../pkg/mqtt_lib.js").MqttCustom} Core */
/** A filter, and how many calls of `subscribe` have asked for it that were neither refused nor withdrawn; and whether `addHandler` has left it to them to unsubscribe. @typedef {{ filter: unknown, count: number, owesUnsubscribe?: boolean }} Asked */

/** The filters of an argument of `subscribe` or `unsubscribe`; none of one that cannot be read, which the core rejects. @param {any} topics @returns {unknown[]} */
function filtersOf(topics) {
  try {
    const isArray = Array.isArray(topics);
    if (isArray) return topics.length < MANY ? [...topics] : [];
    return typeof topics === "object" ? Object.keys(topics) : [topics];
  } catch {
    return [];
  }
}

export class Subscribing {
  #client;
  #hooks;
  #call;
  /** @type {AddedHandlers | null} */
  #added = null;
  /** By filter. @type {Map<unknown, Asked>} */
  #asked = new Map();

  /** @param {any} client @param {import("./hooks.mjs").Hooks} hooks @param {(call: (core: Core) => Promise<any>) => Promise<any>} call calls the core, now or once it is there */
  constructor(client, hooks, call) {
    this.#client = client;
    this.#hooks = hooks;
    this.#call = call;
  }

  /** Topics and options as they are now: before there is a core, the call is made later. @param {unknown} topics @param {unknown} options */
  #kept(topics, options) {
    return this.#hooks.number < 0 ? [copyTopics(topics), copyOptions(options)] : [topics, options];
  }

  /** @param {unknown} given @param {unknown} [choice] @param {unknown} [handler] @returns {Promise<number[]>} */
  subscribe(given, choice, handler) {
    const [topics, options] = this.#kept(given, choice);
    const asked = filtersOf(topics).map((filter) => this.#ask(filter));
    /** @param {any} error */
    const ended = (error) => {
      // Some of several may have been granted.
      if (asked.length === 1 || error.code === "DROPPED") this.#forsake(asked.splice(0));
    };
    if (isLimited(options)) {
      const subscribed = withdrawn(
        options,
        (others) => this.subscribe(topics, others, handler),
        this.#client,
        this.#call,
        true,
      );
      subscribed.catch(() => this.#forsake(asked));
      return subscribed;
    }
    // subscribe(topic, handler) is a common way to write it.
    const isShort = typeof options === "function" && handler === undefined;
    const own = isShort ? options : handler;
    const { inbound } = this.#hooks;
    const taker = isShort ? own : handledBy(options, /** @type {any} */ (handler), () => inbound.on_message);
    const identity = 2 * keyOf(own) + this.#hooks.isConnecting;
    return this.#call((core) => {
      const subscribed = core.call(
        SUBSCRIBE + IDENTITY * identity,
        topics,
        isShort ? undefined : options,
        taker,
      );
      inbound.offer();
      subscribed.catch(ended);
      return subscribed;
    });
  }

  /** @param {unknown} filter */
  #ask(filter) {
    const asked = this.#asked.get(filter) ?? { filter, count: 0 };
    asked.count += 1;
    this.#asked.set(filter, asked);
    return asked;
  }

  /** @param {Asked[]} all that a call has asked for, and does not any longer */
  #forsake(all) {
    for (const asked of all) {
      asked.count -= 1;
      const { filter, count, owesUnsubscribe } = asked;
      if (count > 0 || this.#asked.get(filter) !== asked) continue;
      this.#asked.delete(filter);
      if (owesUnsubscribe && !this.#added?.has(filter)) quiet(this.#client.unsubscribe(filter));
    }
  }

  /** @param {unknown} given @param {unknown} [choice] @returns {Promise<void>} */
  unsubscribe(given, choice) {
    const [topics, options] = this.#kept(given, choice);
    if (isLimited(options)) {
      /** @type {(() => void)[]} */
      let recalls = [];
      const begin = (/** @type {(core: Core) => Promise<any>} */ work) => {
        recalls = filtersOf(topics).map((filter) => this.#forget(filter));
        return this.#call(work);
      };
      const call = (/** @type {unknown} */ others) => this.#unsubscribe(topics, others);
      return withdrawn(options, call, this.#client, begin, true, () => {
        for (const recall of recalls) recall();
      });
    }
    for (const filter of filtersOf(topics)) this.#forget(filter);
    return this.#unsubscribe(topics, options);
  }

  /** @param {unknown} topics @param {unknown} options @returns {Promise<void>} */
  #unsubscribe(topics, options) {
    return this.#call((core) => core.call(UNSUBSCRIBE, topics, options));
  }

  /** Nobody asks for it any longer; what is returned takes that back. @param {unknown} filter @returns {() => void} */
  #forget(filter) {
    const asked = this.#asked.get(filter);
    const recall = this.#added?.forget(filter);
    this.#asked.delete(filter);
    return () => {
      if (asked && !this.#asked.has(filter)) this.#asked.set(filter, asked);
      recall?.();
    };
  }

  /** @param {string} filter @param {unknown} handler @param {unknown} options */
  add(filter, handler, options) {
    this.#added ??= new AddedHandlers(this.#client, this.#hooks, this.#call, (given) => {
      const asked = this.#asked.get(given);
      if (!asked) return this.#client.unsubscribe(given);
      asked.owesUnsubscribe = true;
      return Promise.resolve();
    });
    return this.#added.add(filter, handler, options);
  }

  /** The core that knew them is gone. */
  end() {
    this.#added?.end();
  }
}
