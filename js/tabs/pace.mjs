// How fast a tab deals with its messages, where others wait for it: the hub acknowledges a message when every tab has dealt with
// it, and a broker has few places for those in flight. Owns when a tab with slow handlers is waited for no more.

/** A tab with so many messages can fill the places of a broker: mosquitto has 20. */
const MANY = 10;
/** None of them has been dealt with for so long. */
const SLOW_MS = 3000;

export class Pace {
  #jobs;
  #hasOthers;
  #most;
  #isSlow = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /** @param {Map<number, { done: () => void, since: number }>} jobs what the tab has not dealt with, the oldest first @param {() => boolean} hasOthers whether there are other tabs @param {number} most how many messages of a slow tab are not waited for */
  constructor(jobs, hasOthers, most) {
    this.#jobs = jobs;
    this.#hasOthers = hasOthers;
    this.#most = most;
  }

  /** The tab has got a message, which may be done with for the others at once. @param {{ done: () => void }} job */
  began(job) {
    if (this.#isSlow && this.#jobs.size <= this.#most) job.done();
    this.#timer ??= setTimeout(() => this.#look(), SLOW_MS);
  }

  /** The tab has dealt with one. */
  ended() {
    if (this.#jobs.size < MANY) this.#isSlow = false;
  }

  #look() {
    this.#timer = undefined;
    const [oldest] = this.#jobs.values();
    if (oldest === undefined) return;
    this.#timer = setTimeout(() => this.#look(), SLOW_MS);
    const isLate = performance.now() - oldest.since >= SLOW_MS;
    if (!isLate || this.#jobs.size < MANY || !this.#hasOthers()) return;
    this.#isSlow = true;
    for (const job of [...this.#jobs.values()].slice(0, this.#most)) job.done();
  }

  end() {
    clearTimeout(this.#timer);
  }
}
