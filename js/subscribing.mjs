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

/** What a call of `unsubscribe` that has not ended has forgotten of a filter, and the call before it. @typedef {{ filter: unknown, recall: () => void, before: Forgotten | undefined, isBack: boolean }} Forgotten */

export class Subscribing {
  #client;
  #hooks;
  #call;
  /** @type {AddedHandlers | null} */
  #added = null;
  /** By filter. @type {Map<unknown, Asked>} */
  #asked = new Map();
  /** By filter, of the last call of `unsubscribe`. @type {Map<unknown, Forgotten>} */
  #forgotten = new Map();

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
    /** @type {Asked[]} */
    let asked = [];
    const forsake = () => this.#forsake(asked.splice(0));
    return this.#limited(
      options,
      (others, core) => this.#subscribe(core, topics, others, handler),
      (work) => {
        asked = filtersOf(topics).map((filter) => this.#ask(filter));
        const subscribed = this.#call(work);
        subscribed.catch((error) => {
          // Some of several may have been granted.
          if (asked.length === 1 || error.code === "DROPPED") forsake();
        });
        return subscribed;
      },
      forsake,
    );
  }

  /** A call whose options may have limits. @param {unknown} options @param {(options: any, core: Core) => Promise<any>} call @param {(work: (core: Core) => Promise<any>) => Promise<any>} begin @param {(isUnsent: boolean) => void} takenBack */
  #limited(options, call, begin, takenBack) {
    if (!isLimited(options)) return begin((core) => call(options, core));
    return withdrawn(options, call, this.#client, begin, takenBack);
  }

  /** @param {Core} core @param {unknown} topics @param {unknown} options @param {unknown} handler @returns {Promise<number[]>} */
  #subscribe(core, topics, options, handler) {
    // subscribe(topic, handler) is a common way to write it.
    const isShort = typeof options === "function" && handler === undefined;
    const own = isShort ? options : handler;
    const { inbound } = this.#hooks;
    const taker = isShort ? own : handledBy(options, /** @type {any} */ (handler), () => inbound.on_message);
    const identity = 2 * keyOf(own) + this.#hooks.isConnecting;
    const subscribed = core.call(
      SUBSCRIBE + IDENTITY * identity,
      topics,
      isShort ? undefined : options,
      taker,
    );
    inbound.offer();
    return subscribed;
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
    /** @type {Forgotten[]} */
    let all = [];
    const end = () => {
      for (const one of all) if (this.#forgotten.get(one.filter) === one) this.#forgotten.delete(one.filter);
    };
    return this.#limited(
      options,
      (others, core) => core.call(UNSUBSCRIBE, topics, others),
      (work) => {
        all = filtersOf(topics).map((filter) => this.#forget(filter));
        const unsubscribed = this.#call(work);
        unsubscribed.then(end, end);
        return unsubscribed;
      },
      (isUnsent) => {
        if (isUnsent) for (const one of all) this.#recall(one);
      },
    );
  }

  /** Nobody asks for it any longer. @param {unknown} filter @returns {Forgotten} */
  #forget(filter) {
    const asked = this.#asked.get(filter);
    const back = this.#added?.forget(filter);
    this.#asked.delete(filter);
    const recall = () => {
      if (asked && !this.#asked.has(filter)) this.#asked.set(filter, asked);
      back?.();
    };
    const forgotten = { filter, recall, before: this.#forgotten.get(filter), isBack: false };
    this.#forgotten.set(filter, forgotten);
    return forgotten;
  }

  /** The call is taken back, and those before it that were; one that was not has ended the filter, too. @param {Forgotten} forgotten */
  #recall(forgotten) {
    forgotten.isBack = true;
    for (;;) {
      const last = this.#forgotten.get(forgotten.filter);
      if (!last?.isBack) return;
      last.recall();
      if (last.before) this.#forgotten.set(last.filter, last.before);
      else this.#forgotten.delete(last.filter);
    }
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
