// The pending publishes of a run: counted, and limited in number and bytes, so that reading stops while the broker is slow
// or unreachable. Never sends.

import { Failure, messageOf } from "./failure.mjs";

const MAX_BYTES = 16 << 20;

export class Window {
  /** Publishes that were started, that succeeded, and that failed. */
  begun = 0;
  sent = 0;
  failed = 0;
  /** The first failure. @type {Error | undefined} */
  error;
  #bytes = 0;
  #limit;
  /** @type {(() => void)[]} */
  #waiting = [];

  /** @param {number} limit the most publishes that may be pending */
  constructor(limit) {
    this.#limit = limit;
  }

  get open() {
    return this.begun - this.sent - this.failed;
  }

  get full() {
    return this.open >= this.#limit || this.#bytes >= MAX_BYTES;
  }

  /** @param {PromiseLike<unknown>} publish @param {number} bytes */
  take(publish, bytes) {
    this.begun += 1;
    this.#bytes += bytes;
    publish.then(
      () => {
        this.sent += 1;
        this.#settled(bytes);
      },
      (error) => {
        this.failed += 1;
        this.error ??= error;
        this.#settled(bytes);
      },
    );
  }

  /** @param {number} bytes */
  #settled(bytes) {
    this.#bytes -= bytes;
    // Only from half on, so that reading continues with many lines at a time.
    if (this.open > this.#limit / 2 || this.#bytes > MAX_BYTES / 2) return;
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  /** Resolves once half of the window is free. @returns {Promise<void>} */
  hasSpace() {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** A failure with the number of messages that were not published; undefined if there are none. @param {string} what */
  outcome(what) {
    const missing = this.begun - this.sent;
    if (missing === 0) return undefined;
    const why = this.error === undefined ? "" : `: ${messageOf(this.error)}`;
    const count = this.begun === 1 ? `the ${what}` : `${missing} of ${this.begun} ${what}s`;
    return new Failure(`${count} ${missing === 1 ? "was" : "were"} not published${why}`);
  }
}
