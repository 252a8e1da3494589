// The async iterators that `client.messages(filter)` returns: bounded buffers between the socket and a loop. If a loop is too
// slow, the oldest message is dropped, counted and reported.

import { report, unwatch, watch } from "../pkg/mqtt_lib.js";
import { failed } from "./trap.mjs";

/** @typedef {import("./message.mjs").Message} Message */

const MAX_BUFFERED = 10_000;
const END = Object.freeze({ done: /** @type {const} */ (true), value: undefined });

/** @implements {AsyncIterableIterator<Message>} */
export class Messages {
  /** @type {Message[]} */
  #buffer = [];
  #head = 0;
  /** Calls of `next` that wait for a message. @type {((result: IteratorResult<Message, undefined> | Promise<typeof END>) => void)[]} */
  #waiting = [];
  #ended = false;
  /** Why it ended, until a call of `next` has rejected with it. @type {unknown} */
  #error;
  #onEnd;
  #onDrop;

  /** @param {() => void} onEnd @param {() => void} onDrop */
  constructor(onEnd, onDrop) {
    this.#onEnd = onEnd;
    this.#onDrop = onDrop;
  }

  /** @param {Message} value */
  push(value) {
    if (this.#ended) return;
    const resolve = this.#waiting.shift();
    if (resolve !== undefined) return resolve({ done: false, value });
    this.#buffer.push(value);
    if (this.#buffer.length - this.#head > MAX_BUFFERED) {
      this.#take();
      this.#onDrop();
    }
  }

  #take() {
    const message = this.#buffer[this.#head];
    this.#head += 1;
    if (this.#head * 2 > this.#buffer.length) {
      this.#buffer = this.#buffer.slice(this.#head);
      this.#head = 0;
    }
    return message;
  }

  /** Ends the iteration after the buffered messages, with the error if there is one. @param {unknown} [error] */
  end(error) {
    if (this.#ended) return;
    this.#ended = true;
    this.#error = error;
    for (const resolve of this.#waiting.splice(0)) resolve(this.#last());
    this.#onEnd();
  }

  /** @returns {Promise<typeof END>} */
  #last() {
    const error = this.#error;
    this.#error = undefined;
    return error === undefined ? Promise.resolve(END) : Promise.reject(error);
  }

  /** @returns {Promise<IteratorResult<Message, undefined>>} */
  next() {
    if (this.#head < this.#buffer.length) return Promise.resolve({ done: false, value: this.#take() });
    if (this.#ended) return this.#last();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** @returns {Promise<IteratorResult<Message, undefined>>} */
  return() {
    this.#buffer = [];
    this.#head = 0;
    this.end();
    return Promise.resolve(END);
  }

  [Symbol.asyncIterator]() {
    return this;
  }
}

/** All loops over the messages of one client. */
export class Loops {
  /** @type {Set<Messages>} */
  #open = new Set();
  #hooks;
  /** How many messages were dropped. */
  dropped = 0;

  /** @param {import("./hooks.mjs").Hooks} hooks */
  constructor(hooks) {
    this.#hooks = hooks;
  }

  /**
   * Throws if the filter is not valid. Before the wasm is loaded `later` queues the call that begins to watch the filter.
   * @param {string | undefined} filter
   * @param {((call: () => Promise<void>) => Promise<void>) | undefined} later
   */
  open(filter, later) {
    /** @type {() => unknown} */
    let release = () => {};
    const messages = new Messages(
      () => {
        this.#open.delete(messages);
        release();
      },
      () => this.#drop(),
    );
    /** @param {unknown} _client @param {unknown} _userdata @param {Message} message */
    const take = (_client, _userdata, message) => messages.push(message);
    if (failed() !== undefined) {
      messages.end(failed());
      return messages;
    }
    if (filter === undefined) {
      release = this.#hooks.inbound.watch(take);
    } else if (later === undefined) {
      release = this.#watch(filter, take);
    } else {
      later(async () => {
        if (this.#open.has(messages)) release = this.#watch(filter, take);
      }).catch((error) => messages.end(error));
    }
    this.#open.add(messages);
    return messages;
  }

  /** Calls `take` with each message until the returned function is called. @param {string} filter @param {Function} take */
  #watch(filter, take) {
    const { number } = this.#hooks;
    const watcher = watch(number, filter, take);
    return () => unwatch(number, filter, watcher);
  }

  #drop() {
    this.dropped += 1;
    const text =
      "a loop over messages() is slower than messages arrive; the oldest of 10,000 buffered messages was dropped";
    if (failed() === undefined) report(this.#hooks.number, text);
  }

  /** @param {unknown} [error] */
  end(error) {
    for (const messages of this.#open) messages.end(error);
  }
}
