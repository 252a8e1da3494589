// A received message as the user sees it. The payload is the user's own copy.

const decoder = new TextDecoder();

export class Message {
  /**
   * @param {string} topic
   * @param {Uint8Array} payload
   * @param {number} flags QoS in bits 0-1, retain 4, dup 8
   */
  constructor(topic, payload, flags) {
    this.topic = topic;
    this.payload = payload;
    this.qos = flags & 3;
    this.retain = (flags & 4) !== 0;
    this.dup = (flags & 8) !== 0;
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
