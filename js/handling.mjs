// How the messages of a subscription are handled, where its options say so: how many at a time, what a failure means, and
// who acknowledges. Makes one handler of a handler and options; the core has checked both.

import { clearTimeout, setTimeout } from "./clock.mjs";
import { deliveryNow, IDLE } from "./unhandled.mjs";
import { Waiting } from "./waiting.mjs";

/** @typedef {import("./inbound.mjs").Handler} Handler */
/** @typedef {import("./unhandled.mjs").Delivery} Delivery */
/** @typedef {{ client: any, userdata: unknown, message: import("./message.mjs").Message, handler: Handler, delivery: Delivery }} Job */

const KEYS = ["concurrency", "ack", "onFailure", "retries", "retryDelay", "deadLetter"];
/** The longest delay between two attempts. */
const MAX_DELAY_S = 60;

/**
 * Options for the broker alone, and a handler that does what the others say.
 * @param {any} options
 * @param {Handler | undefined | null} handler
 * @param {() => Handler | null} others who gets the messages if there is no handler
 * @returns {Handler | undefined | null}
 */
export function handledBy(options, handler, others) {
  if (typeof options !== "object" || options === null) return handler;
  let given;
  try {
    given = { ...options };
  } catch {
    return handler; // the core says that it cannot be read
  }
  if (!KEYS.some((key) => given[key] !== undefined)) return handler;
  if (typeof (handler ?? others) !== "function") return handler;
  const turns = new Turns(given);
  return (client, userdata, message) => {
    const own = handler ?? others();
    return own ? turns.take(client, userdata, message, own) : IDLE;
  };
}

class Turns {
  /** @type {Waiting<Job>} */
  #waiting = new Waiting();
  #running = 0;
  #concurrency;
  #manual;
  #leaves;
  #retries;
  #retryDelay;
  #deadLetter;

  /** @param {any} options */
  constructor({ concurrency, ack, onFailure, retries, retryDelay, deadLetter }) {
    this.#concurrency = concurrency ?? Number.POSITIVE_INFINITY;
    this.#manual = ack === "manual";
    this.#leaves = onFailure === "leave";
    this.#retries = onFailure === "retry" ? (retries ?? 3) : 0;
    this.#retryDelay = retryDelay ?? 1;
    this.#deadLetter = deadLetter;
  }

  /** @param {any} client @param {unknown} userdata @param {import("./message.mjs").Message} message @param {Handler} handler */
  take(client, userdata, message, handler) {
    const delivery = /** @type {Delivery} */ (deliveryNow(message));
    const job = { client, userdata, message, handler, delivery };
    if (this.#running < this.#concurrency) {
      delivery.take();
      this.#run(job);
    } else {
      delivery.hold();
      this.#waiting.push(job);
    }
  }

  /** @param {Job} job */
  async #run(job) {
    const { delivery } = job;
    this.#running += 1;
    await this.#handle(job);
    this.#running -= 1;
    delivery.done();
    while (this.#running < this.#concurrency) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      next.delivery.resume();
      this.#run(next);
    }
  }

  /** @param {Job} job */
  async #handle(job) {
    const { client, userdata, message, handler, delivery } = job;
    for (let attempt = 0; ; attempt++) {
      try {
        await handler(client, userdata, message);
        if (this.#manual) await delivery.acknowledged();
        return;
      } catch (thrown) {
        if (delivery.ended) return delivery.report(client, thrown);
        if (attempt < this.#retries) {
          if (!(await pause(delivery, Math.min(this.#retryDelay * 2 ** attempt, MAX_DELAY_S)))) return;
        } else {
          return this.#fail(job, thrown);
        }
      }
    }
  }

  /** @param {Job} job @param {unknown} thrown */
  async #fail({ client, message, delivery }, thrown) {
    delivery.report(client, thrown);
    if (this.#deadLetter === undefined) {
      delivery.left ||= this.#leaves;
      return;
    }
    try {
      await client.publish(this.#deadLetter, message.payload, letter(client, message, thrown));
    } catch (cause) {
      delivery.left = true;
      const text = "its dead letter is refused: the message is left to the broker";
      delivery.report(client, new Error(text, { cause }));
    }
  }
}

/** The options of a dead letter. @param {any} client @param {any} message @param {unknown} thrown */
function letter(client, message, thrown) {
  const qos = Math.max(1, message.qos);
  if (client.mqttversion !== 5) return { qos };
  const { subscriptionIdentifier, topicAlias, ...kept } = message.properties ?? {};
  const deadLetterReason = reasonOf(thrown);
  const userProperties = { ...kept.userProperties, deadLetterTopic: message.topic, deadLetterReason };
  return { qos, properties: { ...kept, userProperties } };
}

/** Why the handler failed, as MQTT can carry it: anything can be thrown. @param {any} thrown */
function reasonOf(thrown) {
  try {
    return String(thrown?.message ?? thrown)
      .slice(0, 1000)
      .replace(/[\0\p{Cs}]/gu, "?");
  } catch {
    return ""; // it has no text
  }
}

/** Waits before another attempt; false if the message has been left to the broker meanwhile. @param {Delivery} delivery @param {number} seconds @returns {Promise<boolean>} */
function pause(delivery, seconds) {
  delivery.rest();
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      resolve(delivery.resume());
    };
    const timer = setTimeout(end, seconds * 1000);
    delivery.acknowledged().then(end);
  });
}
