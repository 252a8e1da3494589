// Received messages: read in bulk from wasm memory, then given to handlers, `on_message` and
// iterators. All of a chunk are copied out before user code runs, because it may make memory grow.

import { Message } from "./message.mjs";
import { memoryBytes, memoryWords } from "./runtime.mjs";

/** @typedef {(client: object | undefined, userdata: unknown, message: Message) => unknown} Handler */
/** @typedef {{ topic: string, route: [boolean, ...Handler[]] | undefined }} Topic */
/**
 * @typedef {object} Source what the core of a client tells about a topic number
 * @property {(client: any, number: number) => string} topic
 * @property {(client: any, topic: string) => any} route
 * @property {(client: any, name: string, thrown: unknown) => void} thrown
 */

/** Words of a record, see `engine::Record`. */
const WORDS = 6;

/** @param {Uint8Array} bytes @param {number} from @param {number} length */
const part = (bytes, from, length) => bytes.slice(from, from + length);

export class Inbound {
  /** By number. @type {Topic[] | null} */
  #topics = null;
  #epoch = -1;
  /** @type {Handler | null} */
  on_message = null;
  /** Told of every message: iterators without a filter. @type {Set<Handler> | null} */
  #watchers = null;
  #source;
  #client;
  #userdata;

  /** @param {Source} source @param {WeakRef<object>} client @param {unknown} userdata */
  constructor(source, client, userdata) {
    this.#source = source;
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
    let known = this.#topics;
    if (known === null || epoch !== this.#epoch) {
      known = [];
      this.#topics = known;
      this.#epoch = epoch;
    }
    const client = this.#client.deref();
    const from = records >>> 2;
    const until = from + count * WORDS;
    for (let at = from; at < until; at += WORDS) {
      const number = memoryWords()[at];
      known[number] ??= this.#learn(client, number);
    }

    const bytes = memoryBytes();
    const words = memoryWords();
    /** @type {Message[]} */
    const messages = new Array(count);
    /** @type {Topic[]} */
    const topics = new Array(count);
    for (let i = 0, at = from; at < until; i++, at += WORDS) {
      const topic = known[words[at]];
      const start = base + words[at + 1];
      topics[i] = topic;
      const payload = bytes.slice(start, start + words[at + 2]);
      const list = words[at + 5] > 0 ? part(bytes, base + words[at + 4], words[at + 5]) : undefined;
      messages[i] = new Message(topic.topic, payload, words[at + 3], list);
    }
    for (let i = 0; i < count; i++) this.#deliver(client, topics[i].route, messages[i]);
  }

  /** @param {object | undefined} client @param {number} number @returns {Topic} */
  #learn(client, number) {
    const topic = this.#source.topic(client, number);
    return { topic, route: this.#source.route(client, topic) };
  }

  /** @param {object | undefined} client @param {Topic["route"]} route @param {Message} message */
  #deliver(client, route, message) {
    let subscribed = false;
    if (route !== undefined) {
      subscribed = route[0];
      for (let i = 1; i < route.length; i++) {
        this.#call(/** @type {Handler} */ (route[i]), "a message handler", client, message);
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
      if (result instanceof Promise) result.catch((thrown) => this.#source.thrown(client, name, thrown));
    } catch (thrown) {
      this.#source.thrown(client, name, thrown);
    }
  }
}
