// What `stats()` gives: the counters of the core, and those that only js/ can know.

import { stat } from "../pkg/mqtt_lib.js";
import { performance } from "./clock.mjs";
import { BYTES_QUEUED, COUNTERS, RECONNECT_IN } from "./operations.mjs";

/** @param {import("./hooks.mjs").Hooks} hooks @param {boolean} isLive whether there is a core to ask */
export function statistics({ number, inbound, attempts, latency }, isLive) {
  /** @type {Record<string, number>} */
  const stats = {};
  const get = (/** @type {number} */ which) => (isLive ? stat(number, which) : 0);
  for (const [which, name] of COUNTERS.entries()) stats[name] = get(which);
  stats.bytesQueued = get(BYTES_QUEUED);
  stats.attempts = attempts;
  latency?.add(stats);
  if (inbound.last !== undefined) stats.lastMessage = (performance.now() - inbound.last) / 1000;
  const { unhandled } = inbound;
  stats.dropped += unhandled.dropped;
  stats.unhandled = unhandled.count;
  const wait = get(RECONNECT_IN);
  if (isLive && wait >= 0) stats.reconnectIn = wait;
  if (unhandled.age !== undefined) stats.oldestUnhandled = unhandled.age;
  return stats;
}
