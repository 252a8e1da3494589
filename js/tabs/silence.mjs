// A hub that does not answer: a tab that is frozen, in an endless loop, or at a breakpoint, and leads. A member asks it, and after
// several questions without an answer takes its locks away, which means to everybody that it is gone.

import { hubLock, lifeOf } from "./names.mjs";

/** How often a member asks. */
const ASK_MS = 2500;
/** A hub is deposed after this many questions without an answer. They are counted: a member that was frozen has asked once. */
const MOST_UNANSWERED = 4;

export const SILENT = "the tab that had the connection did not answer; another one takes it over";

/** The hub that lives, answering or not, and the tab or worker that it is in. @param {string} name @returns {Promise<{ hub?: string, owner?: string, leader?: string }>} */
export async function holder(name) {
  const { held = [] } = await navigator.locks.query();
  const prefix = lifeOf(name, "");
  // Those who wait for its end have it as shared, and keep that if they do not answer either.
  const life = held.find((lock) => lock.mode === "exclusive" && lock.name?.startsWith(prefix));
  const leader = held.find((lock) => lock.name === hubLock(name));
  return { hub: life?.name?.slice(prefix.length), owner: life?.clientId, leader: leader?.clientId };
}

/** Takes a lock from whoever has it, and gives it to the next. @param {string} lock */
const free = (lock) => navigator.locks.request(lock, { steal: true }, () => {});

/** One member at a time: the second finds that the hub is another one. @param {string} name @param {string} silent */
const depose = (name, silent) =>
  navigator.locks.request(`${name}:depose`, async () => {
    const { hub, owner } = await holder(name);
    if (hub !== silent) return;
    await free(lifeOf(name, hub));
    // It may have woken.
    if ((await holder(name)).leader === owner) await free(hubLock(name));
  });

export class Silence {
  /** The hub that is asked. @type {string | undefined} */
  #hub;
  #unanswered = 0;
  #timer;

  /** @param {string} name of the connection @param {() => string | undefined} joined the hub that has taken the member @param {(isLong: boolean) => void} ask */
  constructor(name, joined, ask) {
    this.#timer = setInterval(async () => {
      const hub = joined() ?? (await holder(name)).hub;
      if (hub === undefined || hub !== this.#hub) this.heard();
      this.#hub = hub;
      if (hub !== undefined && this.#unanswered >= MOST_UNANSWERED) await depose(name, hub);
      this.#unanswered += 1;
      ask(this.isLong);
    }, ASK_MS);
  }

  /** The hub has said something. */
  heard() {
    this.#unanswered = 0;
  }

  /** Whether more than one question has no answer. */
  get isLong() {
    return this.#unanswered > 1;
  }

  end() {
    clearInterval(this.#timer);
  }
}
