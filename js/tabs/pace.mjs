// How fast a tab deals with its messages, where others wait for it: the hub acknowledges a message when every tab has dealt with
// it, and a broker has few places for those in flight. Owns when a tab with slow handlers is waited for no more.

/** A tab that has dealt with none of its messages for this long is slow. */
const SLOW_MS = 3000;
/** With fewer messages a tab is waited for again. */
const FEW = 5;

/** @typedef {{ done: () => void, since: number, isHeld: boolean }} Job */

export class Pace {
  #list;
  #isHeldUp;
  #most;
  #isSlow = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /** How many messages the tab has not dealt with. */
  #count = 0;

  /**
   * @param {() => Job[]} list what the tab has not dealt with, the oldest first
   * @param {() => boolean} isHeldUp whether other tabs wait
   * @param {number} most how many messages of a slow tab are not waited for
   */
  constructor(list, isHeldUp, most) {
    this.#list = list;
    this.#isHeldUp = isHeldUp;
    this.#most = most;
  }

  /** How many messages the broker is not told of because of this tab. */
  get held() {
    return this.#list().filter(({ isHeld }) => isHeld).length;
  }

  /** The tab has got a message, which may be done with for the others at once. @param {Job} job */
  began(job) {
    this.#count += 1;
    if (this.#isSlow && this.#count <= this.#most) release(job);
    this.#timer ??= setTimeout(() => this.#look(), SLOW_MS);
  }

  /** The tab has dealt with one. */
  ended() {
    this.#count -= 1;
    if (this.#count < FEW) this.#isSlow = false;
  }

  #look() {
    this.#timer = undefined;
    const list = this.#list();
    const [oldest] = list;
    if (oldest === undefined) return;
    this.#timer = setTimeout(() => this.#look(), SLOW_MS);
    const isLate = performance.now() - oldest.since >= SLOW_MS;
    if (!isLate || !this.#isHeldUp()) return;
    this.#isSlow = true;
    for (const job of list.slice(0, this.#most)) release(job);
  }

  end() {
    clearTimeout(this.#timer);
  }
}

/** @param {Job} job */
function release(job) {
  job.isHeld = false;
  job.done();
}
