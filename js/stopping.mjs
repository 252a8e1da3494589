// `stop()` of a client that has a core. Owns what is not received any more, and what a failure of the core in the meantime means.

import { STOP } from "./operations.mjs";
import { orFailure } from "./trap.mjs";

/** Rejects for a wrong argument only. @param {import("../pkg/mqtt_lib.js").MqttCustom} core @param {unknown} options @param {import("./hooks.mjs").Hooks} hooks @param {() => void} accept called when the argument is right @returns {Promise<void>} */
export async function stopCore(core, options, hooks, accept) {
  /** @type {Promise<void> | undefined} */
  let accepted;
  const stopping = orFailure(hooks.inUse, () => {
    accepted = core.call(STOP, options);
    return accepted;
  });
  // It cannot be refused, and a handler that calls it gets nothing more.
  if (options === undefined) hooks.inbound.connection = -1;
  // After a wrong argument it is rejected by now, and nothing is stopped.
  await Promise.race([accepted, undefined]);
  accept();
  hooks.inbound.stop();
  await stopping.catch((error) => {
    // With its core the client has ended, too.
    if (error !== hooks.failure) throw error;
  });
}
