// Received messages: copied out of the memory of the core, then passed to handlers, `on_message` and iterators. All
// messages of a chunk are copied before user code runs, because user code may make the memory grow.

import {
  properties as decodeProperties,
  route as routeOf,
  thrown as reportThrown,
  topic as topicOf,
} from "../pkg/mqtt_lib.js";
import { Message } from "./message.mjs";
import { memoryBytes, memoryWords } from "./runtime.mjs";

/** @typedef {(client: object | undefined, userdata: unknown, message: Message) => unknown} Handler */
/** Handlers of a topic: the only handler of a subscription; or whether any of them belongs to a subscription, then all. @typedef {Handler | [boolean, ...Handler[]]} Route */

const HANDLER = "a message handler";
/** @type {Route[]} */
const NO_ROUTES = [];
/** 32-bit words of a message view, as the engine writes it. */
const WORDS = 6;

/** @param {Uint8Array} bytes @param {number} from @param {number} length */
const part = (bytes, from, length) => bytes.slice(from, from + length);

export class Inbound {
  /** Topic names by number. @type {string[] | null} */
  #topics = null;
  /** @type {Route[]} */
  #routes = NO_ROUTES;
  #epoch = -1;
  /** @type {Handler | null} */
  on_message = null;
  /** Called with every message: iterators without a filter. @type {Set<Handler> | null} */
  #watchers = null;
  #core;
  #client;
  #userdata;

  /** @param {{ number: number }} core the number of the client @param {WeakRef<object>} client @param {unknown} userdata */
  constructor(core, client, userdata) {
    this.#core = core;
    this.#client = client;
    this.#userdata = userdata;
  }

  /** Calls `watcher` with every message until the returned function is called. @param {Handler} watcher */
  watch(watcher) {
    this.#watchers ??= new Set();
    this.#watchers.add(watcher);
    return () => this.#watchers?.delete(watcher);
  }

  /**
   * @param {number} views address of six words for each message: topic, offset and length of the payload, flags, offset
   *   and length of the properties
   * @param {number} count number of messages
   * @param {number} base address that the offsets are relative to
   * @param {number} epoch of the topic numbers
   */
  receive(views, count, base, epoch) {
    if (this.#topics === null || epoch !== this.#epoch) {
      this.#topics = [];
      this.#routes = [];
      this.#epoch = epoch;
    }
    const topics = this.#topics;
    const client = this.#client.deref();
    let words = memoryWords();
    let bytes = memoryBytes();
    /** @type {Message[]} */
    const messages = new Array(count);
    /** @type {Route[]} */
    const routes = new Array(count);
    for (let i = 0, at = views >>> 2; i < count; i++, at += WORDS) {
      const number = words[at];
      if (topics[number] === undefined) {
        topics[number] = this.#newTopic(number);
        words = memoryWords();
        bytes = memoryBytes();
      }
      const payload = part(bytes, base + words[at + 1], words[at + 2]);
      const flags = words[at + 3];
      let properties;
      if (words[at + 5] > 0) {
        properties = decodeProperties(part(bytes, base + words[at + 4], words[at + 5]));
        words = memoryWords();
        bytes = memoryBytes();
      }
      messages[i] = new Message(topics[number], payload, flags, properties);
      routes[i] = this.#routes[number];
    }
    for (let i = 0; i < count; i++) this.#deliver(client, routes[i], messages[i]);
  }

  /** @param {number} number */
  #newTopic(number) {
    const topic = topicOf(this.#core.number, number);
    /** @type {[boolean, ...Handler[]]} */
    const route = routeOf(this.#core.number, topic) ?? [false];
    this.#routes[number] = route.length === 2 && route[0] ? route[1] : route;
    return topic;
  }

  /** @param {object | undefined} client @param {Route} route @param {Message} message */
  #deliver(client, route, message) {
    let subscribed = true;
    if (typeof route === "function") {
      this.#call(route, HANDLER, client, message);
    } else {
      subscribed = route[0];
      for (let i = 1; i < route.length; i++) {
        this.#call(/** @type {Handler} */ (route[i]), HANDLER, client, message);
      }
    }
    if (!subscribed && this.on_message !== null) this.#call(this.on_message, "on_message", client, message);
    if (this.#watchers !== null) {
      for (const watcher of this.#watchers) this.#call(watcher, "messages()", client, message);
    }
  }

  /** @param {Handler} handler @param {string} name @param {object | undefined} client @param {Message} message */
  #call(handler, name, client, message) {
    try {
      const result = handler(client, this.#userdata, message);
      // Anything with `then`: a promise of another realm or library is none of ours.
      if (typeof (/** @type {any} */ (result)?.then) === "function") {
        Promise.resolve(result).catch((thrown) => this.#report(client, name, thrown));
      }
    } catch (thrown) {
      this.#report(client, name, thrown);
    }
  }

  /** The reference keeps the client alive: after it is collected another one gets its number. @param {object | undefined} client @param {string} name @param {unknown} thrown */
  #report(client, name, thrown) {
    if (client !== undefined) reportThrown(this.#core.number, name, thrown);
  }
}
