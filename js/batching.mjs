// An item of a batch: over the fast path where topic, text and options are simple, otherwise by the core, which closes batches
// (src/engine/outbox/batches.rs).

import { refusal } from "../pkg/mqtt_lib.js";
import { atCall } from "./errors.mjs";
import { publishFlags, topicNumber, writePayload } from "./fast-path.mjs";
import { BATCH, BATCH_JSON, BATCH_PROMISE } from "./operations.mjs";
import { rejected } from "./pending.mjs";
import { fastPath } from "./runtime.mjs";
import { orFailure } from "./trap.mjs";

/** @typedef {import("../pkg/mqtt_lib.js").MqttCustom} Core */
/** @typedef {import("./hooks.mjs").Hooks} Hooks */

/**
 * Adds an item; the promise is that of its batch.
 * @param {Core} core @param {Hooks} hooks @param {unknown} topic @param {unknown} item @param {string | undefined} text its JSON, if it has one
 * @param {unknown} options @returns {Promise<void>}
 */
export function batch(core, hooks, topic, item, text, options) {
  if (text === undefined)
    return orFailure(hooks.inUse, () => joined(hooks, core.call(BATCH, topic, item, options)));
  const flags = publishFlags(options);
  const number = flags < 0 ? -1 : topicNumber(topic);
  const length = number < 0 ? -1 : writePayload(text);
  if (length < 0)
    return orFailure(
      hooks.inUse,
      () => joined(hooks, core.call(BATCH_JSON, topic, text, options)),
      flags >= 0,
    );
  const { number: client, pending } = hooks;
  const token = pending.next();
  const begun = fastPath.batch(client, number, length, flags, token);
  if (begun === 0) return rejected(hooks.failure ?? atCall()(refusal(client)));
  if (begun === token) return pending.commit(token, /** @type {string} */ (topic)).promise;
  return pending.promise(begun) ?? core.call(BATCH_PROMISE, begun);
}

/** What the core gives for an item: a promise, or the number of one that is here. @param {Hooks} hooks @param {any} begun */
const joined = (hooks, begun) => (typeof begun === "number" ? hooks.pending.promise(begun) : begun);
