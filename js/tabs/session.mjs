// One member of a shared connection as the hub sees it: the broker's side of MQTT, without what concerns the network. Owns packet
// identifiers in both directions and what is not acknowledged; the hub decides what is delivered and what is published.

import { Pace } from "./pace.mjs";
import * as packets from "./packets.mjs";

/** How many messages of QoS 0 wait for a member that is not connected. */
const MAX_WAITING = 1000;
/** A tab that has not answered for so long is frozen or busy: nobody else waits for it any more. */
const ASLEEP_MS = 5000;
/** It is asked at most that often. */
const ASK_MS = 1000;
/** How many messages are kept for a tab that is asleep, or slow. */
const MOST_ASLEEP = 10_000;
const MAX_RECEIVE = 65_535;
const UNSPECIFIED = 0x80;
const UNSUPPORTED_VERSION = [0x84, 1];
/** What the hub does by itself, or what is none of a member's business. */
const OWN = [
  "serverKeepAlive",
  "topicAliasMaximum",
  "subscriptionIdentifiersAvailable",
  "sessionExpiryInterval",
  "receiveMaximum",
];

/**
 * A message for the member.
 * @typedef {object} Job
 * @property {any} message
 * @property {number} qos
 * @property {any} properties
 * @property {(code?: number) => void} done
 * @property {number} id
 * @property {number} since
 * @property {boolean} isHeld
 * @property {boolean} sent
 * @property {boolean} released
 */
/** @typedef {{ qos: number, granted: number, options: any, identifier: number | undefined, freshUntil: number, seen: Set<string> }} Subscription */

export class Session {
  /** By filter. @type {Map<string, Subscription>} */
  subscriptions = new Map();
  /** Filters that the hub has restored, and the member need not ask for again. @type {Set<string>} */
  restored = new Set();
  isOpen = false;
  /** It has sent CONNECT, and awaits CONNACK. */
  isWaiting = false;
  #known;
  #five = false;
  #receiveMaximum = MAX_RECEIVE;
  #socket = 0;
  /** @type {packets.Framer | undefined} */
  #framer;
  #lastId = 0;
  /** Sent and not acknowledged, by packet identifier. @type {Map<number, Job>} */
  #unacknowledged = new Map();
  /** What is to be sent, in its order. @type {Job[]} */
  #queue = [];
  #pace = new Pace(
    () => [...this.#unacknowledged.values(), ...this.#queue.filter(({ qos }) => qos > 0)],
    () => this.hub.isHeldUp,
    MOST_ASLEEP,
  );
  /** Packet identifiers of the member's publishes which are on their way. @type {Set<number>} */
  #publishing = new Set();
  /** Of those of QoS 2: published, and not released. @type {Set<number>} */
  #published = new Set();
  #isAsleep = false;
  /** Messages since it is asleep. */
  #behind = 0;
  #askedAt = Number.NEGATIVE_INFINITY;
  /** Until it is asleep. @type {ReturnType<typeof setTimeout> | undefined} */
  #answers;

  /**
   * @param {import("./hub.mjs").Hub} hub
   * @param {string} id
   * @param {(message: object) => void} post
   * @param {any} credentials
   * @param {boolean} known whether a hub has had it before
   */
  constructor(hub, id, post, credentials, known) {
    this.hub = hub;
    this.id = id;
    this.post = post;
    this.credentials = credentials;
    this.#known = known;
  }

  // ---- the socket

  /** @param {number} number */
  open(number) {
    this.#down();
    this.#socket = number;
    this.#framer = new packets.Framer(
      () => packets.WHOLE,
      (bytes) => this.#received(packets.readPacket(bytes, this.#five || isFive(bytes))),
    );
    this.post({ type: "opened", number });
  }

  /** @param {number} number @param {Uint8Array} bytes */
  receive(number, bytes) {
    if (number === this.#socket) this.#framer?.push(bytes);
  }

  /** The member has closed it. @param {number} number */
  closed(number) {
    if (number === this.#socket) this.#down();
  }

  /** @param {string} reason */
  close(reason) {
    if (this.#framer !== undefined) this.post({ type: "closed", number: this.#socket, reason });
    this.#down();
  }

  #down() {
    this.#framer = undefined;
    this.isOpen = this.isWaiting = false;
  }

  /** @param {Uint8Array} bytes */
  #send(bytes) {
    if (this.#framer !== undefined) this.post({ type: "data", number: this.#socket, bytes });
  }

  // ---- CONNECT

  /** The connection to the broker is there. @param {number} version @param {boolean} present @param {any} properties */
  accept(version, present, properties) {
    if (this.#five && version !== 5) return this.refuse(UNSUPPORTED_VERSION);
    const kept = present && this.#known;
    const shown = { ...properties };
    for (const name of OWN) delete shown[name];
    this.isWaiting = false;
    this.isOpen = true;
    this.#known = true;
    this.#send(packets.connack(this.#five, 0, kept, shown));
    if (!kept) this.#published.clear();
    for (const job of this.#unacknowledged.values()) this.#deliver(job);
    this.#flush();
  }

  /** Sends its queue, in order, as far as the member takes it (§3.1.2.11.3). */
  #flush() {
    while (this.isOpen && this.#queue.length > 0) {
      const [{ qos }] = this.#queue;
      if (qos > 0 && this.#unacknowledged.size >= this.#receiveMaximum) return;
      this.#deliver(/** @type {Job} */ (this.#queue.shift()));
    }
  }

  /** The codes of MQTT 5 and of 3.1.1. @param {number[]} codes */
  refuse([five, four]) {
    this.#send(packets.connack(this.#five, this.#five ? five : four, false));
    this.close("");
  }

  // ---- messages for the member

  /**
   * Resolves when the member has dealt with it, with its reason code; at QoS 0 at once.
   * @param {any} message
   * @param {number} qos
   * @param {number[]} identifiers
   * @returns {Promise<number | void>}
   */
  deliver(message, qos, identifiers) {
    const { subscriptionIdentifier: _, topicAlias: __, ...given } = message.properties ?? {};
    const properties = identifiers.length > 0 ? { ...given, subscriptionIdentifier: identifiers } : given;
    this.#ask();
    if (this.#isAsleep) this.#behind += 1;
    if (this.#behind > MOST_ASLEEP) return Promise.resolve();
    return new Promise((done) => {
      /** @type {Job} */
      const job = {
        message,
        qos,
        properties,
        done,
        id: 0,
        since: performance.now(),
        isHeld: true,
        sent: false,
        released: false,
      };
      const waits = !this.isOpen || this.#queue.length > 0;
      if (qos > 0 || !waits || this.#queue.length < MAX_WAITING) this.#queue.push(job);
      if (qos > 0) this.#pace.began(job);
      this.#flush();
      if (qos === 0 || this.#isAsleep) done();
    });
  }

  /** Whether the tab is awake: its handlers may take their time, but it answers. */
  #ask() {
    const now = performance.now();
    if (this.#answers !== undefined || now - this.#askedAt < ASK_MS) return;
    this.#askedAt = now;
    this.post({ type: "ping" });
    this.#answers = setTimeout(() => {
      this.#isAsleep = true;
      for (const job of [...this.#unacknowledged.values(), ...this.#queue]) job.done();
    }, ASLEEP_MS);
  }

  /** How many messages the broker is not told of because of this tab. */
  get held() {
    return this.#pace.held;
  }

  /** It has answered. What was not kept for it is lost with its session. */
  awake() {
    this.rest();
    const hasMissed = this.#behind > MOST_ASLEEP;
    this.#isAsleep = false;
    this.#behind = 0;
    if (!hasMissed) return;
    this.#known = false;
    this.close(`the tab was asleep, and more than ${MOST_ASLEEP} messages came`);
  }

  /** Nothing is asked of it. */
  rest() {
    clearTimeout(this.#answers);
    this.#answers = undefined;
  }

  /** The hub has let it go, or is gone itself. */
  leave() {
    this.rest();
    this.#pace.end();
  }

  /** @param {Job} job */
  #deliver(job) {
    const { message, qos, properties } = job;
    if (qos > 0 && job.id === 0) {
      do this.#lastId = (this.#lastId % 65_535) + 1;
      while (this.#unacknowledged.has(this.#lastId));
      job.id = this.#lastId;
      this.#unacknowledged.set(job.id, job);
    }
    if (job.released) this.#send(packets.pubrel(this.#five, job.id));
    else this.#send(packets.publish(this.#five, message, qos, job.id, job.sent || message.dup, properties));
    job.sent = true;
  }

  /** @param {number} id @param {number} [code] */
  #acknowledged(id, code) {
    const job = this.#unacknowledged.get(id);
    if (job === undefined) return;
    this.#unacknowledged.delete(id);
    job.done(code);
    this.#pace.ended();
    this.#flush();
  }

  /** The member is gone: nobody is to wait for it. */
  end() {
    this.close("");
    for (const job of [...this.#unacknowledged.values(), ...this.#queue]) job.done();
  }

  // ---- packets of the member

  /** @param {any} packet */
  #received(packet) {
    const { cmd, messageId: id } = packet;
    if (cmd === "connect") {
      this.#five = packet.protocolVersion === 5;
      this.#receiveMaximum = packet.properties?.receiveMaximum ?? MAX_RECEIVE;
      this.isWaiting = true;
      this.hub.wants();
    } else if (!this.isOpen) return;
    else if (cmd === "publish") this.#publish(packet);
    else if (cmd === "puback") this.#acknowledged(id, packet.reasonCode);
    else if (cmd === "pubrec") this.#recorded(id, packet.reasonCode);
    else if (cmd === "pubcomp") this.#acknowledged(id);
    else if (cmd === "pubrel") {
      this.#published.delete(id);
      this.#send(packets.pubcomp(this.#five, id));
    } else if (cmd === "subscribe") this.#subscribe(packet);
    else if (cmd === "unsubscribe") this.#unsubscribe(packet);
    else if (cmd === "pingreq") this.#send(packets.pingresp());
    else if (cmd === "disconnect") this.hub.remove(this.id);
  }

  /** PUBREC. @param {number} id @param {number} code */
  #recorded(id, code) {
    if (code >= UNSPECIFIED) return this.#acknowledged(id, code);
    const job = this.#unacknowledged.get(id);
    if (job !== undefined) job.released = true;
    this.#send(packets.pubrel(this.#five, id));
  }

  /** @param {any} packet */
  async #publish({ topic, payload, qos, retain, messageId: id, dup, properties }) {
    const options = { qos, retain, ...(properties && { properties }) };
    if (qos === 0) return this.hub.publish(topic, payload, options).catch(() => {});
    const acknowledge = qos === 1 ? packets.puback : packets.pubrec;
    if (this.#published.has(id)) return this.#send(acknowledge(this.#five, id));
    if (dup && this.#publishing.has(id)) return;
    this.#publishing.add(id);
    try {
      const result = await this.hub.publish(topic, payload, options);
      if (qos === 2) this.#published.add(id);
      this.#send(acknowledge(this.#five, id, result?.reasonCode, result?.properties));
    } catch (/** @type {any} */ error) {
      if (error?.code === "STOPPED") return;
      // MQTT 3.1.1 knows no refusal: as a broker, the hub closes the connection.
      if (!this.#five) return this.close(error?.message ?? "");
      const code = error?.reasonCode >= UNSPECIFIED ? error.reasonCode : UNSPECIFIED;
      this.#send(acknowledge(this.#five, id, code, { reasonString: error?.message }));
    } finally {
      this.#publishing.delete(id);
    }
  }

  /** @param {any} packet */
  async #subscribe({ messageId, subscriptions, properties }) {
    const identifier = properties?.subscriptionIdentifier;
    const codes = await Promise.all(
      subscriptions.map((/** @type {any} */ { topic, qos, nl, rap, rh }) => {
        const options = this.#five ? { noLocal: nl, retainAsPublished: rap, retainHandling: rh } : {};
        return this.hub.routes.subscribe(this, topic, qos, options, identifier);
      }),
    );
    this.#tell();
    this.#send(packets.suback(this.#five, messageId, codes));
  }

  /** @param {any} packet */
  async #unsubscribe({ messageId, unsubscriptions }) {
    const codes = await Promise.all(
      unsubscriptions.map((/** @type {string} */ filter) => this.hub.routes.unsubscribe(this, filter)),
    );
    this.#tell();
    this.#send(packets.unsuback(this.#five, messageId, codes));
  }

  /** The member keeps its subscriptions, for the next hub. */
  #tell() {
    const subscriptions = Array.from(this.subscriptions, ([filter, { qos, options, identifier }]) => ({
      filter,
      qos,
      options,
      identifier,
    }));
    this.post({ type: "subscriptions", subscriptions });
  }
}

const CONNECT = 0x10;
/** Where the version is in a CONNECT, behind the header of two bytes or more and the name of the protocol. */
const VERSION_AT = 6;

/** Whether it is a CONNECT of MQTT 5. @param {Uint8Array} bytes */
function isFive(bytes) {
  if (bytes[0] !== CONNECT) return false;
  let body = 1;
  while (bytes[body] >= 128) body += 1;
  return bytes[body + 1 + VERSION_AT] === 5;
}
