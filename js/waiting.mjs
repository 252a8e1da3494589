// A queue of messages that wait for their turn. Those that have ended meanwhile, because they were dropped or left to the
// broker, do not stay in it, so that it is no longer than what is unhandled allows.

/** @template {{ delivery: { ended: boolean } }} T */
export class Waiting {
  /** From `#head` on; those before it are forgotten. @type {any[]} */
  #items = [];
  #head = 0;
  /** At this length those that have ended are looked for. */
  #limit = 0;

  /** @param {T} item */
  push(item) {
    if (this.#items.push(item) < this.#limit) return;
    this.#items = this.#items.slice(this.#head).filter((each) => !each.delivery.ended);
    this.#head = 0;
    this.#limit = 2 * this.#items.length + 100;
  }

  /** The oldest that has not ended, which is in the queue no more. @returns {T | undefined} */
  shift() {
    while (this.#head < this.#items.length) {
      const item = this.#items[this.#head];
      this.#items[this.#head] = 0;
      this.#head += 1;
      if (!item.delivery.ended) return item;
    }
  }
}
