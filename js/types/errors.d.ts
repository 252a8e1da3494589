// The errors of the package, with their codes.
import type { ResultProperties } from "./properties.js";

// BEGIN GENERATED error-codes
/**
 * Codes of a {@link MqttError}.
 *
 * - `"CONNECTION_REFUSED"`: the server cannot be reached, or CONNACK has return code 1, 2 or 3 (§3.2.2.3).
 * - `"NOT_AUTHORIZED"`: CONNACK has return code 4 (bad user name or password) or 5 (not authorised), or a
 *   reason code that means the same (§3.2.2.3).
 * - `"CONNECTION_LOST"`: an accepted connection ended, or the broker was silent for too long.
 * - `"CERTIFICATE_INVALID"`: `certs` cannot be used: a file is missing or has another format, or a key does
 *   not match its certificate.
 * - `"CERTIFICATE_REFUSED"`: the broker requires a client certificate, or does not accept the one in `certs`
 *   (expired, of another CA).
 * - `"SERVER_UNTRUSTED"`: the broker's certificate is of an unknown CA, has expired, or is for another host.
 * - `"INSECURE_CONNECTION"`: a warning, the connection goes on: a password is sent unencrypted to another
 *   machine, or the broker is not verified.
 * - `"CREDENTIALS_FAILED"`: the credentials function threw, or its promise was rejected; `cause` is what it
 *   threw.
 * - `"QUEUE_FULL"`: `offlinesize` or `offlinebytes` is reached (by messages, or by filters of unanswered
 *   `subscribe` and `unsubscribe` calls), a page cannot keep up with messages of QoS 0 (`maxunhandled`,
 *   `maxunhandledbytes`), 100,000 calls were made before the WebAssembly was loaded, or the clients of the
 *   process or page together keep 2 GiB.
 * - `"DROPPED"`: the message was dropped for a later one, by `offlinepolicy`; it was not sent.
 * - `"EXPIRED"`: the message waited longer than `offlineexpiry`; it was not sent.
 * - `"TIMEOUT"`: `connecttimeout`, `acktimeout` or `publishtimeout` has passed.
 * - `"STOPPED"`: `stop()` was called before the operation was done.
 * - `"PACKET_TOO_LARGE"`: a message is larger than 268,435,455 bytes or than the broker allows, a batch item
 *   is larger than 16 MiB, or a received message is larger than `maxpacketsize`.
 * - `"PROTOCOL_ERROR"`: the broker sent what MQTT or `maxpacketsize` does not allow.
 * - `"SUBSCRIBE_FAILED"`: SUBACK has a return code of 128 or more for at least one filter (§3.9.3); the other
 *   filters stay subscribed.
 * - `"UNSUBSCRIBE_FAILED"`: UNSUBACK has a reason code of 128 or more for at least one filter (MQTT 5,
 *   §3.11.3).
 * - `"BROKER_CLOSES"`: the broker closed three connections right after this PUBLISH, SUBSCRIBE or UNSUBSCRIBE
 *   was sent, while nothing else was unanswered.
 * - `"PUBLISH_REFUSED"`: PUBACK or PUBREC has a reason code of 128 or more (MQTT 5, §3.4.2.1).
 * - `"NOT_SUPPORTED"`: the broker has stated that it does not support this QoS, retained messages, this kind
 *   of filter or this alias (MQTT 5, §3.2.2.3), it does not speak MQTT 5, or it has answered a QoS 2 publish
 *   with PUBACK (3.1.1; reported once).
 * - `"LOAD_FAILED"`: the WebAssembly could not be loaded; `cause` is the loader's error.
 * - `"CORE_FAILED"`: the WebAssembly trapped, or an exception passed through it (a stack that overflowed, a
 *   `vm` timeout); every client that used it has ended; `start()` and new clients use another instance;
 *   `cause` is what was thrown.
 * - `"CALLBACK_FAILED"`: a callback threw, or its promise was rejected; `cause` is what it threw. Or it was
 *   cut off from outside (a `vm` timeout), which stops the client: what is pending rejects.
 * - `"STORE_LOCKED"`: another process or tab has the store of this client id open.
 * - `"STORE_DAMAGED"`: part of the store cannot be read; the rest is sent.
 * - `"STORE_FAILED"`: the store cannot be opened or written, or has not answered for 60 s; the client is
 *   stopped.
 */
export type MqttErrorCode =
  | "CONNECTION_REFUSED"
  | "NOT_AUTHORIZED"
  | "CONNECTION_LOST"
  | "CERTIFICATE_INVALID"
  | "CERTIFICATE_REFUSED"
  | "SERVER_UNTRUSTED"
  | "INSECURE_CONNECTION"
  | "CREDENTIALS_FAILED"
  | "QUEUE_FULL"
  | "DROPPED"
  | "EXPIRED"
  | "TIMEOUT"
  | "STOPPED"
  | "PACKET_TOO_LARGE"
  | "PROTOCOL_ERROR"
  | "SUBSCRIBE_FAILED"
  | "UNSUBSCRIBE_FAILED"
  | "BROKER_CLOSES"
  | "PUBLISH_REFUSED"
  | "NOT_SUPPORTED"
  | "LOAD_FAILED"
  | "CORE_FAILED"
  | "CALLBACK_FAILED"
  | "STORE_LOCKED"
  | "STORE_DAMAGED"
  | "STORE_FAILED";

/**
 * Codes of the `TypeError` or `RangeError` that a wrong argument gives.
 *
 * - `"INVALID_OPTION"` (`TypeError`): an unknown key, or a value of a wrong type.
 * - `"OUT_OF_RANGE"` (`RangeError`): a number outside its range, or a string that is too long.
 * - `"INVALID_TOPIC"` (`TypeError`): not a topic name, or not a topic filter (§4.7).
 * - `"INVALID_PAYLOAD"` (`TypeError`): an object as payload; bytes, a function or a cycle as an item of a
 *   batch.
 */
export type ArgumentErrorCode = "INVALID_OPTION" | "OUT_OF_RANGE" | "INVALID_TOPIC" | "INVALID_PAYLOAD";
// END GENERATED error-codes

/** Every `code` an error of this package can have. */
export type ErrorCode = MqttErrorCode | ArgumentErrorCode;

/** What went wrong in MQTT, on the way to the broker, or by a stated policy. */
export class MqttError extends Error {
  constructor(
    message: string,
    code: MqttErrorCode,
    reasonCode?: number,
    cause?: unknown,
    properties?: ResultProperties,
  );
  /** Always `"MqttError"`. */
  name: "MqttError";
  /** What programs compare. */
  code: MqttErrorCode;
  /** The return code the broker sent in CONNACK (§3.2.2.3) or SUBACK (§3.9.3); absent if it sent none. */
  reasonCode?: number;
  /** The specification's name of a `reasonCode` of 128 or more, such as `"session taken over"`. */
  reasonName?: string;
  /** With `"CONNECTION_LOST"` and `"CONNECTION_REFUSED"`: the status code of the WebSocket close frame (RFC 6455, section 7.4); absent if none came. */
  closeCode?: number;
  /** The reason in that close frame, `""` if it has none. */
  closeReason?: string;
  /** What came with the reason code, MQTT 5: `reasonString`, `userProperties`, `serverReference`; absent if nothing. */
  properties?: ResultProperties;
  /** With `"CALLBACK_FAILED"` and `"CREDENTIALS_FAILED"`: what the function threw; with `"LOAD_FAILED"`: the loader's error. */
  cause?: unknown;
  /** Address of the page that explains its code, with what to do. */
  readonly help: string;
  /** What `JSON.stringify` shows: name, message, code, reason code and properties. */
  toJSON(): object;
}

/**
 * What `on_error` is given: a {@link MqttError}, a `TypeError` or a `RangeError`, all with a `code`.
 */
export interface ClientError extends Error {
  /** What programs compare. */
  code: ErrorCode;
  /** The return code the broker sent; absent if it sent none. */
  reasonCode?: number;
}
