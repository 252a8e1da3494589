// Whoever offers itself as the hub of a connection, a worker or a tab: there is one at a time, and the next when it is gone.

import { Hub } from "./hub.mjs";
import { hubLock, lifeOf } from "./names.mjs";

/**
 * Returns a function that takes the offer back.
 * @param {string} name
 * @param {any} Client
 * @param {() => void} [deposed] called when another one has taken its locks, because it did not answer
 */
export function host(name, Client, deposed) {
  const stay = new AbortController();
  const { signal } = stay;
  /** @type {Hub | undefined} */
  let hub;
  const held = () =>
    new Promise((ended) => {
      if (signal.aborted) return ended(undefined);
      signal.addEventListener("abort", ended);
      const id = crypto.randomUUID();
      navigator.locks
        .request(lifeOf(name, id), () => {
          hub = new Hub(name, id, Client);
          return new Promise((done) => signal.addEventListener("abort", done));
        })
        .catch(lost);
    });
  const end = () => {
    hub?.close();
    stay.abort();
  };
  const lost = () => {
    if (signal.aborted) return;
    end();
    deposed?.();
  };
  navigator.locks.request(hubLock(name), { signal }, held).catch(lost);
  return end;
}
