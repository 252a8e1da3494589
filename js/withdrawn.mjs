// A publish, `subscribe`, `unsubscribe` or `start` with `signal` or `timeout`: its end withdraws it from the core, which
// takes back what is not on the wire, and of a `subscribe` also what is.

import { stat } from "../pkg/mqtt_lib.js";
import { HOOKS } from "./events.mjs";
import { limited } from "./limits.mjs";
import { act, BATCH_PROMISE, LAST_TOKEN, UNSENT, WITHDRAW } from "./operations.mjs";

/** The token of the call that was made last, once. @param {any} client @returns {number} */
const takeToken = (client) => stat(client[HOOKS].number, LAST_TOKEN);

/**
 * @param {unknown} options
 * @param {(others: any, core: any) => Promise<any>} call
 * @param {any} client
 * @param {(work: (core: any) => Promise<any>) => Promise<any>} begin does it now, or once there is a core
 * @param {(isUnsent: boolean) => void} [takenBack] of a call with one answer, which counts once it has come, even if nobody knows
 *   of it yet: called when it is taken back, with whether nothing of it was on the wire
 * @returns {Promise<any>}
 */
export function withdrawn(options, call, client, begin, takenBack) {
  let ended = false;
  /** @type {() => unknown} */
  let withdraw = () => takenBack?.(true);
  return limited(
    options,
    (others) =>
      begin((core) => {
        if (ended) return Promise.resolve();
        takeToken(client); // of an earlier call
        const promise = call(others, core);
        const { number, pending } = client[HOOKS];
        const token = takeToken(client);
        const holder = () => token && (pending.promise(token) ?? core.call(BATCH_PROMISE, token));
        const own = holder();
        withdraw = () => {
          // Once this call has ended, the token may be another one's.
          const how = own && holder() === own ? act(number, WITHDRAW, undefined, undefined, token) : 0;
          if (how === 0) return own && takenBack;
          takenBack?.(how === UNSENT);
        };
        return promise;
      }),
    () => {
      ended = true;
      return withdraw();
    },
  );
}
