// SUBSCRIBE and UNSUBSCRIBE in the manner of MQTT.js: its arguments, what is not subscribed again, its callbacks. Owns the
// list of what is subscribed; the core sends, and restores after a reconnect.

import { subscribeError } from "./errors.mjs";
import { validateTopics } from "./filters.mjs";
import { isRestored } from "./options.mjs";
import { SUBSCRIBE, UNSUBSCRIBE } from "./sequence.mjs";

/** Reason codes from here on are refusals. */
const REFUSED = 128;

/** @typedef {(error: Error | null, ...rest: any[]) => void} Callback */

export class Subscriptions {
  #client;
  #link;
  #sequence;
  /** Calls of subscribe that the broker has not answered: their filters. @type {Map<Promise<any>, string[]>} */
  #asking = new Map();
  /** Options by filter. @type {Map<string, any>} */
  #known = new Map();
  /** Filters of calls without an answer, by their number. @type {Record<number, string[]>} */
  filtersById = {};
  /** Calls without an answer; each ends with an error when the connection closes. @type {Set<(error: Error) => void>} */
  #pending = new Set();
  /** The last SUBACK and UNSUBACK. @type {any} */
  suback;
  /** @type {any} */
  unsuback;

  /** @param {any} client @param {{ native: any }} link @param {import("./sequence.mjs").Sequence} sequence */
  constructor(client, link, sequence) {
    this.#client = client;
    this.#link = link;
    this.#sequence = sequence;
  }

  /** @param {any} topics @param {any} options @param {Callback} callback */
  subscribe(topics, options, callback) {
    const map = filterMap(topics);
    const again = map === topics && Boolean(topics.resubscribe);
    const filters = Object.keys(map).filter((filter) => !(map === topics && filter === "resubscribe"));
    const names = typeof topics === "object" && !Array.isArray(topics) ? filters : [topics].flat();
    if (!this.#areValid(names, callback)) return;
    const { properties, ...defaults } = { qos: 0, ...options };
    const asked = filters
      .map((filter) => ({ topic: filter, ...this.#options(map[filter] ?? defaults, properties) }))
      .filter(({ topic, qos }) => again || !(this.#known.get(topic)?.qos >= qos));
    if (asked.length === 0) return callback(null, []);
    if (isRestored(this.#client.options)) for (const one of asked) this.#known.set(one.topic, one);
    const id = this.#client._nextId();
    const done = this.#await(callback, id, "subscribe", asked);
    const choice = properties && this.#five ? { properties } : undefined;
    const answer = this.#sequence.run(SUBSCRIBE, () => this.#link.native.subscribe(nativeMap(asked), choice));
    this.#asking.set(
      answer,
      asked.map(({ topic }) => topic),
    );
    answer
      .finally(() => this.#asking.delete(answer))
      .then(
        (/** @type {number[]} */ granted) => {
          for (const [at, one] of asked.entries()) one.qos = granted[at];
          done(null, asked, this.#answer(this.suback, "suback", id, [...granted]));
        },
        (/** @type {any} */ error) => {
          const packet = this.#answer(
            this.suback,
            "suback",
            id,
            asked.map(() => error.reasonCode),
          );
          if (error.reasonCode !== undefined) this.#forgetRefused(asked, packet.granted);
          done(subscribeError(error, packet), asked, packet);
        },
      );
  }

  /** @param {any[]} asked @param {number[]} granted what SUBACK says of each, if it answers just these */
  #forgetRefused(asked, granted) {
    for (const [at, { topic }] of asked.entries()) {
      if (granted.length !== asked.length || !(granted[at] < REFUSED)) this.#known.delete(topic);
    }
  }

  /** @param {any} topics @param {any} options @param {Callback} callback */
  unsubscribe(topics, options, callback) {
    const filters = [topics].flat();
    if (!this.#areValid(filters, callback)) return;
    for (const filter of filters) this.#known.delete(filter);
    const id = this.#client._nextId();
    const done = this.#await(callback, id, "unsubscribe");
    const { properties } = options ?? {};
    const choice = properties && this.#five ? { properties } : undefined;
    const unsubscribe = () =>
      this.#sequence.run(UNSUBSCRIBE, () => this.#link.native.unsubscribe(filters, choice));
    const before = this.#before(filters);
    const answer = before.length > 0 ? Promise.allSettled(before).then(unsubscribe) : unsubscribe();
    answer.then(
      () => done(null, this.#answer(this.unsuback, "unsuback", id, [])),
      (/** @type {any} */ error) => {
        const packet = this.#answer(this.unsuback, "unsuback", id, [error.reasonCode]);
        // MQTT.js looks at no reason code of UNSUBACK.
        if (error.code === "UNSUBSCRIBE_FAILED") done(null, packet);
        else done(subscribeError(error, packet), packet);
      },
    );
  }

  /** Without a connection, the calls of subscribe that ask for these filters: the core would forget them. @param {string[]} filters */
  #before(filters) {
    if (this.#client.connected) return [];
    const calls = [...this.#asking].filter(([, asked]) => asked.some((one) => filters.includes(one)));
    return calls.map(([answer]) => answer);
  }

  /** The connection has closed. */
  closed() {
    for (const fail of [...this.#pending]) fail(new Error("Connection closed"));
    this.suback = this.unsuback = undefined;
  }

  /** Subscribes what another native client had. */
  restore() {
    for (const one of this.#known.values()) {
      const { properties } = one;
      this.#link.native.subscribe(nativeMap([one]), properties && { properties }).catch(() => {});
    }
  }

  /** What is subscribed again after a reconnect. */
  get known() {
    return Object.fromEntries(this.#known);
  }

  get #five() {
    return this.#client.options.protocolVersion === 5;
  }

  /** @param {any[]} filters @param {Callback} callback */
  #areValid(filters, callback) {
    const wrong = validateTopics(filters);
    if (wrong === null) return !this.#client._checkDisconnecting(callback);
    setTimeout(callback, 0, new Error(`Invalid topic ${wrong}`));
    return false;
  }

  /** @param {any} given @param {any} properties those of the call */
  #options({ qos, nl = false, rap = false, rh = 0 }, properties) {
    return this.#five ? { qos, nl, rap, rh, properties } : { qos };
  }

  /** Calls back once, also when the connection closes before there is an answer. @param {Callback} callback @param {number} id @param {string} cmd @param {any[]} [asked] @returns {Callback} */
  #await(callback, id, cmd, asked = []) {
    const { pending, options } = this.#client;
    const isMapped = options.resubscribe && asked.length > 0;
    if (isMapped) this.filtersById[id] = asked.map(({ topic }) => topic);
    /** @type {Callback} */
    const done = (...result) => {
      if (!this.#pending.delete(fail)) return;
      if (isMapped) delete this.filtersById[id];
      pending.delete(entry);
      callback(...result);
      this.#client.checkOutgoing();
    };
    const fail = (/** @type {Error} */ error) => done(error, asked);
    this.#pending.add(fail);
    if (!this.#client.connected) this.#client.queue.push({ packet: { cmd, messageId: id } });
    const entry = { id, volatile: true, cb: done };
    pending.add(entry);
    return done;
  }

  /** @param {any} seen @param {string} cmd @param {number} messageId @param {number[]} granted */
  #answer(seen, cmd, messageId, granted) {
    if (seen !== undefined) return seen;
    return { cmd, retain: false, qos: 0, dup: false, topic: null, payload: null, messageId, granted };
  }
}

/** @param {any} topics @returns {Record<string, any>} */
function filterMap(topics) {
  if (typeof topics === "object" && topics !== null && !Array.isArray(topics)) return topics;
  return Object.fromEntries([topics].flat().map((filter) => [filter, undefined]));
}

/** @param {any[]} asked */
function nativeMap(asked) {
  /** @type {Record<string, any>} */
  const map = {};
  for (const { topic, qos, nl, rap, rh } of asked) {
    map[topic] =
      nl === undefined ? { qos } : { qos, noLocal: nl, retainAsPublished: rap, retainHandling: rh };
  }
  return map;
}
