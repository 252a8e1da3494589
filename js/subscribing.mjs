// The subscriptions of a client, as its methods take them: which filters `subscribe` has asked for, and the handlers that
// `addHandler` has added. Owns whose filter is to be unsubscribed; the core routes messages and restores subscriptions.

import { route } from "../pkg/mqtt_lib.js";
import { AddedHandlers } from "./added-handlers.mjs";
import { copyOptions, copyTopics, MANY } from "./copies.mjs";
import { handledBy } from "./handling.mjs";
import { keyOf } from "./identity.mjs";
import { IDENTITY, SUBSCRIBE, UNSUBSCRIBE } from "./operations.mjs";
import { quiet } from "./pending.mjs";

/** @typedef {import("../pkg/mqtt_lib.js").MqttCustom} Core */
/** A filter, and how many calls of `subscribe` have asked for it that were neither refused nor withdrawn. @typedef {{ filter: unknown, count: number }} Asked */

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
  /** How many of its calls have given this handler; those without one count for the client. @type {WeakMap<object, WeakMap<Asked, number>>} */
  #givers = new WeakMap();
  /** Withdraws the call of `subscribe` that comes next. @type {{ undo: () => void } | undefined} */
  #next;
  /** What the core calls although its call was withdrawn. @type {WeakSet<object>} */
  #withdrawn = new WeakSet();

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
    const next = this.#next;
    this.#next = undefined;
    const [topics, options] = this.#kept(given, choice);
    // subscribe(topic, handler) is a common way to write it.
    const isShort = typeof options === "function" && handler === undefined;
    const own = isShort ? options : handler;
    const { inbound } = this.#hooks;
    /** @type {any} */
    let taker = isShort ? own : handledBy(options, /** @type {any} */ (handler), () => inbound.on_message);
    const giver = typeof own === "function" ? own : this.#client;
    const asked = filtersOf(topics).map((filter) => this.#ask(filter, giver));
    if (next) {
      if (typeof taker === "function") taker = this.#withdrawable(taker);
      next.undo = () => this.#withdraw(asked, giver, taker);
    }
    const identity = 2 * keyOf(own) + this.#hooks.isConnecting;
    return this.#call((core) => {
      const subscribed = core.call(
        SUBSCRIBE + IDENTITY * identity,
        topics,
        isShort ? undefined : options,
        taker,
      );
      inbound.offer();
      // Some of several may have been granted.
      if (asked.length === 1) subscribed.catch(() => this.#count(asked.splice(0), giver, -1));
      return subscribed;
    });
  }

  /** @param {unknown} filter @param {object} giver */
  #ask(filter, giver) {
    const asked = this.#asked.get(filter) ?? { filter, count: 0 };
    this.#asked.set(filter, asked);
    this.#count([asked], giver, 1);
    return asked;
  }

  /** @param {Asked[]} all @param {object} giver @param {number} change */
  #count(all, giver, change) {
    const given = this.#givers.get(giver) ?? new WeakMap();
    this.#givers.set(giver, given);
    for (const asked of all) {
      given.set(asked, (given.get(asked) ?? 0) + change);
      asked.count += change;
      if (asked.count === 0 && this.#asked.get(asked.filter) === asked) this.#asked.delete(asked.filter);
    }
  }

  /** A handler like this one; when its call is withdrawn, messages that only such handlers have are for `on_message`. @param {Function} taker */
  #withdrawable(taker) {
    /** @param {[any, unknown, import("./message.mjs").Message]} all */
    const made = (...all) => {
      if (!this.#withdrawn.has(made)) return taker(...all);
      const takers = route(this.#hooks.number, all[2].topic).slice(1);
      if (takers[0] === made && takers.every((/** @type {any} */ one) => this.#withdrawn.has(one)))
        return this.#hooks.inbound.on_message?.(...all);
    };
    return made;
  }

  /** An unanswered call is withdrawn: its handler, unless another call has given it too, and what nobody else wants. @param {Asked[]} asked @param {object} giver @param {any} taker */
  #withdraw(asked, giver, taker) {
    const all = asked.splice(0);
    this.#count(all, giver, -1);
    const given = this.#givers.get(giver);
    if (taker && !all.some((one) => given?.get(one))) this.#withdrawn.add(taker);
    const unwanted = all
      .map(({ filter }) => filter)
      .filter((filter) => !this.#asked.has(filter) && !this.#added?.has(filter));
    if (unwanted.length > 0) quiet(this.#client.unsubscribe(unwanted));
  }

  /** What withdraws the call of `subscribe` that comes next. */
  withdrawalOfNext() {
    const next = { undo() {} };
    this.#next = next;
    return () => next.undo();
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
    this.#added ??= new AddedHandlers(this.#client, this.#hooks, this.#call, (given) =>
      this.#asked.has(given) ? Promise.resolve() : this.#client.unsubscribe(given),
    );
    return this.#added.add(filter, handler, options);
  }

  /** The core that knew them is gone. */
  end() {
    this.#added?.end();
  }
}
