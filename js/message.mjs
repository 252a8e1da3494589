// A received message as the user sees it. The payload is the user's own copy; properties are taken apart when
// somebody looks at them.

import { properties } from "../pkg/mqtt_lib.js";

const decoder = new TextDecoder();

export class Message {
  /** Encoded, until they are asked for. @type {Uint8Array | Record<string, unknown> | undefined} */
  #properties;

  /**
   * @param {string} topic
   * @param {Uint8Array} payload
   * @param {number} flags QoS in bits 0-1, retain 4, dup 8
   * @param {Uint8Array} [list] encoded properties, MQTT 5
   */
  constructor(topic, payload, flags, list) {
    this.topic = topic;
    this.payload = payload;
    this.qos = flags & 3;
    this.retain = (flags & 4) !== 0;
    this.dup = (flags & 8) !== 0;
    this.#properties = list;
  }

  /** MQTT 5 properties; undefined if there are none. */
  get properties() {
    if (this.#properties instanceof Uint8Array) this.#properties = properties(this.#properties);
    return this.#properties;
  }

  /** The payload as UTF-8 text. */
  text() {
    return decoder.decode(this.payload);
  }

  /** The payload as JSON. */
  json() {
    return JSON.parse(this.text());
  }
}
