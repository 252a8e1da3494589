// Publishes whose messages a store of MQTT.js keeps over the end of the client, so that a later connection completes them and
// their callbacks are called then. The promises of the core end with the client; so this watches the packets on the wire.
// Owns which message has which packet identifier; nothing of it is needed without such a store.

import { topicAndIdOf } from "./framer.mjs";

// Packet types (§2.2.1).
const CONNACK = 2;
const PUBLISH = 3;
const PUBACK = 4;
const PUBREC = 5;
const PUBCOMP = 7;
/** Reason codes from here on are refusals. */
const REFUSED = 128;

/** What is to be seen of packets, sent and received, by their types. */
export const WATCHED = (1 << PUBLISH) | (1 << PUBACK) | (1 << PUBREC) | (1 << PUBCOMP);

/** @typedef {{ qos: number, topic: string, completed?: (reasonCode: number) => void }} Entry */

export class Kept {
  /** In the order of the calls. @type {Set<Entry>} */
  #entries = new Set();
  /** Without a packet identifier, by QoS: in this order they are sent. @type {Entry[][]} */
  #unsent = [[], [], []];
  /** By packet identifier. @type {Map<number, Entry>} */
  #sent = new Map();

  get isEmpty() {
    return this.#entries.size === 0;
  }

  /** @param {Entry} entry */
  add(entry) {
    this.#entries.add(entry);
    this.#unsent[entry.qos].push(entry);
  }

  /** @param {Entry} entry */
  has(entry) {
    return this.#entries.has(entry);
  }

  /** @param {Entry} entry */
  delete(entry) {
    this.#entries.delete(entry);
  }

  clear() {
    this.#entries.clear();
    this.#restart();
  }

  /** The packet identifiers mean nothing any more: all is sent again as new. */
  #restart() {
    this.#sent.clear();
    this.#unsent = [0, 1, 2].map((qos) => [...this.#entries].filter((entry) => entry.qos === qos));
  }

  /** @param {Uint8Array} packet @param {number} type @param {boolean} sent */
  saw(packet, type, sent) {
    if (sent) {
      if (type === PUBLISH && (packet[0] & 6) > 0) this.#published(packet);
    } else if (type === CONNACK) {
      const isNewSession = packet[3] === 0 && (packet[2] & 1) === 0;
      if (isNewSession) this.#restart();
    } else if (type === PUBACK || type === PUBREC || type === PUBCOMP) {
      this.#answered(packet, type);
    }
  }

  /** @param {Uint8Array} packet */
  #published(packet) {
    const [topic, id] = topicAndIdOf(packet);
    const known = this.#sent.get(id);
    if (known !== undefined && this.#entries.has(known)) return;
    const unsent = this.#unsent[(packet[0] >> 1) & 3];
    while (unsent.length > 0 && !this.#entries.has(unsent[0])) unsent.shift();
    // Messages of an earlier client with this store are sent, too. An alias stands for a topic.
    const at = unsent.findIndex((entry) => entry.topic === topic || entry.topic === "" || topic === "");
    const [entry] = at < 0 ? [] : unsent.splice(at, 1);
    if (entry !== undefined) this.#sent.set(id, entry);
  }

  /** @param {Uint8Array} packet @param {number} type */
  #answered(packet, type) {
    const id = packet[2] * 256 + packet[3];
    // MQTT 3.1.1 has no reason code.
    const code = packet.length > 4 ? packet[4] : 0;
    if (type === PUBREC && code < REFUSED) return;
    const entry = this.#sent.get(id);
    this.#sent.delete(id);
    if (entry !== undefined && this.#entries.has(entry)) entry.completed?.(code);
  }
}
