// `start()` with a `timeout` or a `signal`: it waits over failed attempts, until there is a connection or the client stops.

import { STOPPED } from "./operations.mjs";
import { quiet } from "./pending.mjs";

/**
 * `limit` ends what it is given when the time is over, or the signal aborted.
 * @param {any} client @param {() => Promise<any>} start begins, and rejects with the first failure @param {(call: () => Promise<any>) => Promise<any>} limit
 * @returns {Promise<void>}
 */
export function startLimited(client, start, limit) {
  /** @type {any} */
  let cause;
  const started = limit(() =>
    start().catch((error) => {
      cause = error;
      return connection(client, error);
    }),
  );
  const why = (/** @type {any} */ late) => {
    if (cause && late?.code === "TIMEOUT") late.message += `: ${cause.message}`;
    throw late;
  };
  return quiet(started.catch(why));
}

/** Resolves with the next connection; rejects if the client stops before. @param {any} client @param {unknown} error why there is none yet */
function connection(client, error) {
  return new Promise((resolve, reject) => {
    const look = () => {
      if (client.connected) resolve(undefined);
      else if (client.state === STOPPED) reject(error);
      else return;
      client.removeEventListener("statechange", look);
    };
    client.addEventListener("statechange", look);
    look();
  });
}
