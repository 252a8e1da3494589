// The subscriptions of a client, as its methods take them: which filters `subscribe` has asked for, and the handlers that
// `addHandler` has added. Owns whose filter is to be unsubscribed; the core routes messages and restores subscriptions.

import { AddedHandlers } from "./added-handlers.mjs";
import { copyOptions, copyTopics, MANY } from "./copies.mjs";
import { handledBy } from "./handling.mjs";
import { keyOf } from "./identity.mjs";
import { IDENTITY, SUBSCRIBE, UNSUBSCRIBE } from "./operations.mjs";

/** @typedef {import("../pkg/mqtt_lib.js").MqttCustom} Core */

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
  /** Filters that `subscribe` has asked for. @type {Set<unknown>} */
  #asked = new Set();

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
    // subscribe(topic, handler) is a common way to write it.
    const isShort = typeof options === "function" && handler === undefined;
    const { inbound } = this.#hooks;
    const taker = isShort
      ? options
      : handledBy(options, /** @type {any} */ (handler), () => inbound.on_message);
    const news = this.news(topics);
    for (const filter of news) this.#asked.add(filter);
    const identity = 2 * keyOf(isShort ? options : handler) + this.#hooks.isConnecting;
    return this.#call((core) => {
      const subscribed = core.call(
        SUBSCRIBE + IDENTITY * identity,
        topics,
        isShort ? undefined : options,
        taker,
      );
      inbound.offer();
      // Some of several may have been granted.
      if (news.length === 1) subscribed.catch(() => this.#asked.delete(news[0]));
      return subscribed;
    });
  }

  /** Those filters that `subscribe` has not asked for. @param {unknown} topics */
  news(topics) {
    return filtersOf(topics).filter((filter) => !this.#asked.has(filter));
  }

  /** @param {unknown} given @param {unknown} [choice] @returns {Promise<void>} */
  unsubscribe(given, choice) {
    const [topics, options] = this.#kept(given, choice);
    for (const filter of filtersOf(topics)) {
      this.#added?.forget(filter);
      this.#asked.delete(filter);
    }
    return this.#call((core) => core.call(UNSUBSCRIBE, topics, options));
  }

  /** @param {string} filter @param {unknown} handler @param {unknown} options */
  add(filter, handler, options) {
    this.#added ??= new AddedHandlers(this.#hooks, this.#call, (given) =>
      this.#asked.has(given) ? Promise.resolve() : this.#client.unsubscribe(given),
    );
    return this.#added.add(filter, handler, options);
  }

  /** The core that knew them is gone. */
  end() {
    this.#added?.end();
  }
}
