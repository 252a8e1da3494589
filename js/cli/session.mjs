// One connection for one command: opened, told of on standard error, and closed with a DISCONNECT however the command
// ends. Owns signals and the time limit, which are one AbortSignal.

import { EXIT, Failure, Interrupted, inWords } from "./failure.mjs";

const SIGNALS = /** @type {const} */ ({ SIGINT: 2, SIGTERM: 15, SIGHUP: 1 });

/** @param {string} text */
export function say(text) {
  process.stderr.write(`mqtt-lib: ${text}\n`);
}

/** Aborts with how the command is to end. The second signal ends the process at once. */
export function listenForTheEnd() {
  const end = new AbortController();
  for (const [name, number] of Object.entries(SIGNALS)) {
    process.on(name, () => {
      if (end.signal.aborted) process.exit(128 + number);
      end.abort(new Interrupted(`ended by ${name}`, 128 + number));
    });
  }
  process.stdout.on("error", (error) => {
    // Whoever reads has had enough, as `head` has: no failure of ours.
    const closed = /** @type {{ code?: string }} */ (error).code === "EPIPE";
    if (closed) end.abort(new Interrupted("nobody reads what is printed", EXIT.OK));
    else end.abort(new Failure(`cannot write to standard output: ${error.message}`));
  });
  return end;
}

/** The promise, unless the end comes first. @template T @param {Promise<T>} promise @param {AbortSignal} signal @returns {Promise<T>} */
export function unlessEnded(promise, signal) {
  return new Promise((resolve, reject) => {
    const ended = () => reject(signal.reason);
    if (signal.aborted) ended();
    signal.addEventListener("abort", ended, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", ended));
  });
}

/** Only ends with the signal. @param {AbortSignal} signal @returns {Promise<never>} */
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
 * @property {string[]} words what is left: the payload
 */

/**
 * Connects, does the work, and closes. The time limit counts from now; `late()` is its sentence once connected.
 * @template T @param {Context} context @param {{ on_message?: any }} callbacks
 * @param {(client: import("mqtt-lib").MqttCustom) => Promise<T>} work
 * @param {{ seconds?: number, late: (seconds: number) => string }} limit
 */
export async function withClient({ end, credentials, properties, values }, callbacks, work, limit) {
  const { signal } = end;
  const client = await open(end, credentials, values, callbacks);
  /** @type {NodeJS.Timeout | undefined} */
  let timer;
  let late = (/** @type {number} */ s) => `there was no connection within ${s} s`;
  const { seconds } = limit;
  if (seconds !== undefined) {
    timer = setTimeout(() => end.abort(new Failure(late(seconds), EXIT.TIMEOUT)), seconds * 1000);
  }
  try {
    await unlessEnded(client.start(), signal);
    late = limit.late;
    return await work(client);
  } finally {
    clearTimeout(timer);
    if (values.debug) say("disconnecting");
    await client.stop(properties.disconnect && { properties: properties.disconnect });
  }
}

/** The package is loaded here and not before, so that help and what is wrong with words come at once. */
export const loadPackage = () => import("mqtt-lib");

/** @param {AbortController} end @param {Record<string, any>} credentials @param {any} values @param {{ on_message?: any }} callbacks */
async function open(end, credentials, values, callbacks) {
  const { MqttCustom } = await loadPackage();
  const notice = values.quiet ? () => {} : say;
  let lost = false;
  /** While the broker is away each attempt fails, and that it is away was said. */
  const told = new Set(["CONNECTION_REFUSED", "TIMEOUT", "CONNECTION_LOST"]);
  return new MqttCustom({
    credentials,
    autostart: false,
    ...callbacks,
    on_connect(_client, _userdata, flags, rc) {
      if (values.debug) say(`connected: return code ${rc}, session present: ${flags.sessionPresent}`);
      if (lost && rc === 0) notice("connected again");
      if (rc === 0) lost = false;
    },
    on_disconnect(_client, _userdata, rc, error) {
      if (rc === 0) return;
      notice(`${error?.message ?? "the connection is lost"}; connecting again`);
      lost = true;
    },
    on_error(_client, _userdata, error) {
      if (error.code === "NOT_AUTHORIZED" && lost) end.abort(error);
      else if (values.debug) say(inWords(error));
      else if (!told.has(error.code)) notice(inWords(error));
      told.add(error.code);
    },
  });
}
