// SUBSCRIBE and UNSUBSCRIBE in the manner of MQTT.js: its arguments, what is not subscribed again, its callbacks. Owns the
// list of what is subscribed; the core sends, and restores after a reconnect.

import { ErrorWithSubackPacket, subscribeError } from "./errors.mjs";
import { validateTopics } from "./filters.mjs";
import { isRestored, isWrong } from "./options.mjs";
import { nativeProperties } from "./properties.mjs";
import { SUBSCRIBE, UNSUBSCRIBE } from "./sequence.mjs";
import { Withdrawal } from "./withdrawal.mjs";

/** Reason codes from here on are refusals. */
const REFUSED = 128;

const DEFAULTS = { qos: 0 };
const DEFAULTS_5 = { qos: 0, nl: false, rap: false, rh: 0 };

/** @typedef {(error: Error | null, ...rest: any[]) => void} Callback */

export class Subscriptions {
  #client;
  #link;
  #sequence;
  /** Calls of subscribe that the broker has not answered: their filters. @type {Map<Promise<any>, string[]>} */
  #asking = new Map();
  /** The same of unsubscribe. @type {Map<Promise<any>, string[]>} */
  #leaving = new Map();
  /** Options by filter. @type {Map<string, any>} */
  #known = new Map();
  /** Filters of calls without an answer, by their number. @type {Record<number, string[]>} */
  filtersById = {};
  /** Calls without an answer; each ends with an error when the connection closes. @type {Set<(error: Error) => void>} */
  #pending = new Set();
  /** Of what was sent, and is not sent again by another connection. @type {Set<Withdrawal>} */
  #withdrawals = new Set();
  /** SUBACK and UNSUBACK whose calls have not ended. @type {any[]} */
  answers = [];

  /** @param {any} client @param {{ native: any }} link @param {import("./sequence.mjs").Sequence} sequence */
  constructor(client, link, sequence) {
    this.#client = client;
    this.#link = link;
    this.#sequence = sequence;
  }

  /** @param {any} topics @param {any} options @param {Callback} callback */
  subscribe(topics, options, callback) {
    const isMap = typeof topics === "object" && topics !== null && !Array.isArray(topics);
    const map = isMap ? topics : Object.create(null);
    const again = Boolean(map.resubscribe);
    const names = isMap ? Object.keys(map).filter((filter) => filter !== "resubscribe") : listOf(topics);
    if (!this.#areValid(names, callback)) return;
    const { properties, ...defaults } = { ...(this.#five ? DEFAULTS_5 : DEFAULTS), ...options };
    const asked = names
      .map((filter) => ({ topic: filter, ...this.#options(map[filter] ?? defaults, properties) }))
      .filter(({ topic, qos }) => again || !(this.#known.get(topic)?.qos >= qos));
    if (asked.length === 0) return callback(null, []);
    if (isRestored(this.#client.options)) {
      for (const { topic, ...known } of asked) this.#known.set(topic, known);
    }
    const id = this.#client._nextId();
    const done = this.#await(callback, id, "subscribe", asked);
    const { connected, options: all } = this.#client;
    const signal = connected && !isRestored(all) ? new Withdrawal() : undefined;
    const choice = {
      ...(properties && this.#five && { properties: nativeProperties(properties) }),
      ...(signal && { signal }),
    };
    const unique = [...new Set(asked.map(({ topic }) => topic))];
    this.#ask(
      () => {
        if (signal) this.#withdrawals.add(signal);
        const subscribe = () =>
          this.#sequence.run(SUBSCRIBE, () => this.#link.native.subscribe(nativeMap(asked), choice));
        const answer = this.#behind(this.#leaving, unique, subscribe, this.#asking);
        const end = () => signal && this.#withdrawals.delete(signal);
        answer.then(end, end);
        return answer;
      },
      (/** @type {number[]} */ granted) => {
        for (const one of asked) one.qos = granted[unique.indexOf(one.topic)];
        const given = asked.map(({ qos }) => qos);
        done(
          null,
          asked,
          this.#answer("suback", id, unique.length, granted) ?? acknowledgement("suback", id, given),
        );
      },
      (/** @type {any} */ error) => {
        const packet = error.reasonCode === undefined ? undefined : this.#answer("suback", id, unique.length);
        if (packet !== undefined || isWrong(error)) this.#forgetRefused(asked, packet?.granted ?? []);
        done(subscribeError(error, packet), asked, packet);
      },
    );
  }

  /**
   * Calls again what was called without a connection, and stopped with the client.
   * @param {() => Promise<any>} call
   * @param {(value: any) => void} done
   * @param {(error: any) => void} failed
   */
  #ask(call, done, failed) {
    const isQueued = !this.#client.connected;
    const ask = () => {
      call().then(done, (error) => {
        // What was sent ends with its connection.
        if (error.code !== "STOPPED") failed(error);
        else if (isQueued) this.#client.leave(error, ask);
      });
    };
    ask();
  }

  /** @param {any[]} asked @param {number[]} granted what SUBACK says of each, if it answers just these */
  #forgetRefused(asked, granted) {
    for (const [at, { topic }] of asked.entries()) {
      if (granted.length !== asked.length || !(granted[at] < REFUSED)) this.#known.delete(topic);
    }
  }

  /** @param {any} topics @param {any} options @param {Callback} callback */
  unsubscribe(topics, options, callback) {
    const given = Array.isArray(topics) ? topics : [topics];
    if (!this.#areValid(given, callback)) return;
    const filters = [...given];
    for (const filter of filters) this.#known.delete(filter);
    const id = this.#client._nextId();
    const done = this.#await(callback, id, "unsubscribe");
    const properties = nativeProperties(options?.properties);
    const choice = properties && this.#five ? { properties } : undefined;
    const unsubscribe = () =>
      this.#sequence.run(UNSUBSCRIBE, () => this.#link.native.unsubscribe(filters, choice));
    this.#ask(
      () => this.#behind(this.#asking, filters, unsubscribe, this.#leaving),
      () => done(null, this.#answer("unsuback", id, filters.length) ?? acknowledgement("unsuback", id)),
      (/** @type {any} */ error) => {
        const packet =
          error.reasonCode === undefined ? undefined : this.#answer("unsuback", id, filters.length);
        // MQTT.js looks at no reason code of UNSUBACK.
        if (error.code === "UNSUBSCRIBE_FAILED") done(null, packet);
        else done(subscribeError(error, packet), ...(packet ? [packet] : []));
      },
    );
  }

  /**
   * Makes a call, without a connection behind those of the other kind with one of its filters: the core would forget them.
   * @param {Map<Promise<any>, string[]>} others @param {string[]} filters @param {() => Promise<any>} call @param {Map<Promise<any>, string[]>} own
   */
  #behind(others, filters, call, own) {
    const before = this.#client.connected
      ? []
      : [...others].flatMap(([answer, asked]) =>
          asked.some((one) => filters.includes(one)) ? [answer] : [],
        );
    const answer = before.length > 0 ? Promise.allSettled(before).then(call) : call();
    own.set(answer, filters);
    const end = () => own.delete(answer);
    answer.then(end, end);
    return answer;
  }

  /** The connection has closed. */
  closed() {
    for (const fail of [...this.#pending]) fail(new Error("Connection closed"));
    for (const withdrawal of this.#withdrawals) withdrawal.abort();
    this.answers = [];
  }

  /** Subscribes what another native client had. */
  restore() {
    for (const [topic, known] of this.#known) {
      const properties = nativeProperties(known.properties);
      this.#link.native
        .subscribe(nativeMap([{ topic, ...known }]), properties && { properties })
        .catch(() => {});
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
  #options({ qos, nl, rap, rh }, properties) {
    return this.#five ? { qos, nl, rap, rh, properties } : { qos };
  }

  /**
   * Calls back once, also when the connection closes before there is an answer.
   * @param {Callback} callback
   * @param {number} id
   * @param {string} cmd
   * @param {any[]} [asked]
   * @returns {Callback}
   */
  #await(callback, id, cmd, asked = []) {
    const { pending, options } = this.#client;
    const isMapped = options.resubscribe && asked.length > 0;
    if (isMapped) this.filtersById[id] = asked.map(({ topic }) => topic);
    /** @param {() => void} call */
    const end = (call) => {
      if (!this.#pending.delete(fail)) return;
      if (isMapped) delete this.filtersById[id];
      pending.delete(entry);
      call();
      this.#client.checkOutgoing();
    };
    /** @type {Callback} */
    const done = (...result) => end(() => callback(...result));
    /** @param {Error} error */
    const fail = ({ message }) => {
      if (asked.length === 0) return done(new Error(message));
      // Behind `close`, as behind the promise of MQTT.js.
      const call = () => callback(new ErrorWithSubackPacket(message, undefined), asked, undefined);
      end(() => queueMicrotask(call));
    };
    this.#pending.add(fail);
    if (!this.#client.connected) this.#client.queue.push({ packet: { cmd, messageId: id } });
    const entry = { id, volatile: true, cb: fail };
    pending.add(entry);
    return done;
  }

  /**
   * The last packet of those that have answered so many filters, with these codes; earlier ones are of calls that have
   * ended.
   * @param {string} cmd
   * @param {number} messageId
   * @param {number} length
   * @param {number[]} [granted]
   */
  #answer(cmd, messageId, length, granted) {
    const { subscribeBatchSize } = this.#client.options;
    const size = subscribeBatchSize > 0 ? Number(subscribeBatchSize) : Number.POSITIVE_INFINITY;
    const packets = this.answers.filter((one) => one.cmd === cmd);
    const count = Math.ceil(length / size) || 1;
    for (let end = count; end <= packets.length; end++) {
      const together = packets.slice(end - count, end);
      const codes = together.flatMap((one) => one.granted ?? []);
      // UNSUBACK of 3.1.1 has none.
      if (granted ? `${codes}` !== `${granted}` : codes.length > 0 && codes.length !== length) continue;
      const answer = packets[end - 1];
      this.answers.splice(0, this.answers.indexOf(answer) + 1);
      answer.messageId = messageId;
      return answer;
    }
    return undefined;
  }
}

/** For a call that another one's packet has answered, too. @param {string} cmd @param {number} messageId @param {number[]} [granted] */
const acknowledgement = (cmd, messageId, granted) => ({
  cmd,
  retain: false,
  qos: 0,
  dup: false,
  topic: null,
  payload: null,
  messageId,
  ...(granted && { granted }),
});

/** One filter or several; what is neither are none. @param {any} topics @returns {any[]} */
const listOf = (topics) => (Array.isArray(topics) ? topics : typeof topics === "string" ? [topics] : []);

/** @param {any[]} asked */
function nativeMap(asked) {
  /** @type {Record<string, any>} */
  const map = {};
  for (const { topic, qos, nl, rap, rh } of asked) {
    map[topic] = { qos, noLocal: nl, retainAsPublished: rap, retainHandling: rh };
    for (const [name, value] of Object.entries(map[topic])) if (value === undefined) delete map[topic][name];
  }
  return map;
}
