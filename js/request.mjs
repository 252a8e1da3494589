// Request and response over MQTT 5 (§4.10): a request carries a response topic, and correlation data that assigns each
// response to its request. One subscription serves all requests of a client.

import { clearTimeout, setTimeout } from "./clock.mjs";
import { MqttError } from "./errors.mjs";

/** @typedef {import("./message.mjs").Message} Message */
/** @typedef {{ resolve: (message: Message) => void, reject: (error: unknown) => void }} Waiting */

const DEFAULT_TIMEOUT = 30;

/** @param {number} length */
function randomText(length) {
  const bytes = crypto.getRandomValues(new Uint8Array(length));
  return Array.from(bytes, (byte) => (byte % 36).toString(36)).join("");
}

/** @param {any} timeout @param {string} topic */
function checkTimeout(timeout, topic) {
  if (typeof timeout === "number" && timeout > 0 && timeout <= 2_147_483) return;
  const text = `timeout of a request to "${topic}" must be a number of seconds above 0, at most 2147483; ${timeout} was given`;
  throw Object.assign(new RangeError(text), { code: "OUT_OF_RANGE" });
}

export class Requests {
  /** @type {any} */
  #client;
  #topic = `mqttlib/response/${randomText(20)}`;
  /** @type {Promise<unknown> | null} */
  #subscribed = null;
  /** By correlation data. @type {Map<string, Waiting>} */
  #waiting = new Map();
  #count = 0;

  /** @param {object} client */
  constructor(client) {
    this.#client = client;
  }

  /** @param {string} topic @param {unknown} payload @param {any} [options] @returns {Promise<Message>} */
  async request(topic, payload, { timeout = DEFAULT_TIMEOUT, ...options } = {}) {
    checkTimeout(timeout, topic);
    const id = String(++this.#count);
    const properties = {
      ...options.properties,
      responseTopic: this.#topic,
      correlationData: new TextEncoder().encode(id),
    };
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    let timer;
    const response = new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      const text = `no response to the request to "${topic}" arrived within ${timeout} s; check that a responder is subscribed to this topic`;
      timer = setTimeout(() => reject(new MqttError(text, "TIMEOUT")), timeout * 1000);
    });
    response.catch(() => {});
    try {
      // The subscription must exist before a response can arrive.
      await Promise.race([this.#subscribe(), response]);
      await Promise.race([this.#client.publish(topic, payload, { ...options, properties }), response]);
      return await response;
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(id);
    }
  }

  #subscribe() {
    this.#subscribed ??= this.#client
      .subscribe(
        this.#topic,
        { qos: 1 },
        /** @param {unknown} _client @param {unknown} _userdata @param {Message} message */
        (_client, _userdata, message) => this.#onResponse(message),
      )
      .catch((/** @type {unknown} */ error) => {
        this.#subscribed = null;
        throw error;
      });
    return this.#subscribed;
  }

  /** @param {Message} message */
  #onResponse(message) {
    const data = /** @type {any} */ (message).properties?.correlationData;
    if (data !== undefined) this.#waiting.get(new TextDecoder().decode(data))?.resolve(message);
  }

  /** Rejects all requests, because the client is stopped. */
  end() {
    const text = "the client was stopped before the response arrived; call start() and repeat the request";
    for (const { reject } of this.#waiting.values()) reject(new MqttError(text, "STOPPED"));
  }
}

/**
 * Answers requests: publishes what the handler returns to the response topic of the message.
 * @param {any} client @param {unknown} filter @param {(message: Message) => unknown} handler @param {any} [options]
 */
export function respond(client, filter, handler, options) {
  const { qos = 1 } = options ?? {};
  /** @param {unknown} _client @param {unknown} _userdata @param {any} message */
  const answer = async (_client, _userdata, message) => {
    const { responseTopic, correlationData } = message.properties ?? {};
    const payload = await handler(message);
    if (responseTopic !== undefined) {
      await client.publish(responseTopic, payload, { qos, properties: { correlationData } });
    }
  };
  return client.subscribe(filter, { qos, ...options }, answer);
}
