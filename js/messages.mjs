// The async iterator that `client.messages(filter)` returns: a bounded buffer between the socket and a loop. If the loop is
// too slow, the oldest message is dropped, counted and reported.

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
