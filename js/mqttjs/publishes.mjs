// Publishes in the manner of MQTT.js: its arguments, what is an exception, what callbacks get, and when none is called. Owns the
// aliases that an application gives itself; the client has those that are without an answer.

import { TopicAliases } from "./aliases.mjs";
import { publishError } from "./errors.mjs";
import { keepsMessages } from "./options.mjs";
import { nativeProperties } from "./properties.mjs";
import { MESSAGE } from "./sequence.mjs";
import { Withdrawal } from "./withdrawal.mjs";

/** Of the native client. */
export const STOPPED = "STOPPED";
/** Reason codes from here on are refusals. */
const REFUSED = 128;

/** @typedef {(error?: any, packet?: any) => void} Callback */
/** @typedef {{ topic: string, payload: any, qos: number, retain: boolean, properties: any }} Message */

export class Publishes {
  aliases = new TopicAliases();
  #client;
  #link;
  #sequence;

  /** @param {any} client @param {{ native: any }} link @param {import("./sequence.mjs").Sequence} sequence */
  constructor(client, link, sequence) {
    this.#client = client;
    this.#link = link;
    this.#sequence = sequence;
  }

  /** @param {any} given @param {any} payload @param {any} options @param {Callback} [callback] */
  publish(given, payload, options, callback) {
    const { retain, properties, cbStorePut } = options ?? {};
    const qos = options?.qos ?? 0;
    if (typeof payload !== "string" && !isPayload(payload))
      throw new TypeError(
        "the payload must be a string, a Buffer or another Uint8Array; for an object JSON.stringify(it)",
      );
    const topic = given instanceof Uint8Array ? given.toString() : given;
    const message = { topic, payload, qos, retain: Boolean(retain), properties };
    const client = this.#client;
    if (qos > 0) {
      this.#reliably(message, callback);
      cbStorePut?.();
    } else if (client.connected) {
      const sent = this.#send(message);
      if (callback)
        sent.then(
          () => call(callback),
          (/** @type {any} */ error) => error.code !== STOPPED && call(callback, publishError(error)),
        );
    } else if (client.queueQoSZero) {
      this.#queue(message, callback);
    } else {
      callback?.(new Error("No connection to broker"));
    }
  }

  /** @param {Message} message @param {Callback} [callback] */
  #queue(message, callback) {
    const client = this.#client;
    const { properties, ...packet } = message;
    client.queue.push({ packet: { cmd: "publish", ...packet } });
    const send = () =>
      this.#send(message).then(
        () => call(callback, undefined),
        (/** @type {any} */ error) => client.leave(error, send) || call(callback, publishError(error)),
      );
    send();
  }

  /** @param {Message} message @param {Callback} [callback] */
  #reliably(message, callback) {
    const client = this.#client;
    // While connected it is on the wire at once.
    const withdrawal = client.connected ? undefined : new Withdrawal();
    const { qos, topic } = message;
    /** @type {any} */
    const entry = { id: client._nextId(), volatile: false, cb: callback, withdrawal, qos, topic };
    client.pending.add(entry);
    const { id: messageId } = entry;
    /** @param {any} error @param {any} packet */
    const called = (error, packet) => {
      client.messageIdProvider.deallocate(messageId);
      call(callback, error, packet);
      if (client.disconnecting) client.checkOutgoing();
    };
    // What MQTT.js has in its store at the end: of QoS 2 PUBREL.
    const completed = () =>
      qos === 2 ? { cmd: "pubrel", qos, messageId } : { cmd: "publish", ...message, messageId, dup: false };
    /** @param {number | undefined} reasonCode */
    const refused = (reasonCode) => ({ cmd: qos === 2 ? "pubrec" : "puback", messageId, reasonCode });
    if (keepsMessages(client.options)) client.kept.add(entry);
    const send = () =>
      this.#send(message, withdrawal).then(
        () => {
          client.kept.delete(entry);
          if (client.completed(entry)) called(null, completed());
        },
        (/** @type {any} */ error) => {
          if (error.code === STOPPED && client.kept.has(entry)) {
            // The store has it: a later connection completes it.
            entry.completed = (/** @type {number} */ reasonCode) => {
              client.kept.delete(entry);
              if (!client.completed(entry)) return;
              const failed = reasonCode >= REFUSED ? publishError({ reasonCode }) : null;
              queueMicrotask(() => called(failed, failed ? refused(reasonCode) : completed()));
            };
            return;
          }
          client.kept.delete(entry);
          if (!client.pending.has(entry) || client.leave(error, send)) return;
          client.pending.delete(entry);
          called(publishError(error), refused(error.reasonCode));
        },
      );
    send();
  }

  /** @param {Message} message @param {Withdrawal} [signal] @returns {Promise<any>} */
  #send({ topic, payload, qos, retain, properties }, signal) {
    const client = this.#client;
    /** @type {any} */
    const options = { qos, retain };
    let name = topic;
    if (properties && client.options.protocolVersion === 5) {
      // With that of a message that was received a client would break [MQTT-3.3.4-6].
      const { subscriptionIdentifier: _, ...others } = properties;
      options.properties = nativeProperties(others);
      if (properties.topicAlias > 0) name = this.aliases.apply(topic, options, client.connected);
    }
    if (signal !== undefined) options.signal = signal;
    const sequence = this.#sequence;
    if (sequence.isHolding)
      return sequence.run(MESSAGE, () => this.#link.native.publish(name, payload, options));
    const sent = this.#link.native.publish(name, payload, options);
    sequence.published();
    return sent;
  }
}

/** What a callback throws is an uncaught exception, and not a rejection of the promise that it stands behind. @param {Callback | undefined} callback @param {any[]} given */
function call(callback, ...given) {
  try {
    callback?.(...given);
  } catch (thrown) {
    queueMicrotask(() => {
      throw thrown;
    });
  }
}

/** @param {any} payload */
const isPayload = (payload) =>
  payload == null ||
  ArrayBuffer.isView(payload) ||
  payload instanceof ArrayBuffer ||
  /number|boolean/.test(typeof payload);
