// A publish, `subscribe`, `unsubscribe` or `start` with `signal` or `timeout`: its end withdraws it from the core, which
// takes back what is not on the wire, and of a `subscribe` also what is.

import { stat } from "../pkg/mqtt_lib.js";
import { HOOKS } from "./events.mjs";
import { limited } from "./limits.mjs";
import { act, BATCH_PROMISE, LAST_TOKEN, WITHDRAW } from "./operations.mjs";

/**
 * @param {unknown} options
 * @param {(others: any) => Promise<any>} call
 * @param {any} client
 * @param {(work: (core: any) => Promise<any>) => Promise<any>} begin does it now, or once there is a core
 * @param {boolean} [hasOneAnswer] what it waits for is one answer: one that has come counts, even if nobody knows of it yet
 * @param {() => void} [unsent] called when it is taken back, and nothing of it was on the wire
 * @returns {Promise<any>}
 */
export function withdrawn(options, call, client, begin, hasOneAnswer, unsent) {
  let ended = false;
  /** @type {() => unknown} */
  let withdraw = () => unsent?.();
  return limited(
    options,
    (others) =>
      begin((core) => {
        if (ended) return Promise.resolve();
        const promise = call(others);
        const { number, pending } = client[HOOKS];
        const token = stat(number, LAST_TOKEN);
        const holder = () => token && (pending.promise(token) ?? core.call(BATCH_PROMISE, token));
        const own = holder();
        withdraw = () => {
          // Once this call has ended, the token may be another one's.
          if (!own || holder() !== own) return own && hasOneAnswer;
          if (act(number, WITHDRAW, undefined, undefined, token)) unsent?.();
        };
        return promise;
      }),
    () => {
      ended = true;
      return withdraw();
    },
  );
}
