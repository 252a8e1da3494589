/**
 * MQTT client, 3.1.1 and 5.0, for Node (20 or later), pages and workers. Section numbers (§) are those of the
 * OASIS standard MQTT 3.1.1, and of MQTT 5.0 where it says MQTT 5. Times are seconds, and fractions are allowed, unless it says otherwise.
 *
 * @module mqtt-lib
 */

import type {
  ClientEvents,
  ClientListener,
  ListenerOptions,
  OnAuth,
  OnConnect,
  OnDisconnect,
  OnError,
  OnMessage,
} from "./types/events.js";
import type {
  FilterParams,
  Message,
  OnTypedMessage,
  TopicParams,
  TypedMessage,
  TypedTopic,
} from "./types/messages.js";
import type {
  AddedHandler,
  FilterResults,
  Filters,
  HighPriorityOptions,
  MessagesOptions,
  PublishOptions,
  PublishResult,
  RequestOptions,
  SnapshotOptions,
  StartOptions,
  StopOptions,
  SubscribeOptions,
  UnsubscribeOptions,
} from "./types/operations.js";
import type { ClientOptions } from "./types/options.js";
import type { Any, BatchItem, Payload, QoS } from "./types/payload.js";
import type { AuthProperties } from "./types/properties.js";
import type { State, Stats } from "./types/stats.js";

export type { BatchItem, Bytes, Payload, QoS } from "./types/payload.js";
export * from "./types/errors.js";
export type * from "./types/credentials.js";
export type * from "./types/operations.js";
export type * from "./types/messages.js";
export type * from "./types/properties.js";
export type * from "./types/events.js";
export type * from "./types/stats.js";
export type * from "./types/options.js";

declare global {
  // As TypeScript declares it itself where `lib` has "esnext.disposable".
  interface SymbolConstructor {
    readonly dispose: unique symbol;
    readonly asyncDispose: unique symbol;
  }
  // Names of the platform, for projects whose `lib` has neither DOM nor Node's types.
  interface Event {}
  interface EventTarget {}
  interface AbortSignal {}
}

/**
 * A callback as a property of the client: one of a client of known `userdata` is a client of any, `MqttCustom`, too.
 * @typeParam Callback the type of the callback
 */
type Assigned<Callback extends (...all: never[]) => unknown> = {
  /** A method, because its parameters may be those of a narrower type. */
  of(...all: Parameters<Callback>): ReturnType<Callback>;
}["of"];

/**
 * A client. It connects by itself, reconnects by itself, and runs until `stop()`.
 *
 * Methods return promises that settle in every case. Nobody need look at them: a rejection that is not
 * handled does not end the process. Any method may be called from any callback.
 */
export class MqttCustom<Userdata = unknown> {
  /**
   * Throws a `TypeError` or `RangeError` for a wrong option: always in Node; in a page once the .wasm is
   * loaded, before that `start()` rejects with it, and it is reported to `on_error`.
   */
  constructor(options?: ClientOptions<Userdata>);

  /**
   * Connects (§3.1). Resolves at CONNACK 0; at once if connected. Rejects with the first answer that is not
   * an acceptance; of several servers, once each was tried, with the answer of the last (`"CONNECTION_REFUSED"`, `"NOT_AUTHORIZED"`, `"TIMEOUT"`, `"PROTOCOL_ERROR"`,
   * `"CREDENTIALS_FAILED"`), while attempts go on, and with `"STOPPED"` after `stop()`. While a reconnect waits for its time, the attempt
   * is made now. After `stop()` it starts again. With `timeout` or `signal` it waits over failed attempts, which are reported
   * to `on_error`.
   */
  start(options?: StartOptions | null): Promise<void>;
  /** The same as `stop()`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;

  /**
   * Sends batches and the queue, waits for all publishes to end (at most `stoptimeout`), sends DISCONNECT
   * (§3.14) and closes. What is still pending rejects with `"STOPPED"`. When it resolves, no timer and no socket is
   * left, and iterators of `messages()` have ended. It rejects for a wrong argument only, with a `RangeError` or a
   * `TypeError`, and then nothing is stopped.
   */
  stop(options?: StopOptions | null): Promise<void>;

  /**
   * Publishes one message (§3.3). `topic` is a topic name: 1 to 65,535 bytes without `+`, `#` and control characters
   * (§4.7). Resolves: QoS 0 once handed to the connection, QoS 1 at PUBACK, QoS 2 at PUBCOMP (§4.3).
   * Offline it waits. Rejects with `"QUEUE_FULL"`, `"DROPPED"`, `"EXPIRED"`, `"TIMEOUT"`, `"STOPPED"`, `"PACKET_TOO_LARGE"`, `"INVALID_TOPIC"`,
   * `"INVALID_PAYLOAD"`, `"INVALID_OPTION"`, `"OUT_OF_RANGE"`.
   */
  publish(
    topic: string,
    payload?: Payload,
    options?: PublishOptions | null,
  ): Promise<PublishResult | undefined>;
  /** Publishes a value to a typed topic. Rejects with a `ValidationError` for one that its schema does not accept. */
  publish<Params, Input>(
    topic: TypedTopic<Params, Input>,
    value: Input,
    ...options: [keyof Params] extends [never]
      ? [options?: (PublishOptions & TopicParams<Params>) | null]
      : [options: PublishOptions & TopicParams<Params>]
  ): Promise<PublishResult | undefined>;

  /**
   * Adds an item to the batch of this topic, QoS, retain flag and properties. A batch is one message, a JSON array of
   * its items in order. It is sent at `batchsize` items, `publishinterval` after the first, before it grows
   * beyond 16 MiB, at `flush()` and at `stop()`. The item is serialised during the call. Resolves and
   * rejects as `publish` does, for the batch it is in.
   */
  batch_publish<Item>(
    topic: string,
    item: BatchItem<Item>,
    options?: PublishOptions | null,
  ): Promise<PublishResult | undefined>;
  /** The same as {@link MqttCustom.batch_publish}. */
  batchPublish<Item>(
    topic: string,
    item: BatchItem<Item>,
    options?: PublishOptions | null,
  ): Promise<PublishResult | undefined>;

  /**
   * Puts a message into the one queue of all topics. The queue is sent, in order and each message by
   * itself, at `queuesize` messages, `publishinterval` after the first, at `flush()` and at `stop()`.
   * Resolves and rejects as `publish` does.
   */
  qpublish(
    topic: string,
    payload?: Payload,
    options?: PublishOptions | null,
  ): Promise<PublishResult | undefined>;
  /** The same as `publish` of a typed topic, through the queue. */
  qpublish<Params, Input>(
    topic: TypedTopic<Params, Input>,
    value: Input,
    ...options: [keyof Params] extends [never]
      ? [options?: (PublishOptions & TopicParams<Params>) | null]
      : [options: PublishOptions & TopicParams<Params>]
  ): Promise<PublishResult | undefined>;

  /** Sends batches and the queue now. Resolves when every publish begun before has ended, well or not. */
  flush(): Promise<void>;

  /**
   * Subscribes with one SUBSCRIBE (§3.8). Resolves with the granted QoS of each filter, in the order asked
   * (§3.9.3). With `handler`, matching messages go to it instead of `on_message`. Handlers of a filter add up; the same
   * function again is one, and functions that `on_connect` makes anew take the place of those of earlier connections. The
   * filter has the largest QoS of all calls, and the other options of the last; a refused call changes nothing.
   * Subscriptions are restored after a reconnect. Rejects with `"SUBSCRIBE_FAILED"` if a filter is refused (the others
   * stay), `"TIMEOUT"`, `"STOPPED"`, `"QUEUE_FULL"`, `"INVALID_TOPIC"`, `"INVALID_OPTION"`, and `"OUT_OF_RANGE"`, also for more than 1 MiB of filters in one call.
   */
  subscribe(
    topic: Filters,
    options?: SubscribeOptions | null,
    handler?: OnMessage<Userdata> | null,
  ): Promise<FilterResults<QoS>>;
  /** Subscribes at QoS 0, with a handler. */
  subscribe(topic: Filters, handler: OnMessage<Userdata>): Promise<FilterResults<QoS>>;
  /** Subscribes to a typed topic at QoS 0. */
  subscribe<Params, Output>(
    topic: TypedTopic<Params, Any, Output>,
    handler: OnTypedMessage<Params, Output, Userdata>,
  ): Promise<FilterResults<QoS>>;
  /** Subscribes to a typed topic. */
  subscribe<Params, Output>(
    topic: TypedTopic<Params, Any, Output>,
    options?: (SubscribeOptions & FilterParams<Params>) | null,
    handler?: OnTypedMessage<Params, Output, Userdata> | null,
  ): Promise<FilterResults<QoS>>;

  /** The same as {@link MqttCustom.subscribe}, for a list. */
  subscribe_topics(
    topics: Filters,
    options?: SubscribeOptions | null,
    handler?: OnMessage<Userdata> | null,
  ): Promise<FilterResults<QoS>>;
  subscribe_topics(topics: Filters, handler: OnMessage<Userdata>): Promise<FilterResults<QoS>>;
  /** The same as {@link MqttCustom.subscribe_topics}. */
  subscribeTopics(
    topics: Filters,
    options?: SubscribeOptions | null,
    handler?: OnMessage<Userdata> | null,
  ): Promise<FilterResults<QoS>>;
  subscribeTopics(topics: Filters, handler: OnMessage<Userdata>): Promise<FilterResults<QoS>>;

  /**
   * Adds a handler for a filter: handlers add up, each has options of its own for how messages are handled, and a message is
   * acknowledged when all have dealt with it. The first handler of a filter subscribes; a later one subscribes again only if
   * it asks for a larger QoS, or for other options of the broker. Throws a `TypeError` for a wrong filter or handler;
   * whatever else is wrong rejects `ready`, and the handler is gone. `unsubscribe(filter)` removes all of them.
   */
  addHandler(
    filter: string,
    handler: OnMessage<Userdata>,
    options?: Omit<SubscribeOptions, "signal" | "timeout"> | null,
  ): AddedHandler;
  /** Adds a handler of a typed topic. */
  addHandler<Params, Output>(
    topic: TypedTopic<Params, Any, Output>,
    handler: OnTypedMessage<Params, Output, Userdata>,
    options?: (Omit<SubscribeOptions, "signal" | "timeout"> & FilterParams<Params>) | null,
  ): AddedHandler;

  /**
   * Unsubscribes with one UNSUBSCRIBE (§3.10); of a map of filters its keys count. Resolves at UNSUBACK, and
   * handlers are called until then. Rejects with `"TIMEOUT"`, `"STOPPED"`, `"QUEUE_FULL"`,
   * `"INVALID_TOPIC"`, `"OUT_OF_RANGE"`.
   */
  unsubscribe(topic: Filters, options?: UnsubscribeOptions | null): Promise<FilterResults | undefined>;
  /** Unsubscribes from a typed topic, with the `params` with which it was subscribed to. */
  unsubscribe<Params>(
    topic: TypedTopic<Params>,
    options?: (UnsubscribeOptions & FilterParams<Params>) | null,
  ): Promise<FilterResults | undefined>;

  /**
   * Publishes a request and resolves with the first response to it (MQTT 5, §4.10): the message that comes to its response
   * topic with its correlation data. Rejects with `"TIMEOUT"`, `"STOPPED"`, and those of `publish` and `subscribe`.
   */
  request(topic: string, payload?: Payload, options?: RequestOptions | null): Promise<Message>;

  /**
   * Subscribes, and answers each request with what the handler returns (MQTT 5, §4.10). What the handler throws is reported
   * to `on_error`; the requester is not answered then. Default QoS, of requests and responses: 1.
   */
  respond(
    filter: Filters,
    handler: (message: Message) => Payload | PromiseLike<Payload>,
    options?: SubscribeOptions | null,
  ): Promise<FilterResults<QoS>>;

  /**
   * Begins re-authentication on the existing connection (MQTT 5, §4.12.1). Resolves when it has begun; `on_auth` is called at
   * its end. Rejects with `"NOT_SUPPORTED"` without an `authenticationMethod`, with `"CONNECTION_LOST"` offline.
   */
  reauthenticate(properties?: AuthProperties | null): Promise<void>;

  /**
   * Publishes one message over a connection of its own, which is then closed; this client need not be
   * connected. What `options` leaves open comes from this client's credentials, but for client id, clean
   * session, keep alive and will; a credentials function is called for them. Resolves as `publish` does, once the connection is closed. The first
   * failure is the answer: `"CONNECTION_REFUSED"`, `"NOT_AUTHORIZED"`, `"TIMEOUT"`, and those of `publish`.
   */
  publish_high_priority(
    topic: string,
    payload?: Payload,
    options?: HighPriorityOptions | null,
  ): Promise<PublishResult | undefined>;
  /** The same as {@link MqttCustom.publish_high_priority}. */
  publishHighPriority(
    topic: string,
    payload?: Payload,
    options?: HighPriorityOptions | null,
  ): Promise<PublishResult | undefined>;

  /** The same without a client: what `options` leaves open is the default. */
  static publish_high_priority(
    topic: string,
    payload?: Payload,
    options?: HighPriorityOptions | null,
  ): Promise<PublishResult | undefined>;
  /** The same as the static `publish_high_priority`. */
  static publishHighPriority(
    topic: string,
    payload?: Payload,
    options?: HighPriorityOptions | null,
  ): Promise<PublishResult | undefined>;

  /**
   * Received messages as an async iterator; with `filter`, those whose topic matches it (§4.7). It does not
   * subscribe, and takes nothing from handlers and `on_message`. A message of QoS 1 or 2 is acknowledged when the loop
   * asks for the next one; what the loop did not come to is for others, or stays the broker's. It ends at `stop()` and
   * when the loop is left. A wrong filter is a `TypeError` (`"INVALID_TOPIC"`).
   */
  messages(filter?: string, options?: MessagesOptions | null): AsyncIterableIterator<Message>;
  /** Those of a typed topic. What does not validate is reported to `on_error`, acknowledged, and left out. */
  messages<Params, Output>(
    topic: TypedTopic<Params, Any, Output>,
    options?: (MessagesOptions & FilterParams<Params>) | null,
  ): AsyncIterableIterator<TypedMessage<Params, Output>>;

  /**
   * The retained messages under a filter, by topic. MQTT does not say where they end: they are complete when none has come
   * for `quiet` seconds and a round trip through the broker has brought no further one. It subscribes, and unsubscribes where
   * nobody else has asked for the filter; other handlers of the filter get the messages, too. Rejects with `"TIMEOUT"`, and as
   * `subscribe` does.
   */
  snapshot(filter: string, options?: SnapshotOptions | null): Promise<Map<string, Message>>;

  /** Counters, as they are now. */
  stats(): Stats;

  /** True from CONNACK 0 until the connection ends. */
  readonly connected: boolean;
  /** Which version the connection speaks, as `mqttversion: "auto"` found out; `undefined` while there is none. */
  readonly mqttversion: 4 | 5 | undefined;
  /** Where the client is between `"idle"` and `"stopped"`. */
  readonly state: State;

  /**
   * Calls `listener` with each event of this type, beside the callback and other listeners. One of `error` takes the place of
   * `on_error` (no `console.warn`), one of `disconnect` that of `on_disconnect`.
   */
  addEventListener<Type extends keyof ClientEvents>(
    type: Type,
    listener: ClientListener<this, ClientEvents<Userdata>[Type]> | null,
    options?: ListenerOptions | boolean,
  ): void;
  addEventListener(
    type: string,
    listener: ClientListener<this, Event> | null,
    options?: ListenerOptions | boolean,
  ): void;
  /** Ends that. */
  removeEventListener<Type extends keyof ClientEvents>(
    type: Type,
    listener: ClientListener<this, ClientEvents<Userdata>[Type]> | null,
    options?: ListenerOptions | boolean,
  ): void;
  removeEventListener(
    type: string,
    listener: ClientListener<this, Event> | null,
    options?: ListenerOptions | boolean,
  ): void;
  /** Calls the listeners of an event of the application's own. */
  dispatchEvent(event: Event): boolean;

  /** See {@link OnConnect}. `null`: none. Anything but a function, `null` or `undefined` is a `TypeError`. */
  on_connect: Assigned<OnConnect<Userdata>> | null;
  /** See {@link OnDisconnect}. `null`: none, and a lost connection is reported to `on_error`. */
  on_disconnect: Assigned<OnDisconnect<Userdata>> | null;
  /** See {@link OnMessage}. `null`: none. */
  on_message: Assigned<OnMessage<Userdata>> | null;
  /** See {@link OnError}. `null`: none, and there is one `console.warn` for each code. */
  on_error: Assigned<OnError<Userdata>> | null;
  /** See {@link OnAuth}. `null`: none. */
  on_auth: Assigned<OnAuth<Userdata>> | null;
  /** The same as `on_auth`. */
  onAuth: Assigned<OnAuth<Userdata>> | null;
  /** The same as `on_connect`. */
  onConnect: Assigned<OnConnect<Userdata>> | null;
  /** The same as `on_disconnect`. */
  onDisconnect: Assigned<OnDisconnect<Userdata>> | null;
  /** The same as `on_message`. */
  onMessage: Assigned<OnMessage<Userdata>> | null;
  /** The same as `on_error`. */
  onError: Assigned<OnError<Userdata>> | null;
}

/**
 * What {@link init} takes: a URL (text, `URL` or `Request`), a `Response`, bytes, or a compiled
 * `WebAssembly.Module`; in Node also a `file:` URL.
 */
export type WasmSource = string | ArrayBuffer | ArrayBufferView | object;

/**
 * Loads the WebAssembly from a place of your own, and resolves when it is there. Call it before the first client
 * starts; once it is loaded or on its way, further calls change nothing and resolve when it is there. Without
 * `source` it is loaded from where this entry has it, early.
 *
 * Nobody need call it: the first client loads what it needs. With `mqtt-lib/bare`, which knows no place, somebody
 * must. Rejects with `"LOAD_FAILED"`, and can be called again then.
 */
export function init(source?: WasmSource | PromiseLike<WasmSource>): Promise<void>;

/** Whether a topic name matches a topic filter (§4.7); of a shared subscription, what is behind its share name counts. */
export function topicMatches(filter: string, topic: string): boolean;
