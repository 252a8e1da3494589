// The connection of a command: opens it, reports its state on standard error, and closes it with a DISCONNECT however the
// command ends. Owns signals and the time limit, which abort the same AbortSignal.

import { createRequire } from "node:module";
import { printable } from "../node/printable.mjs";
import { EXIT, Failure, Interrupted, messageOf } from "./failure.mjs";
import { abortOnOutputFailure } from "./output.mjs";
import { withoutSecrets } from "./secrets.mjs";

const SIGNALS = /** @type {const} */ ({ SIGINT: 2, SIGTERM: 15, SIGHUP: 1 });

/** @param {string} text */
export function printNotice(text) {
  process.stderr.write(`mqtt-lib: ${printable(withoutSecrets(text))}\n`);
}

/** Aborts with the way the command is to end. A second signal ends the process at once. */
export function abortOnSignals() {
  const end = new AbortController();
  for (const [name, number] of /** @type {[NodeJS.Signals, number][]} */ (Object.entries(SIGNALS))) {
    process.on(name, () => {
      if (end.signal.aborted) endBy(name, number);
      end.abort(new Interrupted(`ended by ${name}`, 128 + number));
    });
  }
  abortOnOutputFailure(end);
  return end;
}

/** Ends the process at once. process.exit() would wait for a thread that reads a file. @param {NodeJS.Signals} name @param {number} number */
function endBy(name, number) {
  if (process.platform === "win32") process.exit(128 + number);
  process.removeAllListeners(name);
  process.kill(process.pid, name);
}

/** The result of the promise, unless the signal is aborted first. @template T @param {Promise<T>} promise @param {AbortSignal} signal @returns {Promise<T>} */
export function unlessEnded(promise, signal) {
  return new Promise((resolve, reject) => {
    const ended = () => reject(signal.reason);
    if (signal.aborted) ended();
    signal.addEventListener("abort", ended, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", ended));
  });
}

/** Rejects when the signal is aborted. @param {AbortSignal} signal @returns {Promise<never>} */
export function untilEnded(signal) {
  return unlessEnded(new Promise(() => {}), signal);
}

/**
 * @typedef {object} Context
 * @property {AbortController} end
 * @property {Record<string, any>} credentials
 * @property {Record<string, any>} properties by packet
 * @property {import("./arguments.mjs").Values} values
 * @property {string[]} topics from words and URLs
 * @property {string[]} words the others: the payload
 */

/**
 * Connects, does the work, and closes. The time limit starts now or at `since`; `late()` is its sentence once connected.
 * @template T @param {Context} context @param {{ on_message?: any }} callbacks
 * @param {(client: import("mqtt-lib").MqttCustom) => Promise<T>} work
 * @param {{ seconds?: number, since?: number, late: (seconds: number) => string }} limit
 */
export async function withClient({ end, credentials, properties, values }, callbacks, work, limit) {
  const { signal } = end;
  const client = await open(end, credentials, values, callbacks);
  /** @type {NodeJS.Timeout | undefined} */
  let timer;
  let late = (/** @type {number} */ s) => `there was no connection within ${s} s`;
  const { seconds, since = performance.now() } = limit;
  if (seconds !== undefined) {
    const left = seconds * 1000 - (performance.now() - since);
    timer = setTimeout(() => end.abort(new Failure(late(seconds), EXIT.TIMEOUT)), left);
  }
  try {
    await unlessEnded(client.start(), signal);
    late = limit.late;
    return await work(client);
  } finally {
    clearTimeout(timer);
    if (values.debug) printNotice("disconnecting");
    await client.stop(properties.disconnect && { properties: properties.disconnect });
  }
}

/**
 * Loads the package, not earlier, so that help and usage errors are printed at once. By `require`: an import of a CommonJS
 * file looks for the names of its exports first, which takes 60 ms.
 * @returns {typeof import("mqtt-lib")}
 */
export const loadPackage = () => createRequire(import.meta.url)("mqtt-lib");

/** The option `wire` that prints each packet on standard error. @returns {import("mqtt-lib").Wire} */
export function wireToErrors() {
  /** @type {typeof import("mqtt-lib/wire")} */
  const { wireLog } = createRequire(import.meta.url)("mqtt-lib/wire");
  return wireLog((packet) => process.stderr.write(`${printable(String(packet))}\n`));
}

/** @param {AbortController} end @param {Record<string, any>} credentials @param {any} values @param {{ on_message?: any }} callbacks */
async function open(end, credentials, values, callbacks) {
  const { MqttCustom } = await loadPackage();
  const notice = values.quiet ? () => {} : printNotice;
  let lost = false;
  /** Codes that are not printed (again): the loss of the connection was printed, so failing attempts are not. */
  const reported = new Set(["CONNECTION_REFUSED", "TIMEOUT", "CONNECTION_LOST"]);
  return new MqttCustom({
    credentials,
    autostart: false,
    ...(values.wire && { wire: wireToErrors() }),
    ...callbacks,
    on_connect(_client, _userdata, flags, rc) {
      if (values.debug) printNotice(`connected: return code ${rc}, session present: ${flags.sessionPresent}`);
      if (lost && rc === 0) notice("reconnected");
      if (rc === 0) lost = false;
    },
    on_disconnect(_client, _userdata, rc, error) {
      if (rc === 0) return;
      notice(`${error?.message ?? "the connection was lost"}; reconnecting`);
      lost = true;
    },
    on_error(_client, _userdata, error) {
      if (error.code === "NOT_AUTHORIZED" && lost) end.abort(error);
      else if (values.debug) printNotice(messageOf(error));
      else if (!reported.has(error.code)) notice(messageOf(error));
      reported.add(error.code);
    },
  });
}
