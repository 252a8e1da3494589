// The error class of the package. Makes no sentences. Most are made in Rust; those about sockets and certificates in
// js/node, and a few where JavaScript alone knows the cause.

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

  /** The address of the page that explains the code. */
  get help() {
    return HELP + this.code.toLowerCase();
  }
}
