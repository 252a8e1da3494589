// A received message, and what a topic with a type makes of it.
import type { MqttCustom } from "../index.js";
import type { Any, Bytes, QoS } from "./payload.js";
import type { ReceivedProperties } from "./properties.js";

/** A received message (§3.3). */
export interface Message {
  /** Topic name it was published to. */
  topic: string;
  /** Application message. A copy: the user may keep and change it. */
  payload: Bytes;
  /** QoS it was delivered with: the smaller of the publisher's and the granted one. */
  qos: QoS;
  /** True if the broker had kept it from before the subscription (§3.3.1.3). */
  retain: boolean;
  /** True if the broker may have sent it before (§3.3.1.1). */
  dup: boolean;
  /** Properties (MQTT 5, §3.3.2.3); `undefined` if there are none. */
  properties: ReceivedProperties | undefined;
  /**
   * The application has dealt with the message, for `ack: "manual"`: it is acknowledged when the handler has ended, too. One
   * call counts for all handlers and loops that wait for it; a second one does nothing.
   */
  ack(): void;
  /**
   * Refuses a message of QoS 1 or 2, in MQTT 5: PUBACK or PUBREC has this reason code (§3.4.2.1): 128, 131, 135, 144, 145,
   * 151 or 153; a `RangeError` otherwise. In 3.1.1 it is acknowledged, and `on_error` gets `"NOT_SUPPORTED"`. Later calls
   * do nothing.
   */
  reject(reasonCode: number, reasonString?: string | null): void;
  /** The payload as UTF-8 text; what is not UTF-8 becomes U+FFFD. */
  text(): string;
  /** The payload as JSON. Throws a `SyntaxError` if it is not. */
  json<Value = Any>(): Value;
}

/**
 * A topic of `mqtt-lib/topics`, as the methods of a client take it: it says what the parameters of its name are, what is
 * published (`Input`), and what handlers are given (`Output`).
 */
export interface TypedTopic<Params = Any, Input = Any, Output = Any> {
  /** Of all its names: a wildcard in place of each parameter. */
  readonly filter: string;
  /** For the compiler alone. */
  readonly "~types"?: TypedTopicTypes<Params, Input, Output> | undefined;
}

/** The types of a typed topic, for the compiler alone. */
export interface TypedTopicTypes<Params, Input, Output> {
  /** The parameters of its names. */
  params: Params;
  /** What is published. */
  input: (value: Input) => void;
  /** What handlers are given. */
  output: Output;
}

/** A message to a typed topic. */
export interface TypedMessage<Params, Value> extends Message {
  /** The parameters of its topic name. */
  params: Params;
  /** Its payload, decoded and validated. */
  value: Value;
}

/** The option `params` of a publish to a typed topic: all of them, numbers or texts. */
export type TopicParams<Params> = [keyof Params] extends [never]
  ? {
      /** The topic has none. */
      params?: undefined;
    }
  : {
      /** A value for each parameter of the topic. */
      params: { readonly [Name in keyof Params]: string | number };
    };

/** The option `params` of a subscription: those that are given narrow it. */
export interface FilterParams<Params> {
  /** A parameter that is left out may be anything. Default: all are. */
  params?: { readonly [Name in keyof Params]?: string | number | undefined } | undefined;
}

/** A handler of a typed topic. What does not validate never comes to it, and is a failure of the handler. */
export type OnTypedMessage<Params, Value, Userdata = unknown> = (
  client: MqttCustom<Userdata>,
  userdata: Userdata,
  message: TypedMessage<Params, Value>,
) => unknown;
