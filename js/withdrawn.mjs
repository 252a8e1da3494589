// A publish or `start` with `signal` or `timeout`: what its end finds not on the wire is withdrawn from the core.

import { stat } from "../pkg/mqtt_lib.js";
import { limited } from "./limits.mjs";
import { act, LAST_TOKEN, WITHDRAW } from "./operations.mjs";

/**
 * @param {unknown} options
 * @param {(others: any) => Promise<any>} call
 * @param {import("./hooks.mjs").Hooks} hooks
 * @param {(work: () => Promise<any>) => Promise<any>} begin does it now, or once there is a core
 * @returns {Promise<any>}
 */
export function withdrawn(options, call, hooks, begin) {
  let token = 0;
  let ended = false;
  return limited(
    options,
    (others) =>
      begin(() => {
        if (ended) return Promise.resolve();
        const promise = call(others);
        token = stat(hooks.number, LAST_TOKEN);
        return promise;
      }),
    () => {
      ended = true;
      act(hooks.number, WITHDRAW, undefined, undefined, token);
    },
  );
}
