// The error class of the package. Most sentences are made in Rust, where the cause is known; here are those of what
// never reaches it.

const HELP = "https://github.com/mqtt-lib/mqtt-lib/blob/main/docs/troubleshooting.md#";

/**
 * Called where a public method begins; what it returns gives an error the stack of that call. Node's entry has one.
 * @type {() => <T>(error: T) => T}
 */
export let atCall = () => (error) => error;

/** Makes each error of the core, which may belong to no call. @type {<T>(make: () => T) => T} */
export let made = (make) => make();

/**
 * Called with the error of a publish that fails later; `end` rejects its promise, which `linked` or `resolve` would resolve.
 * @type {(error: any, publish: { topic?: unknown, resolve: Function, linked?: Function }, end: () => void) => void}
 */
export let refused = (_error, _publish, end) => end();

/** @param {typeof atCall} remember @param {typeof made} shorten @param {typeof refused} name */
export function useStacks(remember, shorten, name) {
  atCall = remember;
  made = shorten;
  refused = name;
}

/** A failure of MQTT or of the connection to the broker, or the result of a policy that was configured. */
export class MqttError extends Error {
  /**
   * @param {string} message
   * @param {string} code
   * @param {number | undefined} [reasonCode] the return code or reason code, where the broker sent one
   * @param {unknown} [cause]
   * @param {object} [properties] the properties sent with the reason code, MQTT 5
   */
  constructor(message, code, reasonCode, cause, properties) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "MqttError";
    this.code = code;
    if (reasonCode !== undefined) this.reasonCode = reasonCode;
    if (properties !== undefined) this.properties = properties;
  }

  /** With the message, which JSON leaves out otherwise. */
  toJSON() {
    return { ...this, message: this.message };
  }

  /** The address of the page that explains the code. */
  get help() {
    return HELP + this.code.toLowerCase();
  }
}

/** A wrong argument. @param {string} text @returns {TypeError & { code: string }} */
export const invalidOption = (text) => Object.assign(new TypeError(text), { code: "INVALID_OPTION" });

/** @param {unknown} value */
export const kind = (value) =>
  value === null || value === undefined
    ? `${value}`
    : `${typeof value === "object" ? "an" : "a"} ${typeof value}`;

/** @param {string} name @param {unknown} given */
export const noFunction = (name, given) =>
  invalidOption(`${name} must be a function; ${kind(given)} was given`);

/** What was thrown by a value of the user's, which therefore cannot be read. @param {string} place @param {unknown} thrown */
export function unreadable(place, thrown) {
  let why = "";
  try {
    why = ` (${thrown})`;
  } catch {
    // It cannot be said, either.
  }
  return invalidOption(`${place} must be an object; what cannot be read${why} was given`);
}
