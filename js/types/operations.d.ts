// What the operations of a client take and what they resolve with.
import type { Credentials } from "./credentials.js";
import type { QoS } from "./payload.js";
import type {
  DisconnectProperties,
  PublishProperties,
  ResultProperties,
  SubscribeProperties,
} from "./properties.js";

/** What may end a call early. */
export interface Abortable {
  /** When it is aborted, the call rejects with its reason. What is on the wire by then takes effect. */
  signal?: AbortSignal | null | undefined;
}

/** Options of `start()`. With any of them it waits over failed attempts. */
export interface StartOptions extends Abortable {
  /** Seconds, above 0, at most 2147483; then it rejects with `"TIMEOUT"`, while attempts go on. Default: none. */
  timeout?: number | null | undefined;
}

/**
 * Options of one message. When `signal` or `timeout` ends the call, a message that is not on the wire is withdrawn; one in
 * flight is completed in this session, and not sent in another. An item that is in a batch stays in it, and a connection of
 * `publish_high_priority` may still deliver.
 */
export interface PublishOptions extends Abortable {
  /** Seconds, above 0, at most 2147483; then it rejects with `"TIMEOUT"`. Default: none of its own, see `publishtimeout`. */
  timeout?: number | null | undefined;
  /** Quality of service (§3.3.1.2). Default: 0. */
  qos?: QoS | undefined;
  /** Whether the broker keeps it for later subscribers (§3.3.1.3). Default: `false`. */
  retain?: boolean | undefined;
  /** Properties of the message (§3.3.2.3). MQTT 5; in 3.1.1 a `TypeError`. */
  properties?: PublishProperties | null | undefined;
}

/** What may end a call early, also a time. */
export interface Limited extends Abortable {
  /** Seconds, above 0, at most 2147483; then it rejects with `"TIMEOUT"`, as if aborted. Default: none of its own, see `acktimeout`. */
  timeout?: number | null | undefined;
}

/**
 * Options of a subscription. When `signal` or `timeout` ends the call, what is not on the wire is not sent; what is on the wire is
 * taken back: the filter is unsubscribed, or gets the options that the broker had granted before.
 */
export interface SubscribeOptions extends Limited {
  /** Largest QoS the broker may deliver with (§3.8.3). Default: 0. */
  qos?: QoS | undefined;
  /** Not those that this client publishes (§3.8.3.1). MQTT 5. Default: `false`. */
  noLocal?: boolean | undefined;
  /** Messages keep the retain flag they were published with (§3.8.3.1). MQTT 5. Default: `false`. */
  retainAsPublished?: boolean | undefined;
  /** Kept messages are sent: 0 at each subscription, 1 at a new one, 2 never (§3.8.3.1). MQTT 5. Default: 0. */
  retainHandling?: 0 | 1 | 2 | undefined;
  /** Properties of SUBSCRIBE (§3.8.2.1). MQTT 5. */
  properties?: SubscribeProperties | null | undefined;
  /**
   * At most so many messages of this subscription are in the handler at a time, 1 to 65,535; 1 is one after the other.
   * Default: no limit of its own.
   */
  concurrency?: number | undefined;
  /**
   * `"handled"`: a message of QoS 1 or 2 is acknowledged when the handler has returned and its promise has settled.
   * `"manual"`: when `message.ack()` is called, too. Default: `"handled"`.
   */
  ack?: "handled" | "manual" | undefined;
  /**
   * What happens when the handler throws or rejects. `"acknowledge"`: `on_error` gets the error, and the message is
   * acknowledged. `"retry"`: it is called again, `retries` times, then as `"acknowledge"`. `"leave"`: the message is not
   * acknowledged; the broker sends it again on the next connection of the session. Default: `"acknowledge"`.
   */
  onFailure?: "acknowledge" | "retry" | "leave" | undefined;
  /** How many times `onFailure: "retry"` calls the handler again, 0 to 65,535. Default: 3. */
  retries?: number | undefined;
  /** Seconds before the first of these calls, 0 to 86,400; it doubles with each, up to 60 s. Default: 1. */
  retryDelay?: number | undefined;
  /**
   * A topic: a message whose last call has failed is published there, with the same payload and properties, and acknowledged
   * when that is confirmed. In MQTT 5 it gets the user properties `deadLetterTopic` and `deadLetterReason`.
   */
  deadLetter?: string | undefined;
}

/** Options of a subscription that hold for a whole call. */
type WholeCall =
  | "signal"
  | "timeout"
  | "properties"
  | "concurrency"
  | "ack"
  | "onFailure"
  | "retries"
  | "retryDelay"
  | "deadLetter";

/** A handler that `addHandler` has added. */
export interface AddedHandler {
  /** Its topic filter. */
  readonly filter: string;
  /** The granted QoS; rejects if the broker refuses the filter, and as `subscribe` does. */
  readonly ready: Promise<number>;
  /** Ends it; with the last handler of its filter that is unsubscribed. Resolves as `unsubscribe` does. */
  remove(): Promise<void>;
  /** The same as `remove()`, for `using`. */
  [Symbol.dispose](): void;
}

/** Options of `snapshot()`. */
export interface SnapshotOptions extends Abortable {
  /** Seconds, above 0, at most 2147483; then it rejects. Default: 30. */
  timeout?: number | null | undefined;
  /** Seconds in which no retained message comes, at most 2147483; 0: a round trip alone. Default: 0.5. */
  quiet?: number | undefined;
}

/** Options of `messages()`. */
export interface MessagesOptions extends Abortable {
  /**
   * `"handled"`: a message of QoS 1 or 2 is acknowledged when the loop asks for the next one, or is left. `"manual"`: when
   * `message.ack()` is called. Default: `"handled"`.
   */
  ack?: "handled" | "manual" | undefined;
}

/** Topic filters with a QoS of their own (§4.7): `{ "a/+": 1, "b/#": { qos: 2 } }`. */
export interface FilterMap {
  readonly [filter: string]: QoS | Readonly<Omit<SubscribeOptions, WholeCall>>;
}

/** One topic filter, several, or several with a QoS of their own. */
export type Filters = string | readonly string[] | FilterMap;

/**
 * Where `publish_high_priority` connects, and how it publishes. `hostname` is another name of
 * `mqttserver` (default: `"localhost"`), `port` of `mqttport` (default: 1883).
 */
export interface HighPriorityOptions extends Omit<Credentials, "properties">, PublishOptions {
  /** Host name or URL; the same as `mqttserver`. Default: `"localhost"`. */
  hostname?: string | undefined;
  /** Port from 1 to 65535; the same as `mqttport`, so one in the server's URL wins. Default: 1883. */
  port?: number | undefined;
}

/** What PUBACK or PUBCOMP said beside plain success (MQTT 5, §3.4.2.1), such as 16, no matching subscribers. */
export interface PublishResult {
  /** The reason code the broker sent. */
  reasonCode: number;
  /** What came along with it. */
  properties?: ResultProperties;
}

/** Reason codes, one for each filter; `properties` where the broker sent some (MQTT 5). */
export interface FilterResults<Code = number> extends Array<Code> {
  /** What came along with it. */
  properties?: ResultProperties;
}

/** Options of `unsubscribe()` (MQTT 5, §3.10.2.1). When `signal` or `timeout` ends the call, what is not on the wire is not sent. */
export interface UnsubscribeOptions extends Limited {
  /** What came along with it. */
  properties?: Pick<DisconnectProperties, "userProperties"> | null | undefined;
}

/** Options of `stop()` (MQTT 5, §3.14.2). */
export interface StopOptions {
  /** 0, 4 (the broker publishes the will), or 128 to 255. Default: 0. */
  reasonCode?: number | undefined;
  /** What came along with it. */
  properties?: DisconnectProperties | null | undefined;
}

/** Options of one request. */
export interface RequestOptions extends Omit<PublishOptions, "timeout"> {
  /** Seconds to wait for the response, above 0, at most 2147483. Default: 30. */
  timeout?: number | undefined;
}
