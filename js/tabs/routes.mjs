// Which messages are whose, and which subscriptions the broker knows: the filters of all members of a shared connection. The
// broker is asked for a filter whenever a member is, because that brings retained messages, and with the largest QoS of all.

import { topicMatches } from "../topic-matches.mjs";

/** How long retained messages may take that a subscription brings. */
const FRESH_MS = 5000;
const REFUSED = 0x80;
const NO_SUBSCRIPTION = 0x11;

const NO_RETAINED = 2;
/** Larger ones are those of the core, which it does not show (docs/mqtt5.md). */
const MAX_IDENTIFIER = 234_881_023;

/** The subscription identifier of a filter (§3.8.2.1.2): the same in the next hub, for which the broker may have kept messages. @param {string} name */
function identifierOf(name) {
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  return ((hash >>> 0) % MAX_IDENTIFIER) + 1;
}

/** @typedef {import("./session.mjs").Session} Session */
/** @typedef {import("./session.mjs").Subscription} Subscription */
/** @typedef {{ members: Map<Session, number>, granted: number, turn: number, isIdentified: boolean }} Filter */

export class Routes {
  /** What the broker is asked for. @type {Map<string, Filter>} */
  #filters = new Map();
  /** What it was asked for, and nobody wants any more. @type {Set<string>} */
  #former = new Set();
  #sessions;
  #client;
  /** Whether the broker says for which filter a message is, which one of MQTT 3.1.1 cannot. */
  #identifies = false;

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

  /** The client restores its subscriptions by itself, so members need not ask for them again. @param {boolean} identifies */
  connected(identifies) {
    this.#identifies = identifies;
    for (const [name, filter] of this.#filters) if (identifies && !filter.isIdentified) this.#identify(name);
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
    const filter = this.#filters.get(name) ?? { members: new Map(), granted, turn: 0, isIdentified: false };
    filter.members.set(session, qos);
    this.#filters.set(name, filter);
    this.#former.delete(name);
    const known = session.subscriptions.get(name);
    const subscription = known ?? { qos, granted, options, identifier, freshUntil: 0, seen: new Set() };
    session.subscriptions.set(name, Object.assign(subscription, { qos, options, identifier }));
    refresh(subscription);
    return subscription;
  }

  /** A filter that was asked for before it was known whether the broker takes identifiers. @param {string} name */
  #identify(name) {
    const [session] = this.#filters.get(name)?.members.keys() ?? [];
    const options = session?.subscriptions.get(name)?.options;
    this.#ask(name, { ...options, retainHandling: NO_RETAINED });
  }

  /** Asks the broker, for all members. @param {string} name @param {any} options @returns {Promise<number>} */
  async #ask(name, options) {
    const filter = this.#filters.get(name);
    const qos = Math.max(...(filter?.members.values() ?? [0]));
    const identified = this.#identifies && { properties: { subscriptionIdentifier: identifierOf(name) } };
    if (filter !== undefined) filter.isIdentified = this.#identifies;
    try {
      const [granted] = await this.#client().subscribe(name, { ...options, qos, ...identified });
      if (filter !== undefined) filter.granted = granted;
      return granted;
    } catch (/** @type {any} */ error) {
      return error?.reasonCode >= REFUSED ? error.reasonCode : REFUSED;
    }
  }

  /**
   * The granted QoS or a reason code.
   * @param {Session} session
   * @param {string} name
   * @param {number} qos
   * @param {any} options
   * @param {number | undefined} identifier
   * @returns {Promise<number>}
   */
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
    for (const [name, filter] of this.#copyFor(message)) {
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

  /** The filters that a message is for: those that match, or those of them for which the broker has sent this copy. @param {any} message @returns {[string, Filter][]} */
  #copyFor(message) {
    const matching = [...this.#filters].filter(([name]) => topicMatches(name, message.topic));
    const identifiers = [message.properties?.subscriptionIdentifier ?? []].flat();
    const named = matching.filter(([name]) => identifiers.includes(identifierOf(name)));
    return named.length > 0 ? named : matching;
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
