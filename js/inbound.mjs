// Received messages: copied out of the memory of the core, then passed to handlers, `on_message` and iterators. All
// messages of a chunk are copied before user code runs, because user code may make the memory grow. Owns when a message is
// dealt with, so that it is acknowledged: when what each handler returned has settled.

import {
  properties as decodeProperties,
  route as routeOf,
  report as reportText,
  thrown as reportThrown,
  topic as topicOf,
} from "../pkg/mqtt_lib.js";
import { latest, performance, setTimeout } from "./clock.mjs";
import { announce, MESSAGE } from "./events.mjs";
import { Message } from "./message.mjs";
import { Delivery, deliveryOf, HANDLER, handing, HELD, IDLE, Unhandled } from "./unhandled.mjs";
import { memoryBytes, memoryWords } from "./runtime.mjs";

/** @typedef {(client: object | undefined, userdata: unknown, message: Message) => unknown} Handler */
/** Handlers of a topic: the only handler of a subscription; or whether any of them belongs to a subscription, then all. @typedef {Handler | [boolean, ...Handler[]]} Route */

/** How long messages may wait for somebody who takes them before that is reported. */
const UNTAKEN_MS = 5000;
/** @type {Route[]} */
const NO_ROUTES = [];
/** @type {Message[]} */
const NO_MESSAGES = [];
/** 32-bit words of a message view, as the engine writes it; the last one is the ticket. */
const WORDS = 7;
const TICKET = 6;
/** A flag of a message whose payload is `Inbound.beside`. */
const BESIDE = 16;

/** Whom a message has found among the handlers of its topic. */
const AN_IDLE_ONE = 1;
const A_LOOP = 2;
const A_HANDLER = 4;

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
  /** There may be listeners of `message`. */
  #listens = false;
  /** Called with every message: iterators without a filter. @type {Set<Handler> | null} */
  #watchers = null;
  /** A large payload that has not passed through the core. @type {Uint8Array | undefined} */
  beside;
  /** Counts connections; below 0 the client was stopped, and what has come and is not handed out is left to the broker. */
  connection = 0;
  /** The messages of which one is being handed out: a number is set for each message, and no object. @type {Message[]} */
  #messages = NO_MESSAGES;
  /** Where the engine has their views, which stay there until all are handed out. */
  #views = 0;
  /** The place of that message. */
  #at = 0;
  /** What it has become, if it goes on being dealt with. @type {Delivery | undefined} */
  #delivery;
  /** Of QoS 1 and 2, which nobody wanted yet. @type {Delivery[]} */
  #untaken = [];
  /** Until messages that nobody takes are reported. @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #silentUntil = 0;
  /** When the last message came. @type {number | undefined} */
  last;
  #core;
  #client;
  #userdata;

  /** @param {{ number: number, pause: (full: boolean) => boolean }} core the number of the client @param {WeakRef<object>} client @param {unknown} userdata */
  constructor(core, client, userdata) {
    this.unhandled = new Unhandled(core, this);
    this.#core = core;
    this.#client = client;
    this.#userdata = userdata;
  }

  /** There is a listener of `message`. */
  listen() {
    this.#listens = true;
    this.offer();
  }

  /** Calls `watcher` with every message until the returned function is called. @param {Handler} watcher */
  watch(watcher) {
    this.#watchers ??= new Set();
    this.#watchers.add(watcher);
    this.offer();
    return () => this.#watchers?.delete(watcher);
  }

  /**
   * @param {number} views address of seven words for each message: topic, offset and length of the payload, flags, offset
   *   and length of the properties, ticket
   * @param {number} count number of messages
   * @param {number} base address that the offsets are relative to
   * @param {number} epoch of the topic numbers
   */
  receive(views, count, base, epoch) {
    this.last = latest;
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
      const flags = words[at + 3];
      const payload = (flags & BESIDE && this.beside) || part(bytes, base + words[at + 1], words[at + 2]);
      let properties;
      if (words[at + 5] > 0) {
        properties = decodeProperties(part(bytes, base + words[at + 4], words[at + 5]));
        words = memoryWords();
        bytes = memoryBytes();
      }
      messages[i] = new Message(topics[number], payload, flags, properties);
      routes[i] = this.#routes[number];
    }
    const outer = handing.by;
    handing.by = this;
    this.beside = undefined;
    this.#messages = messages;
    this.#views = views >>> 2;
    for (let i = 0; i < count; i++) {
      this.#at = i;
      this.#deliver(client, routes[i], messages[i]);
    }
    this.#messages = NO_MESSAGES;
    this.#delivery = undefined; // a large payload
    handing.by = outer;
  }

  /** @param {number} number */
  #newTopic(number) {
    const key = topicOf(this.#core.number, number);
    this.#routes[number] = this.#route(key);
    // Behind U+0000 are subscription identifiers, which only the route depends on.
    return key.split("\0")[0];
  }

  /** @param {string} topic @returns {Route} */
  #route(topic) {
    /** @type {[boolean, ...Handler[]]} */
    const route = routeOf(this.#core.number, topic);
    return route.length === 2 && route[0] ? route[1] : route;
  }

  /** @param {object | undefined} client @param {Route} route @param {Message} message */
  #deliver(client, route, message) {
    if (message.qos === 0) {
      if (this.unhandled.isOver) return this.unhandled.drop();
    } else if (message.dup && message.qos === 1 && this.unhandled.count > 0) {
      const delivery = this.unhandled.find(message, this.connection);
      if (delivery !== undefined) return delivery.repeat(this.#ticket(), this.connection);
    }
    if (this.#delivery !== undefined) this.#delivery = undefined;
    if (this.connection < 0) return this.delivery(message)?.abandon();
    if (!this.#hand(client, route, message) && message.qos > 0)
      this.#keep(/** @type {Delivery} */ (this.delivery(message)));
  }

  /** Hands a message to everybody who wants it; false if there is nobody. @param {object | undefined} client @param {Route} route @param {Message} message */
  #hand(client, route, message) {
    let subscribed = true;
    let taken = true;
    if (typeof route === "function") {
      taken = subscribed = this.#call(route, HANDLER, client, message) !== IDLE;
    } else {
      let found = 0;
      for (let i = 1; i < route.length; i++) {
        const how = this.#call(/** @type {Handler} */ (route[i]), HANDLER, client, message);
        found |= how === IDLE ? AN_IDLE_ONE : how === HELD ? A_LOOP : A_HANDLER;
      }
      // None may be left: they get another copy.
      subscribed = route[0] && (found >= A_HANDLER || !(found & AN_IDLE_ONE));
      taken = subscribed || found >= A_LOOP;
    }
    // More than a loop has it.
    let dealt = subscribed;
    if (!subscribed) {
      if (this.on_message !== null) {
        this.#call(this.on_message, "on_message", client, message);
        dealt = taken = true;
      }
      if (this.#listens && this.#announce(client, message)) dealt = taken = true;
    }
    if (this.#watchers !== null && this.#show(this.#watchers, client, message)) taken = true;
    if (this.#delivery !== undefined && dealt) this.#delivery.dealt = true;
    return taken;
  }

  // What is seldom there is a method of its own, so that V8 can put the rest into the loop over a chunk.

  /** Calls the listeners of `message`; whether there are any. @param {object | undefined} client @param {Message} message */
  #announce(client, message) {
    const results = client === undefined ? [] : announce(client, MESSAGE, [this.#userdata, message]);
    for (const result of results) this.#await(result, 'a listener of "message"', client, message);
    return results.length > 0;
  }

  /** Calls the iterators without a filter; whether there are any. @param {Set<Handler>} watchers @param {object | undefined} client @param {Message} message */
  #show(watchers, client, message) {
    for (const watcher of watchers) this.#call(watcher, "messages()", client, message);
    return watchers.size > 0;
  }

  /** What the handler returns. @param {Handler} handler @param {string} name @param {object | undefined} client @param {Message} message */
  #call(handler, name, client, message) {
    try {
      const result = handler(client, this.#userdata, message);
      if (result !== undefined) this.#await(result, name, client, message);
      return result;
    } catch (thrown) {
      this.report(client, name, thrown);
    }
  }

  /** The message is dealt with when this has settled. @param {unknown} result @param {string} name @param {object | undefined} client @param {Message} message */
  #await(result, name, client, message) {
    // Anything with `then`: a promise of another realm or library is none of ours.
    if (typeof (/** @type {any} */ (result)?.then) !== "function") return;
    const delivery = this.delivery(message);
    delivery?.take();
    /** @param {unknown} [value] */
    const done = (value) => delivery?.done(value);
    Promise.resolve(result).then(done, (thrown) => {
      this.report(client, name, thrown);
      done();
    });
  }

  /** That of the message which is being handed out. */
  #ticket() {
    return memoryWords()[this.#views + this.#at * WORDS + TICKET];
  }

  /** The message that is being handed out goes on being dealt with when its handlers have returned. @param {Message} message */
  delivery(message) {
    const current = this.#messages[this.#at];
    if (message.payload !== current?.payload) return deliveryOf(message);
    this.#delivery ??= new Delivery(this.unhandled, current, this.#ticket(), this.connection);
    return this.#delivery;
  }

  /** Nobody wants the message: it is kept until somebody does. @param {Delivery} delivery */
  #keep(delivery) {
    this.#untaken.push(delivery);
    this.unhandled.judge();
    if (this.#timer !== undefined) return;
    this.#timer = setTimeout(() => this.#reportUntaken(), UNTAKEN_MS);
    // In Node it keeps no process alive.
    /** @type {any} */ (this.#timer.id).unref?.();
  }

  /** A loop has ended before it came to these messages. @param {import("./waiting.mjs").Waiting<{ delivery: Delivery }>} waiting */
  giveBack(waiting) {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) {
      const { delivery } = item;
      if (!delivery.giveBack()) continue;
      if (delivery.message.qos > 0) this.#keep(delivery);
      else {
        delivery.drop();
        this.unhandled.dropped += 1;
      }
    }
    this.offer();
  }

  /** There may be somebody who wants what was kept. */
  offer() {
    if (this.#untaken.length === 0) return;
    const client = this.#client.deref();
    // A handler may be the one who takes them: then its own message is being handed out.
    const outer = handing.by;
    const [messages, at, delivery] = [this.#messages, this.#at, this.#delivery];
    handing.by = this;
    this.#at = 0;
    this.#offer(client);
    [this.#messages, this.#at, this.#delivery] = [messages, at, delivery];
    handing.by = outer;
  }

  /** @param {object | undefined} client */
  #offer(client) {
    for (const delivery of this.#untaken.splice(0)) {
      if (delivery.ended) continue;
      const { message } = delivery;
      [this.#messages, this.#delivery] = [[message], delivery];
      delivery.take();
      this.#hand(client, this.#route(message.topic), message);
      delivery.rest();
      if (delivery.giveBack()) this.#untaken.push(delivery);
    }
  }

  /** Messages that nobody takes hold up those behind them, once the broker's window is full of them. */
  #reportUntaken() {
    this.#timer = undefined;
    const [oldest, ...others] = this.#untaken.filter(({ ended }) => !ended);
    if (oldest === undefined) return;
    this.#reportText(
      `nobody takes a message on "${oldest.message.topic}", and ${others.length} more; they hold up others: set on_message, give subscribe a handler, read messages(), or unsubscribe`,
    );
  }

  /** At most once a second. */
  reportDrop() {
    const now = performance.now();
    if (now < this.#silentUntil) return;
    this.#silentUntil = now + 1000;
    const { maxCount, maxBytes } = this.unhandled;
    const text = `a message of QoS 0 was dropped: maxunhandled (${maxCount}) or maxunhandledbytes (${maxBytes}) is reached; raise it`;
    this.#reportText(text);
  }

  /** @param {string} text */
  #reportText(text) {
    if (this.#client.deref() !== undefined) reportText(this.#core.number, text);
  }

  /** Messages in its queue are left to the broker, and nothing new is handed out. */
  stop() {
    this.unhandled.stop();
  }

  /** The reference keeps the client alive: after it is collected another one gets its number. @param {object | undefined} client @param {string} name @param {unknown} thrown */
  report(client, name, thrown) {
    if (client !== undefined) reportThrown(this.#core.number, name, thrown);
  }
}
