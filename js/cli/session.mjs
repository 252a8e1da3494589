// The connection of a command: opens it, reports its state on standard error, and closes it with a DISCONNECT however the
// command ends. Owns signals and the time limit, which abort the same AbortSignal.

import { createRequire } from "node:module";
import { printable } from "../node/printable.mjs";
import { EXIT, Failure, Interrupted, messageOf } from "./failure.mjs";
import { abandonStalledOutput, abortOnOutputFailure } from "./output.mjs";
import { plural } from "./progress.mjs";
import { withoutSecrets } from "./secrets.mjs";

const SIGNALS = /** @type {const} */ ({ SIGINT: 2, SIGTERM: 15, SIGHUP: 1 });

/** The default of `stoptimeout`, in seconds. */
const STOP_TIMEOUT = 10;

/** So many messages that were skipped are named. */
const MAX_SKIPS_NAMED = 10;

/** @param {string} text */
export function printNotice(text) {
  process.stderr.write(`mqtt-lib: ${printable(withoutSecrets(text))}\n`);
}

/** Aborts with the way the command is to end. A second signal, or one when it ends already, ends the process at once. */
export function abortOnSignals() {
  const end = new AbortController();
  for (const [name, number] of /** @type {[NodeJS.Signals, number][]} */ (Object.entries(SIGNALS))) {
    process.on(name, () => {
      if (end.signal.aborted) endBy(name, number);
      abandonStalledOutput();
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
  const { seconds, since = performance.now() } = limit;
  // Who sets a limit does not want to wait for longer than that once it has passed.
  const stoptimeout = Math.min(STOP_TIMEOUT, seconds ?? STOP_TIMEOUT);
  const { client, errors } = await open(end, { stoptimeout, ...credentials }, values, callbacks);
  /** @type {NodeJS.Timeout | undefined} */
  let timer;
  let late = (/** @type {number} */ s) => `there was no connection within ${s} s`;
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
    errors.end();
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

/**
 * Prints errors that no promise carries, with --debug all of them: otherwise each code once, and of messages that were skipped for
 * what is wrong with them the first ones.
 */
class ErrorNotices {
  /** The codes of such messages. */
  #skips = new Set(["PROTOCOL_ERROR", "PACKET_TOO_LARGE"]);
  #skipped = 0;
  /** Codes that are not printed (again): the loss of the connection was printed, so failing attempts are not. */
  #reported = new Set(["CONNECTION_REFUSED", "TIMEOUT", "CONNECTION_LOST"]);
  #debug;
  #notice;

  /** @param {import("./arguments.mjs").Values} values @param {(text: string) => void} notice */
  constructor(values, notice) {
    this.#debug = values.debug;
    this.#notice = notice;
  }

  /** @param {Error & { code: string }} error */
  take(error) {
    const { code } = error;
    const isSkip = this.#skips.has(code);
    if (isSkip) this.#skipped += 1;
    if (this.#debug) printNotice(messageOf(error));
    else if (isSkip ? this.#skipped <= MAX_SKIPS_NAMED : !this.#reported.has(code))
      this.#notice(messageOf(error));
    this.#reported.add(code);
  }

  /** Counts what was not named. */
  end() {
    const rest = this.#skipped - MAX_SKIPS_NAMED;
    if (rest > 0 && !this.#debug)
      this.#notice(`${plural(rest, "further message", " was", " were")} skipped; -d names each`);
  }
}

/** @param {AbortController} end @param {Record<string, any>} credentials @param {any} values @param {{ on_message?: any }} callbacks */
async function open(end, credentials, values, callbacks) {
  const { MqttCustom } = await loadPackage();
  const notice = values.quiet ? () => {} : printNotice;
  const errors = new ErrorNotices(values, notice);
  let lost = false;
  const client = new MqttCustom({
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
      else errors.take(error);
    },
  });
  return { client, errors };
}
