// Received messages: read in bulk from wasm memory, then given to handlers, `on_message` and
// iterators. All of a chunk are copied out before user code runs, because it may make memory grow.

import {
  properties as decodeProperties,
  route as routeOf,
  thrown as tellThrown,
  topic as topicOf,
} from "../pkg/mqtt_lib.js";
import { Message } from "./message.mjs";
import { memoryBytes, memoryWords } from "./runtime.mjs";

/** @typedef {(client: object | undefined, userdata: unknown, message: Message) => unknown} Handler */
/** Whom a topic concerns: a subscription's only handler; or whether one is a subscription's, then all. @typedef {Handler | [boolean, ...Handler[]]} Route */

const HANDLER = "a message handler";
/** @type {Route[]} */
const NO_ROUTES = [];
/** Words of a record, see `engine::Record`. */
const WORDS = 6;

/** @param {Uint8Array} bytes @param {number} from @param {number} length */
const part = (bytes, from, length) => bytes.slice(from, from + length);

export class Inbound {
  /** Topics by number, and whom each concerns. @type {string[] | null} */
  #topics = null;
  /** @type {Route[]} */
  #routes = NO_ROUTES;
  #epoch = -1;
  /** @type {Handler | null} */
  on_message = null;
  /** Told of every message: iterators without a filter. @type {Set<Handler> | null} */
  #watchers = null;
  #core;
  #client;
  #userdata;

  /** @param {{ number: number }} core by which its functions know the client @param {WeakRef<object>} client @param {unknown} userdata */
  constructor(core, client, userdata) {
    this.#core = core;
    this.#client = client;
    this.#userdata = userdata;
  }

  /** Shows every message to `watcher`; what is returned ends that. @param {Handler} watcher */
  watch(watcher) {
    this.#watchers ??= new Set();
    this.#watchers.add(watcher);
    return () => this.#watchers?.delete(watcher);
  }

  /**
   * @param {number} records address of six words a message: topic, offset, length, flags, offset and length of properties
   * @param {number} count
   * @param {number} base address that offsets count from
   * @param {number} epoch of the topic numbers
   */
  receive(records, count, base, epoch) {
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
    for (let i = 0, at = records >>> 2; i < count; i++, at += WORDS) {
      const number = words[at];
      if (topics[number] === undefined) {
        topics[number] = this.#learn(number);
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
  #learn(number) {
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
        Promise.resolve(result).catch((thrown) => this.#tell(client, name, thrown));
      }
    } catch (thrown) {
      this.#tell(client, name, thrown);
    }
  }

  /** Holds the client until then, because its number would be another's once it is gone. @param {object | undefined} client @param {string} name @param {unknown} thrown */
  #tell(client, name, thrown) {
    if (client !== undefined) tellThrown(this.#core.number, name, thrown);
  }
}
