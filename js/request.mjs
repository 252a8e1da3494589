// Request and response over MQTT 5 (§4.10): a request carries a response topic, and correlation data that assigns each
// response to its request. One subscription serves all requests of a client.

import { MqttError, noFunction } from "./errors.mjs";
import { sameAs } from "./identity.mjs";
import { checkTimeout, limited } from "./limits.mjs";
import { rejected } from "./pending.mjs";

/** @typedef {import("./message.mjs").Message} Message */
/** @typedef {{ resolve: (message: Message) => void, reject: (error: unknown) => void }} Waiting */

const DEFAULT_TIMEOUT = 30;

/** @param {number} length */
function randomText(length) {
  const bytes = crypto.getRandomValues(new Uint8Array(length));
  return Array.from(bytes, (byte) => (byte % 36).toString(36)).join("");
}

/** A copy of options; undefined if the core must reject them: as the copy of a Map they would be none. @param {any} options @returns {any} */
function copied(options) {
  try {
    const name = Object.prototype.toString.call(options ?? {});
    const isWrong = typeof (options ?? {}) !== "object" || /Map|Set|Promise|Date|Array|View/.test(name);
    return isWrong ? undefined : { ...options };
  } catch {
    return undefined;
  }
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

  /** @param {string} topic @param {unknown} payload @param {any} [given] @returns {Promise<Message>} */
  async request(topic, payload, given) {
    const copy = copied(given);
    const properties = copied(copy?.properties);
    // Without a topic, options or properties there is nothing to wait for: it rejects.
    const isTopic = typeof topic === "string";
    if (!isTopic || copy === undefined || properties === undefined)
      return this.#client.publish(topic, payload, isTopic ? given : undefined);
    const { timeout = DEFAULT_TIMEOUT, signal, ...options } = copy;
    checkTimeout(timeout, ` of a request to ${JSON.stringify(topic)}`);
    const id = String(++this.#count);
    properties.responseTopic = this.#topic;
    properties.correlationData = new TextEncoder().encode(id);
    const response = new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
    response.catch(() => {});
    const begin = async () => {
      // The subscription must exist before a response can arrive.
      await Promise.race([this.#subscribe(), response]);
      await Promise.race([
        this.#client.publish(topic, payload, { ...options, properties, signal }),
        response,
      ]);
      return response;
    };
    const late = `no response to the request to ${JSON.stringify(topic)} arrived within ${timeout} s; check that a responder is subscribed to this topic`;
    try {
      return await limited({ timeout, signal }, begin, () => {}, late);
    } finally {
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

  /** Rejects all requests: because the client is stopped, unless there is another error. @param {unknown} [error] */
  end(error) {
    const text = "the client was stopped before the response arrived; call start() and repeat the request";
    for (const { reject } of this.#waiting.values()) reject(error ?? new MqttError(text, "STOPPED"));
  }
}

/**
 * Answers requests: publishes what the handler returns to the response topic of the message.
 * @param {any} client @param {unknown} filter @param {(message: Message) => unknown} handler @param {any} [options]
 */
export function respond(client, filter, handler, options) {
  if (typeof handler !== "function") return rejected(noFunction("the handler of respond()", handler));
  const copy = copied(options);
  const qos = copy?.qos ?? 1;
  /** @param {unknown} _client @param {unknown} _userdata @param {any} message */
  const answer = async (_client, _userdata, message) => {
    const { responseTopic, correlationData } = message.properties ?? {};
    const payload = await handler(message);
    if (responseTopic !== undefined) {
      await client.publish(responseTopic, payload, { qos, properties: { correlationData } });
    }
  };
  return client.subscribe(filter, copy === undefined ? options : { ...copy, qos }, sameAs(answer, handler));
}
