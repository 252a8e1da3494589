// The async iterators that `client.messages(filter)` returns. A message waits here until the loop asks for it, and is dealt
// with when the loop asks for the next one, or with `ack: "manual"` by `message.ack()`. How many may wait is a matter of
// `unhandled.mjs`.

import { isLimited, onAbort } from "./limits.mjs";
import { act, CHECK_LOOP, UNWATCH, WATCH } from "./operations.mjs";
import { deliveryNow, HELD } from "./unhandled.mjs";
import { Waiting } from "./waiting.mjs";

/** @typedef {import("./message.mjs").Message} Message */
/** @typedef {import("./unhandled.mjs").Delivery} Delivery */

const END = Object.freeze({ done: /** @type {const} */ (true), value: undefined });

/** @implements {AsyncIterableIterator<Message>} */
export class Messages {
  /** @type {Waiting<{ delivery: Delivery }>} */
  #waiting = new Waiting();
  /** What the loop has, oldest first: several where it asks several times at once. @type {Delivery[]} */
  #current = [];
  /** Calls of `next` that wait for a message. @type {((result: IteratorResult<Message, undefined> | Promise<typeof END>) => void)[]} */
  #asking = [];
  #ended = false;
  /** Why it ended, until a call of `next` has rejected with it. @type {unknown} */
  #error;
  #onEnd;
  #giveBack;
  #manual;

  /** @param {() => void} onEnd @param {(waiting: Waiting<{ delivery: Delivery }>) => void} giveBack @param {boolean} manual */
  constructor(onEnd, giveBack, manual) {
    this.#onEnd = onEnd;
    this.#giveBack = giveBack;
    this.#manual = manual;
  }

  /** @param {Message} message */
  push(message) {
    if (this.#ended) return;
    const delivery = /** @type {Delivery} */ (deliveryNow(message));
    const answer = this.#asking.shift();
    if (answer === undefined) {
      delivery.hold();
      this.#waiting.push({ delivery });
    } else {
      // One that somebody waits for is not dropped for want of room.
      delivery.take();
      answer(this.#give(delivery));
    }
  }

  /** The next message, if one waits. @returns {IteratorResult<Message, undefined> | undefined} */
  #take() {
    const delivery = this.#waiting.shift()?.delivery;
    if (delivery === undefined) return;
    delivery.resume();
    return this.#give(delivery);
  }

  /** The loop has the message from now on. @param {Delivery} delivery @returns {IteratorResult<Message, undefined>} */
  #give(delivery) {
    if (this.#manual) delivery.acknowledged().then(() => delivery.done());
    else this.#current.push(delivery);
    return { done: false, value: delivery.message };
  }

  /** The loop is done with the oldest that it had. */
  #finish() {
    this.#current.shift()?.done();
  }

  /** The loop keeps what it has; the client stops, and waits for handlers only. */
  stop() {
    for (const delivery of this.#current.splice(0)) delivery.abandon();
  }

  /** Ends the iteration after the messages that wait, with the error if there is one. @param {unknown} [error] */
  end(error) {
    if (this.#ended) return;
    this.#ended = true;
    this.#error = error;
    for (const resolve of this.#asking.splice(0)) resolve(this.#last());
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
    this.#finish();
    const message = this.#take();
    if (message !== undefined) return Promise.resolve(message);
    if (this.#ended) return this.#last();
    return new Promise((resolve) => this.#asking.push(resolve));
  }

  /** The loop is left. @returns {Promise<IteratorResult<Message, undefined>>} */
  return() {
    this.leave();
    return Promise.resolve(END);
  }

  /** The message that the loop has is dealt with; those that wait are for the next taker. @param {unknown} [error] of the next call of `next` */
  leave(error) {
    while (this.#current.length > 0) this.#finish();
    this.end(error);
    this.#giveBack(this.#waiting);
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

  /** @param {import("./hooks.mjs").Hooks} hooks */
  constructor(hooks) {
    this.#hooks = hooks;
  }

  /**
   * Throws if the filter is not valid. Before the wasm is loaded `later` queues the call that begins to watch the filter.
   * @param {string | undefined} filter
   * @param {any} given options
   * @param {((call: () => Promise<void>) => Promise<void>) | undefined} later
   */
  open(filter, given, later) {
    /** @type {any} */
    let signal;
    let options = given;
    let manual = false;
    try {
      if (isLimited(given)) ({ signal, ...options } = given);
      manual = options?.ack === "manual";
    } catch {
      // The core says that it cannot be read.
    }
    let forget = () => {};
    /** @type {() => unknown} */
    let release = () => {};
    const { inbound, number } = this.#hooks;
    const messages = new Messages(
      () => {
        this.#open.delete(messages);
        release();
        forget();
      },
      (waiting) => inbound.giveBack(waiting),
      manual,
    );
    /** @param {unknown} _client @param {unknown} _userdata @param {Message} message */
    const take = (_client, _userdata, message) => {
      messages.push(message);
      return HELD;
    };
    if (this.#hooks.failure !== undefined) {
      messages.end(this.#hooks.failure);
      return messages;
    }
    if (options !== undefined && later === undefined) act(number, CHECK_LOOP, options);
    if (filter === undefined) {
      release = inbound.watch(take);
    } else if (later === undefined) {
      release = this.#watch(filter, take);
    } else {
      later(async () => {
        if (options !== undefined) act(this.#hooks.number, CHECK_LOOP, options);
        if (this.#open.has(messages)) release = this.#watch(filter, take);
      }).catch((error) => messages.end(error));
    }
    this.#open.add(messages);
    try {
      forget = onAbort(signal, (reason) => messages.leave(reason));
    } catch (error) {
      messages.leave();
      throw error;
    }
    return messages;
  }

  /** Calls `take` with each message until the returned function is called. @param {string} filter @param {Function} take */
  #watch(filter, take) {
    const { number } = this.#hooks;
    const watcher = act(number, WATCH, filter, take, 1);
    this.#hooks.inbound.offer();
    return () => act(number, UNWATCH, filter, undefined, watcher);
  }

  /** The client stops, and waits for no loop. */
  stop() {
    for (const messages of this.#open) messages.stop();
  }

  /** @param {unknown} [error] */
  end(error) {
    for (const messages of this.#open) messages.end(error);
  }
}
