// What edge nodes and host applications have in common: the check of their options, the credentials of each attempt, and how
// what is wrong reaches the application.

import { MqttCustom, MqttError } from "mqtt-lib";
import { shown, wrong } from "./errors.mjs";

/** What Sparkplug says, and the application may not. */
const SET_HERE = [
  "mqttcleansession",
  "willsettopic",
  "willsetpayload",
  "willsetqos",
  "willsetretain",
  "willProperties",
  "store",
];

/** @param {any} options @param {string} name @param {string[]} known */
export function checkOptions(options, name, known) {
  if (typeof options !== "object" || options === null)
    throw wrong(`${name}: an object of options is needed; ${shown(options)} was given`);
  for (const key of Object.keys(options)) {
    if (!known.includes(key)) throw wrong(`${name}: unknown option "${key}"; known are ${known.join(", ")}`);
  }
  for (const key of known.filter((key) => key.startsWith("on"))) {
    if (options[key] !== undefined && typeof options[key] !== "function")
      throw wrong(`${name}: ${key} must be a function; ${shown(options[key])} was given`);
  }
}

/** @param {any} given @param {string} name */
function checkCredentials(given, name) {
  for (const key of SET_HERE) {
    if (given?.[key] != null) throw wrong(`${name}: credentials.${key} is what Sparkplug says; leave it out`);
  }
}

/**
 * A client whose will is made anew for each attempt to connect. `clientId` holds if the application gives none: when a process
 * is started again, the broker ends the old connection and sends its will before the new one begins.
 * @param {any} options @param {string} name @param {string} clientId
 * @param {() => { topic: string, payload: Uint8Array | string, retain: boolean }} makeWill
 * @param {(servers: string[]) => string[]} [order] of several servers
 * @returns {any}
 */
export function makeClient(
  { credentials, onError, Client = MqttCustom },
  name,
  clientId,
  makeWill,
  order = (all) => all,
) {
  if (typeof credentials !== "function") checkCredentials(credentials, name);
  return new Client({
    autostart: false,
    ...(onError && {
      on_error: (/** @type {any} */ _client, /** @type {any} */ _userdata, /** @type {any} */ error) =>
        onError(error),
    }),
    // A lost connection is no error: attempts go on.
    on_disconnect() {},
    credentials: async (/** @type {number} */ attempt, /** @type {any} */ lastError) => {
      const given = typeof credentials === "function" ? await credentials(attempt, lastError) : credentials;
      checkCredentials(given, name);
      const { topic, payload, retain } = makeWill();
      return {
        ...given,
        mqttclientid: given?.mqttclientid ?? clientId,
        ...(Array.isArray(given?.mqttserver) && { mqttserver: order([...given.mqttserver]) }),
        mqttcleansession: true,
        willsettopic: topic,
        willsetpayload: payload,
        willsetqos: 1,
        willsetretain: retain,
      };
    },
  });
}

/** @param {any} onError @param {string} text @param {unknown} [cause] */
export function report(onError, text, cause) {
  const error = new MqttError(text, "PROTOCOL_ERROR", undefined, cause);
  if (onError) onError(error);
  // biome-ignore lint/suspicious/noConsole: as the client does, a failure is never silent
  else console.warn("mqtt-lib/sparkplug (set onError to handle this):", error);
}

/** A promise that others settle, and nobody need look at. */
export function deferred() {
  /** @type {any} */
  const made = {};
  made.promise = new Promise((resolve, reject) => Object.assign(made, { resolve, reject }));
  made.promise.catch(() => {});
  return made;
}

/** Rejects when the signal is aborted or the time is over. @param {Promise<any>} promise @param {any} [options] @param {string} [what] */
export async function within(promise, { signal, timeout } = {}, what = "") {
  if (signal == null && timeout == null) return promise;
  /** @type {any} */
  let timer;
  /** @type {any} */
  let abort;
  const ended = new Promise((_resolve, reject) => {
    if (timeout != null) {
      const error = () => reject(new MqttError(`${what} after ${timeout} s`, "TIMEOUT"));
      timer = setTimeout(error, timeout * 1000);
    }
    abort = () => reject(signal.reason);
    if (signal?.aborted) abort();
    signal?.addEventListener("abort", abort);
  });
  try {
    return await Promise.race([promise, ended]);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", abort);
  }
}
