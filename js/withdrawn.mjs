// A publish or `start` with `signal` or `timeout`: what its end finds not on the wire is withdrawn from the core.

import { stat } from "../pkg/mqtt_lib.js";
import { HOOKS } from "./events.mjs";
import { limited } from "./limits.mjs";
import { act, LAST_TOKEN, WITHDRAW } from "./operations.mjs";

/**
 * @param {unknown} options
 * @param {(others: any) => Promise<any>} call
 * @param {any} client
 * @param {(work: () => Promise<any>) => Promise<any>} begin does it now, or once there is a core
 * @returns {Promise<any>}
 */
export function withdrawn(options, call, client, begin) {
  let [number, token] = [-1, 0];
  let ended = false;
  return limited(
    options,
    (others) =>
      begin(() => {
        if (ended) return Promise.resolve();
        const promise = call(others);
        number = client[HOOKS].number;
        token = stat(number, LAST_TOKEN);
        return promise;
      }),
    () => {
      ended = true;
      if (token) act(number, WITHDRAW, undefined, undefined, token);
    },
  );
}
