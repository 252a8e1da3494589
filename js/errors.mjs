// The error class of the package. Owns no sentences: they are made in Rust, where the cause is known.

const HELP = "https://github.com/mqtt-lib/mqtt-lib/blob/main/docs/troubleshooting.md#";

/**
 * Called where a public method begins; what it returns gives an error the stack of that call. Node's entry has one.
 * @type {() => <T>(error: T) => T}
 */
export let atCall = () => (error) => error;

/** @param {typeof atCall} remember */
export function useStacks(remember) {
  atCall = remember;
}

/** What went wrong in MQTT, on the way to the broker, or by a stated policy. */
export class MqttError extends Error {
  /**
   * @param {string} message
   * @param {string} code
   * @param {number | undefined} [reasonCode] the return or reason code, where the broker sent one
   * @param {unknown} [cause]
   * @param {object} [properties] what came with the reason code, MQTT 5
   */
  constructor(message, code, reasonCode, cause, properties) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "MqttError";
    this.code = code;
    if (reasonCode !== undefined) this.reasonCode = reasonCode;
    if (properties !== undefined) this.properties = properties;
  }
  /** Where its code is explained. */
  get help() {
    return HELP + this.code.toLowerCase();
  }
}
