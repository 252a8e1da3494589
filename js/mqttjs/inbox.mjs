// What becomes of a received message: the event `message`, then `handleMessage`, and the acknowledgement when that has called
// back; before both `customHandleAcks`. One message after the other, as in MQTT.js. Never acknowledges itself: a promise
// that the core awaits does.

import { messageIdOf } from "./framer.mjs";
import { withBuffers } from "./packets.mjs";
import { platform } from "./platform.mjs";

/** What `customHandleAcks` may answer. */
const CODES = [0, 16, 128, 131, 135, 144, 145, 151, 153];
const REFUSAL = 128;
// Packet types (§2.2.1).
const CONNACK = 2;
const PUBLISH = 3;
const PUBREL = 6;
/** More identifiers than messages can be on their way: then they are not worth keeping. */
const MAX_IDS = 65_535;

/** The outcome of a message whose handling failed: the core does not acknowledge it on this connection, and goes on. */
const LEFT = Symbol.for("mqtt-lib.left");

/** @typedef {typeof LEFT | undefined} Outcome */

/** `handleMessage` where the application has none. @param {any} _packet @param {(error?: Error) => void} done */
export function handleMessage(_packet, done) {
  done();
}

export class Inbox {
  #client;
  /** Settles when the message before has been handled. @type {Promise<Outcome> | undefined} */
  #before;
  /** QoS and packet identifier of messages that the core has not delivered yet. @type {[number, number][]} */
  #ids = [];
  /** Packet identifiers of QoS 2 between PUBLISH and PUBREL (§4.3.3). @type {Set<number>} */
  #unreleased = new Set();

  /** @param {any} client */
  constructor(client) {
    this.#client = client;
  }

  /** A packet has arrived: which message of QoS 1 or 2 the core delivers next. @param {Uint8Array} packet @param {number} type */
  arrived(packet, type) {
    if (type === PUBLISH && (packet[0] & 6) > 0) {
      const [qos, id] = [(packet[0] >> 1) & 3, messageIdOf(packet)];
      // What the broker repeats before its PUBREL is not delivered again.
      if (qos === 2 && this.#unreleased.has(id)) return;
      if (qos === 2) this.#unreleased.add(id);
      if (this.#ids.length < MAX_IDS) this.#ids.push([qos, id]);
    } else if (type === PUBREL) {
      this.#unreleased.delete(packet[2] * 256 + packet[3]);
    } else if (type === CONNACK && (packet[2] & 1) === 0) {
      this.#unreleased.clear();
    }
  }

  /** The connection has ended: what was not acknowledged comes again. Messages of the next one wait for no handler of this one. */
  reset() {
    this.#ids = [];
    this.#before = undefined;
  }

  /** @param {any} message of the native client @returns {Promise<Outcome> | undefined} */
  receive(message) {
    const client = this.#client;
    const packet = this.#packet(message);
    const { customHandleAcks } = client.options;
    const isPlain = client.handleMessage === handleMessage && this.#before === undefined;
    if (isPlain && customHandleAcks === undefined) {
      client.emit("message", packet.topic, packet.payload, packet);
      return undefined;
    }
    const handled = this.#before === undefined ? this.#handle(message, packet) : this.#queue(message, packet);
    if (handled === undefined) return undefined;
    if (handled === LEFT) return Promise.resolve(LEFT);
    // The turn of the next message comes when this one is handled, acknowledged or not.
    const turn = handled.finally(() => {
      if (this.#before === turn) this.#before = undefined;
    });
    this.#before = turn;
    return turn;
  }

  /** @param {any} message @param {any} packet @returns {Promise<Outcome>} */
  async #queue(message, packet) {
    await this.#before?.catch(() => {});
    return this.#handle(message, packet);
  }

  /** undefined if the message is handled when this returns. @param {any} message @param {any} packet @returns {Promise<Outcome> | Outcome} */
  #handle(message, packet) {
    const { customHandleAcks } = this.#client.options;
    if (customHandleAcks === undefined || packet.qos === 0) return this.#emit(packet);
    return this.#ask(customHandleAcks, message, packet);
  }

  /** @param {Function} customHandleAcks @param {any} message @param {any} packet @returns {Promise<Outcome> | Outcome} */
  #ask(customHandleAcks, message, packet) {
    return callback(
      (done) => customHandleAcks(packet.topic, packet.payload, packet, done),
      (error, given) => {
        const code = typeof error === "number" ? error : (given ?? 0);
        if (error && typeof error !== "number") return this.#fail(error);
        if (!CODES.includes(code)) {
          return this.#fail(new Error(`Wrong reason code for ${packet.qos === 1 ? "puback" : "pubrec"}`));
        }
        if (code === 0) return this.#emit(packet);
        if (code >= REFUSAL) message.reject(code);
        return undefined;
      },
    );
  }

  /** @param {any} packet @returns {Promise<Outcome> | Outcome} */
  #emit(packet) {
    const client = this.#client;
    client.emit("message", packet.topic, packet.payload, packet);
    if (client.handleMessage === handleMessage) return undefined;
    return callback(
      (done) => client.handleMessage(packet, done),
      (error) => (error && packet.qos > 0 ? LEFT : undefined),
    );
  }

  /** @param {Error} error @returns {Outcome} */
  #fail(error) {
    this.#client.emit("error", error);
    return LEFT;
  }

  /** As `mqtt-packet` shows it. @param {any} message @returns {any} */
  #packet({ topic, payload, qos, retain, dup, properties }) {
    const packet = { cmd: "publish", retain, qos, dup, topic, payload: platform.bytes(payload) };
    if (qos > 0) /** @type {any} */ (packet).messageId = this.#idOf(qos);
    if (properties) /** @type {any} */ (packet).properties = withBuffers(properties);
    return packet;
  }

  /** Of messages that the core did not deliver, such as too large ones, identifiers of another QoS are passed over. @param {number} qos */
  #idOf(qos) {
    for (let next = this.#ids.shift(); next !== undefined; next = this.#ids.shift()) {
      if (next[0] === qos) return next[1];
    }
    return undefined;
  }
}

/**
 * Calls a function that takes a callback, and then `then` with what it got, at once where that can be.
 * @param {(done: (error?: any, value?: any) => void) => void} call
 * @param {(error: any, value: any) => Promise<Outcome> | Outcome} then
 * @returns {Promise<Outcome> | Outcome}
 */
function callback(call, then) {
  /** @type {[any, any][]} */
  const answers = [];
  /** @type {((value?: any) => void) | undefined} */
  let resolve;
  call((error, value) => {
    if (answers.push([error, value]) === 1) resolve?.(then(error, value));
  });
  if (answers.length === 0) {
    return new Promise((settle) => {
      resolve = settle;
    });
  }
  /** @type {Promise<Outcome> | Outcome} */
  let outcome;
  // An error, and then all is well: an application without a return, which MQTT.js takes at its last word.
  for (const answer of answers) {
    outcome = then(...answer);
    if (outcome !== LEFT) break;
  }
  return outcome;
}
