// Which messages are whose, and which subscriptions the broker knows: the filters of all members of a shared connection. The
// broker is asked for a filter whenever a member is, because that brings retained messages, and with the largest QoS of all.

import { topicMatches } from "../topic-matches.mjs";

/** How long retained messages may take that a subscription brings. */
const FRESH_MS = 5000;
const REFUSED = 0x80;
const NO_SUBSCRIPTION = 0x11;

/** @typedef {import("./session.mjs").Session} Session */
/** @typedef {import("./session.mjs").Subscription} Subscription */
/** @typedef {{ members: Map<Session, number>, granted: number, turn: number }} Filter */

export class Routes {
  /** What the broker is asked for. @type {Map<string, Filter>} */
  #filters = new Map();
  /** What it was asked for, and nobody wants any more. @type {Set<string>} */
  #former = new Set();
  #sessions;
  #client;

  /** @param {Map<string, Session>} sessions @param {() => any} client that of the broker, if there is one */
  constructor(sessions, client) {
    this.#sessions = sessions;
    this.#client = client;
  }

  clear() {
    this.#filters.clear();
    this.#former.clear();
  }

  /** A member had it with the hub before. @param {Session} session @param {string} name @param {number} qos @param {any} options @param {number | undefined} identifier */
  restore(session, name, qos, options, identifier) {
    this.#add(session, name, qos, options, identifier, qos);
    session.restored.add(name);
    if (this.#client() !== undefined) this.#ask(name, options);
  }

  /** There is a client of the broker, which knows none yet. */
  askAll() {
    for (const [name, { members }] of this.#filters)
      for (const session of members.keys()) this.#ask(name, session.subscriptions.get(name)?.options);
  }

  /** The client restores its subscriptions by itself, so members need not ask for them again. */
  connected() {
    for (const session of this.#sessions.values()) {
      for (const [name, subscription] of session.subscriptions) {
        session.restored.add(name);
        refresh(subscription);
      }
      setTimeout(() => session.restored.clear(), FRESH_MS);
    }
  }

  /** @param {Session} session @param {string} name @param {number} qos @param {any} options @param {number | undefined} identifier @param {number} granted */
  #add(session, name, qos, options, identifier, granted) {
    const filter = this.#filters.get(name) ?? { members: new Map(), granted, turn: 0 };
    filter.members.set(session, qos);
    this.#filters.set(name, filter);
    this.#former.delete(name);
    const known = session.subscriptions.get(name);
    const subscription = known ?? { qos, granted, options, identifier, freshUntil: 0, seen: new Set() };
    session.subscriptions.set(name, Object.assign(subscription, { qos, options, identifier }));
    refresh(subscription);
    return subscription;
  }

  /** Asks the broker, for all members. @param {string} name @param {any} options @returns {Promise<number>} */
  async #ask(name, options) {
    const filter = this.#filters.get(name);
    const qos = Math.max(...(filter?.members.values() ?? [0]));
    try {
      const [granted] = await this.#client().subscribe(name, { ...options, qos });
      if (filter !== undefined) filter.granted = granted;
      return granted;
    } catch (/** @type {any} */ error) {
      return error?.reasonCode >= REFUSED ? error.reasonCode : REFUSED;
    }
  }

  /** The granted QoS or a reason code. @param {Session} session @param {string} name @param {number} qos @param {any} options @param {number | undefined} identifier @returns {Promise<number>} */
  async subscribe(session, name, qos, options, identifier) {
    const before = session.subscriptions.get(name);
    const wasAsked = session.restored.delete(name) && before?.qos === qos;
    const isNew = before === undefined;
    const { qos: oldQos, options: oldOptions, identifier: oldIdentifier } = before ?? {};
    this.#add(session, name, qos, options, identifier, qos);
    const granted = wasAsked ? (this.#filters.get(name)?.granted ?? qos) : await this.#ask(name, options);
    if (granted < REFUSED) return Math.min(granted, qos);
    if (isNew) this.#forget(session, name);
    else Object.assign(before, { qos: oldQos, options: oldOptions, identifier: oldIdentifier });
    return granted;
  }

  /** True if nobody else wants it. @param {Session} session @param {string} name */
  #forget(session, name) {
    const filter = this.#filters.get(name);
    session.subscriptions.delete(name);
    session.restored.delete(name);
    if (!filter?.members.delete(session) || filter.members.size > 0) return false;
    this.#filters.delete(name);
    return true;
  }

  /** A reason code. @param {Session} session @param {string} name @returns {Promise<number>} */
  async unsubscribe(session, name) {
    if (!session.subscriptions.has(name)) return NO_SUBSCRIPTION;
    if (!this.#forget(session, name)) return 0;
    this.#former.add(name);
    try {
      await this.#client()?.unsubscribe(name);
      return 0;
    } catch (/** @type {any} */ error) {
      return error?.reasonCode >= REFUSED ? error.reasonCode : REFUSED;
    }
  }

  /** Resolves when it is dealt with. @param {any} message @returns {Promise<(number | void)[]>} */
  route(message) {
    const now = performance.now();
    /** The subscriptions of each member that the message is for. @type {Map<Session, Subscription[]>} */
    const takers = new Map();
    let isFresh = false;
    for (const [name, filter] of this.#filters) {
      if (!topicMatches(name, message.topic)) continue;
      const sessions = [...filter.members.keys()];
      // Of a shared subscription only one member gets it.
      const own = name.startsWith("$share/") ? [sessions[filter.turn++ % sessions.length]] : sessions;
      for (const session of own) {
        const subscription = /** @type {Subscription} */ (session.subscriptions.get(name));
        isFresh ||= subscription.freshUntil > now;
        takers.set(session, [...(takers.get(session) ?? []), subscription]);
      }
    }
    if (takers.size === 0) return this.#untaken(message);
    /** @type {Promise<number | void>[]} */
    const all = [];
    for (const [session, subscriptions] of takers) {
      const isNew = !isFresh || isNews(subscriptions, message.topic, now);
      if (message.retain && !isNew) continue;
      const qos = Math.min(message.qos, Math.max(...subscriptions.map((one) => one.qos)));
      const identifiers = subscriptions.flatMap(({ identifier }) => identifier ?? []);
      all.push(session.deliver(message, qos, identifiers));
    }
    return Promise.all(all);
  }

  /** Of a session that the broker has kept: it is for whoever asks for it in the oldest tab. @param {any} message */
  #untaken(message) {
    const [first] = this.#sessions.values();
    const wasWanted = [...this.#former].some((name) => topicMatches(name, message.topic));
    if (wasWanted || message.qos === 0) return Promise.resolve([]);
    return first === undefined
      ? new Promise(() => {})
      : Promise.all([first.deliver(message, message.qos, [])]);
  }
}

/** The broker is about to send its retained messages. @param {Subscription} subscription */
function refresh(subscription) {
  subscription.freshUntil = performance.now() + FRESH_MS;
  subscription.seen.clear();
  setTimeout(() => {
    if (subscription.freshUntil <= performance.now()) subscription.seen.clear();
  }, FRESH_MS + 1);
}

/**
 * Whether a retained message is one that a member awaits: the broker sends them for the subscription of another one, too, and
 * again what the member has just got.
 * @param {Subscription[]} subscriptions @param {string} topic @param {number} now
 */
function isNews(subscriptions, topic, now) {
  if (subscriptions.some(({ options }) => options?.retainAsPublished)) return true;
  const fresh = subscriptions.filter(({ freshUntil, seen }) => freshUntil > now && !seen.has(topic));
  for (const { seen } of fresh) seen.add(topic);
  return fresh.length > 0;
}
