// Failures of a client that has no core: before it is created, and after the WebAssembly has failed. They reach its callbacks and
// listeners as those of the core do, or the console.

import { MqttError } from "./errors.mjs";
import { announce, CLOSE, DISCONNECT, ERROR, STATE } from "./events.mjs";
import { STOPPED } from "./operations.mjs";
import { warn } from "./warn.mjs";

/** `rc` of `on_disconnect` for a connection that is lost. */
const LOST = 7;

/** To `on_error` and the listeners of `error`. @param {any} client @param {Record<string, any>} callbacks @param {unknown} userdata @param {unknown} error */
export function report(client, { on_error }, userdata, error) {
  const handles = typeof on_error === "function";
  try {
    if (handles) on_error(client, userdata, error);
  } catch (thrown) {
    warn("mqtt-lib: on_error itself threw:", thrown);
  }
  if (announce(client, ERROR, [userdata, error]).length === 0 && !handles)
    warn("mqtt-lib (set on_error to handle this):", error);
}

/** The core of these hooks may have failed: then, once, rejects everything pending, and reports that. @param {any} client @param {Record<string, any>} callbacks @param {import("./hooks.mjs").Hooks} hooks @param {({ end: (error: unknown) => void } | null)[]} pending */
export function endFailed(client, callbacks, hooks, pending) {
  const error = hooks.failure;
  if (error === undefined || hooks.ended === hooks.instance) return;
  hooks.ended = hooks.instance;
  for (const one of pending) one?.end(error);
  reportFailure(client, callbacks, hooks.userdata, error, hooks.failAll(error));
}

/** The client has ended with its core. @param {any} client @param {Record<string, any>} callbacks @param {unknown} userdata @param {unknown} error @param {boolean} wasConnected */
function reportFailure(client, callbacks, userdata, error, wasConnected) {
  report(client, callbacks, userdata, error);
  if (wasConnected) {
    try {
      callbacks.on_disconnect?.(client, userdata, LOST, error);
    } catch (thrown) {
      const text = "on_disconnect threw; fix the callback";
      report(client, callbacks, userdata, new MqttError(text, "CALLBACK_FAILED", undefined, thrown));
    }
    announce(client, DISCONNECT, [userdata, LOST, error]);
  }
  announce(client, STATE, [userdata, STOPPED]);
  announce(client, CLOSE, [userdata]);
}
