// Publishes that have not ended: counted, bounded in number and bytes, so that what is read is held back while the
// broker is slow or away. Owns the counters of a run; never sends.

import { Failure, inWords } from "./failure.mjs";

const BYTES = 16 << 20;

export class Window {
  /** Publishes begun, ended well, and not. */
  begun = 0;
  sent = 0;
  failed = 0;
  /** What the first failure said. @type {Error | undefined} */
  error;
  #bytes = 0;
  #limit;
  /** @type {(() => void)[]} */
  #waiting = [];

  /** @param {number} limit how many may be open */
  constructor(limit) {
    this.#limit = limit;
  }

  get open() {
    return this.begun - this.sent - this.failed;
  }

  get full() {
    return this.open >= this.#limit || this.#bytes >= BYTES;
  }

  /** @param {PromiseLike<unknown>} publish @param {number} bytes */
  take(publish, bytes) {
    this.begun += 1;
    this.#bytes += bytes;
    publish.then(
      () => {
        this.sent += 1;
        this.#ended(bytes);
      },
      (error) => {
        this.failed += 1;
        this.error ??= error;
        this.#ended(bytes);
      },
    );
  }

  /** @param {number} bytes */
  #ended(bytes) {
    this.#bytes -= bytes;
    // At half, so that reading goes on in strides.
    if (this.open > this.#limit / 2 || this.#bytes > BYTES / 2) return;
    for (const go of this.#waiting.splice(0)) go();
  }

  /** Resolves once half of it is free. @returns {Promise<void>} */
  room() {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** How many did not get through, as a sentence; nothing if all did. @param {string} what */
  outcome(what) {
    const missing = this.begun - this.sent;
    if (missing === 0) return undefined;
    const why = this.error === undefined ? "" : `: ${inWords(this.error)}`;
    const count = this.begun === 1 ? `the ${what}` : `${missing} of ${this.begun} ${what}s`;
    return new Failure(`${count} ${missing === 1 ? "was" : "were"} not published${why}`);
  }
}
