// Whoever offers itself as the hub of a connection, a worker or a tab: there is one at a time, and the next when it is gone.

import { Hub } from "./hub.mjs";
import { hubLock, lifeOf } from "./names.mjs";

/** Returns a function that takes the offer back. @param {string} name @param {any} Client */
export function host(name, Client) {
  const stay = new AbortController();
  const { signal } = stay;
  /** @type {Hub | undefined} */
  let hub;
  const held = () =>
    new Promise((ended) => {
      if (signal.aborted) return ended(undefined);
      signal.addEventListener("abort", ended);
      const id = crypto.randomUUID();
      navigator.locks.request(lifeOf(name, id), () => {
        hub = new Hub(name, id, Client);
        return new Promise((done) => signal.addEventListener("abort", done));
      });
    });
  navigator.locks.request(hubLock(name), { signal }, held).catch(() => {});
  return () => {
    hub?.close();
    stay.abort();
  };
}
