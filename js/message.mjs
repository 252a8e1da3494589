// A received message. All fields are own properties, so that it can be printed, copied, cloned and wrapped in a proxy. The
// payload is a copy that belongs to the user.

import { deliveryNow, deliveryOf } from "./unhandled.mjs";

const decoder = new TextDecoder();

export class Message {
  /**
   * @param {string} topic
   * @param {Uint8Array} payload
   * @param {number} flags QoS in bits 0-1, retain 4, dup 8
   * @param {Record<string, unknown>} [properties] MQTT 5
   */
  constructor(topic, payload, flags, properties) {
    this.topic = topic;
    this.payload = payload;
    this.qos = flags & 3;
    this.retain = (flags & 4) !== 0;
    this.dup = (flags & 8) !== 0;
    this.properties = properties;
  }

  /** The application has dealt with the message: for subscriptions with `ack: "manual"`. */
  ack() {
    deliveryOf(this)?.acknowledge();
  }

  /** Refuses the message, MQTT 5: its acknowledgement has this reason code. @param {unknown} reasonCode @param {unknown} [reasonString] */
  reject(reasonCode, reasonString) {
    deliveryNow(this)?.refuse(reasonCode, reasonString);
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
