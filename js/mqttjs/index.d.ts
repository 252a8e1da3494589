/**
 * The interface of the package `mqtt` (MQTT.js 5.16) over the core of mqtt-lib: an application changes its import, and nothing
 * else. Times are milliseconds where MQTT.js has them.
 *
 * @module mqtt-lib/mqttjs
 */

import type {
  ConnackProperties,
  ConnectProperties,
  Credentials,
  PublishProperties,
  WillProperties,
} from "mqtt-lib";

/** Any value. */
// biome-ignore lint/suspicious/noExplicitAny: as MQTT.js types it
type Any = any;

/** What a payload is: a Buffer in Node, in a page a `Uint8Array` whose `toString()` is the text. */
export type Payload = typeof globalThis extends { Buffer: { prototype: infer Bytes } } ? Bytes : Uint8Array;

/** Quality of service. */
export type QoS = 0 | 1 | 2;

/** A packet as `packetsend` and `packetreceive` show it. */
export interface Packet {
  cmd:
    | "connect"
    | "connack"
    | "publish"
    | "puback"
    | "pubrec"
    | "pubrel"
    | "pubcomp"
    | "subscribe"
    | "suback"
    | "unsubscribe"
    | "unsuback"
    | "pingreq"
    | "pingresp"
    | "disconnect"
    | "auth";
  messageId?: number;
  length?: number;
  reasonCode?: number;
  properties?: Any;
  [field: string]: Any;
}

/** CONNACK. */
export interface IConnackPacket extends Packet {
  cmd: "connack";
  sessionPresent: boolean;
  /** MQTT 3.1.1. */
  returnCode?: number;
  /** MQTT 5. */
  reasonCode?: number;
  properties?: ConnackProperties;
}

/** PUBLISH. */
export interface IPublishPacket extends Packet {
  cmd: "publish";
  topic: string;
  payload: string | Payload;
  qos: QoS;
  retain: boolean;
  dup: boolean;
}

/** DISCONNECT. */
export interface IDisconnectPacket extends Packet {
  cmd: "disconnect";
}

/** SUBACK. */
export interface ISubackPacket extends Packet {
  cmd: "suback";
  granted: number[];
}

/** AUTH. */
export interface IAuthPacket extends Packet {
  cmd: "auth";
}

/** A store in memory; one of another package is refused. */
export interface IStore {
  put(packet: Packet, done?: (error?: Error) => void): Any;
  get(packet: Packet, done?: (error: Error | null, packet?: Packet) => void): Any;
  del(packet: Packet, done?: (error: Error | null, packet?: Packet) => void): Any;
  createStream(): Any;
  close(done?: (error?: Error) => void): Any;
}

/** Gives numbers to publishes and requests. */
export interface IMessageIdProvider {
  allocate(): number | null;
  getLastAllocated(): number | null;
  register(messageId: number): boolean;
  deallocate(messageId: number): void;
  clear(): void;
}

export type MqttProtocol =
  | "mqtt"
  | "mqtts"
  | "tcp"
  | "ssl"
  | "tls"
  | "ws"
  | "wss"
  | "mqtt+unix"
  | "mqtts+unix"
  | "ws+unix"
  | "wss+unix";

export type AckHandler = (
  topic: string,
  message: Payload,
  packet: Any,
  done: (error: Error | number, code?: number) => void,
) => void;

export type MqttProtocolWithUnix = Extract<MqttProtocol, `${string}+unix`>;
export type BaseMqttProtocol = Exclude<MqttProtocol, MqttProtocolWithUnix>;
export type TimerVariant = "auto" | "worker" | "native";
export type StorePutCallback = () => void;
export type PendingCommand = "publish" | "pubrel" | "subscribe" | "unsubscribe";
export type IStream = Any;
export type StreamBuilder = (client: MqttClient, options?: IClientOptions) => IStream;

/** Any option of `tls.connect`, in Node. */
export interface ISecureClientOptions {
  ca?: Any;
  cert?: Any;
  key?: Any;
  pfx?: Any;
  passphrase?: string;
  servername?: string;
  rejectUnauthorized?: boolean;
  ALPNProtocols?: Any;
  /** Without effect, as in MQTT.js. */
  keyPath?: string;
  /** Without effect, as in MQTT.js. */
  certPath?: string;
  /** Without effect, as in MQTT.js. */
  caPaths?: string | string[];
}

/** Options of `connect`. `docs/mqttjs.md` says of each what it means here. */
export interface IClientOptions extends ISecureClientOptions {
  port?: number;
  host?: string;
  hostname?: string;
  path?: string;
  protocol?: MqttProtocol;
  unixSocket?: boolean;
  servers?: Array<{ host: string; port: number; protocol?: "mqtt" | "mqtts" | "ws" | "wss" | "tcp" | "ssl" }>;
  auth?: string;
  query?: Record<string, string>;
  clientId?: string;
  username?: string;
  password?: Uint8Array | string;
  clean?: boolean;
  keepalive?: number;
  protocolId?: string;
  protocolVersion?: 3 | 4 | 5;
  properties?: ConnectProperties;
  will?: {
    topic: string;
    payload: Uint8Array | string;
    qos?: QoS;
    retain?: boolean;
    properties?: WillProperties;
  };
  reconnectPeriod?: number;
  reconnectOnConnackError?: boolean;
  connectTimeout?: number;
  manualConnect?: boolean;
  resubscribe?: boolean;
  subscribeBatchSize?: number | null;
  queueQoSZero?: boolean;
  customHandleAcks?: AckHandler;
  autoUseTopicAlias?: boolean;
  autoAssignTopicAlias?: boolean;
  messageIdProvider?: IMessageIdProvider;
  incomingStore?: IStore;
  outgoingStore?: IStore;
  log?: (...args: Any[]) => void;
  defaultProtocol?: MqttProtocol;
  /** Refused. */
  authPacket?: Partial<IAuthPacket>;
  /** Refused. */
  socksProxy?: string;
  /** Options of the package `ws`, in Node. */
  wsOptions?: Any;
  transformWsUrl?: (url: string, options: IClientOptions, client: MqttClient) => string;
  createWebsocket?: (url: string, protocols: string[], options: IClientOptions) => Any;
  /** Credentials of the native client, laid over what the other options mean: limits of the queue, a store, and so on. */
  native?: Partial<Credentials>;
  /** Others of MQTT.js, of `tls.connect`, and the application's own. */
  [option: string]: Any;
}

export interface IClientPublishOptions {
  qos?: QoS;
  retain?: boolean;
  dup?: boolean;
  properties?: PublishProperties;
  cbStorePut?: () => void;
}

export interface IClientReconnectOptions {
  incomingStore?: Store;
  outgoingStore?: Store;
}

export interface IClientSubscribeProperties {
  properties?: { subscriptionIdentifier?: number; userProperties?: Any };
}

export interface IClientSubscribeOptions extends IClientSubscribeProperties {
  qos: QoS;
  nl?: boolean;
  rap?: boolean;
  rh?: number;
}

export interface ISubscriptionRequest extends IClientSubscribeOptions {
  topic: string;
}

export interface ISubscriptionGrant {
  topic: string;
  qos: QoS | 128;
  nl?: boolean;
  rap?: boolean;
  rh?: number;
}

export interface IClientUnsubscribeProperties {
  properties?: { userProperties?: Any };
}

export type ISubscriptionMap = { [topic: string]: IClientSubscribeOptions } & { resubscribe?: boolean };

export type PacketCallback = (error?: Error | ErrorWithReasonCode, packet?: Packet) => Any;
export type DoneCallback = (error?: Error) => void;
export type CloseCallback = (error?: Error) => void;
export type VoidCallback = () => void;
export type Callback = () => void;
export type OnCloseCallback = () => void;
export type GenericCallback<T> = (error?: Error, result?: T) => void;
export type ClientSubscribeCallback = (
  error: Error | null,
  granted?: ISubscriptionGrant[],
  packet?: ISubackPacket,
) => void;
export type OnConnectCallback = (packet: IConnackPacket) => void;
export type OnDisconnectCallback = (packet: IDisconnectPacket) => void;
export type OnMessageCallback = (topic: string, payload: Payload, packet: IPublishPacket) => void;
export type OnPacketCallback = (packet: Packet) => void;
export type OnErrorCallback = (error: Error | ErrorWithReasonCode) => void;

export interface MqttClientEventCallbacks {
  connect: OnConnectCallback;
  message: OnMessageCallback;
  packetsend: OnPacketCallback;
  packetreceive: OnPacketCallback;
  disconnect: OnDisconnectCallback;
  error: OnErrorCallback;
  close: VoidCallback;
  end: VoidCallback;
  reconnect: VoidCallback;
  offline: VoidCallback;
  outgoingEmpty: VoidCallback;
  /** What MQTT.js does not look at and the client goes on after, such as a message that a broker acknowledged wrongly. */
  warning: (error: Error) => void;
}

type Events = MqttClientEventCallbacks;

/** An EventEmitter whose events are known. */
declare class TypedEventEmitter {
  on<Event extends keyof Events>(event: Event, listener: Events[Event]): this;
  once<Event extends keyof Events>(event: Event, listener: Events[Event]): this;
  addListener<Event extends keyof Events>(event: Event, listener: Events[Event]): this;
  prependListener<Event extends keyof Events>(event: Event, listener: Events[Event]): this;
  prependOnceListener<Event extends keyof Events>(event: Event, listener: Events[Event]): this;
  removeListener<Event extends keyof Events>(event: Event, listener: Events[Event]): this;
  off<Event extends keyof Events>(event: Event, listener: Events[Event]): this;
  removeAllListeners(event?: keyof Events): this;
  emit<Event extends keyof Events>(event: Event, ...args: Parameters<Events[Event]>): boolean;
  listeners(event: keyof Events): Any[];
  rawListeners(event: keyof Events): Any[];
  listenerCount(event: keyof Events): number;
  eventNames(): Any[];
  setMaxListeners(count: number): this;
  getMaxListeners(): number;
}

/** A client of MQTT.js, over the core of mqtt-lib. */
export class MqttClient extends TypedEventEmitter {
  static VERSION: string;
  static defaultId(): string;
  constructor(streamBuilder: (client: MqttClient) => Any, options: IClientOptions);
  connected: boolean;
  disconnecting: boolean;
  disconnected: boolean;
  reconnecting: boolean;
  options: IClientOptions;
  stream: Any;
  queueQoSZero: boolean;
  incomingStore: IStore;
  outgoingStore: IStore;
  readonly outgoing: Record<
    number,
    { volatile: boolean; cb?: (error?: Error | null, packet?: Packet) => void }
  >;
  readonly messageIdToTopic: Record<number, string[]>;
  queue: { packet: Packet }[];
  noop: (error?: Any) => void;
  messageIdProvider: IMessageIdProvider;
  keepaliveManager: KeepaliveManager | null;
  readonly serverProperties: ConnackProperties | undefined;
  readonly keepalive: number;
  log: (...args: Any[]) => void;
  handleAuth(packet: IAuthPacket, callback: PacketCallback): void;
  /** The message is acknowledged when `callback` is called. */
  handleMessage(packet: IPublishPacket, callback: DoneCallback): void;
  getLastMessageId(): number;
  connect(): this;
  publish(topic: string, message: string | Uint8Array, callback?: PacketCallback): this;
  publish(
    topic: string,
    message: string | Uint8Array,
    options?: IClientPublishOptions,
    callback?: PacketCallback,
  ): this;
  publishAsync(
    topic: string,
    message: string | Uint8Array,
    options?: IClientPublishOptions,
  ): Promise<Packet | undefined>;
  subscribe(topics: string | string[] | ISubscriptionMap, callback?: ClientSubscribeCallback): this;
  subscribe(
    topics: string | string[] | ISubscriptionMap,
    options?: IClientSubscribeOptions | IClientSubscribeProperties,
    callback?: ClientSubscribeCallback,
  ): this;
  subscribeAsync(
    topics: string | string[] | ISubscriptionMap,
    options?: IClientSubscribeOptions | IClientSubscribeProperties,
  ): Promise<ISubscriptionGrant[]>;
  unsubscribe(topics: string | string[], callback?: PacketCallback): this;
  unsubscribe(
    topics: string | string[],
    options?: IClientUnsubscribeProperties,
    callback?: PacketCallback,
  ): this;
  unsubscribeAsync(
    topics: string | string[],
    options?: IClientUnsubscribeProperties,
  ): Promise<Packet | undefined>;
  end(callback?: DoneCallback): this;
  end(force?: boolean, callback?: DoneCallback): this;
  end(options?: Partial<IDisconnectPacket>, callback?: DoneCallback): this;
  end(force?: boolean, options?: Partial<IDisconnectPacket>, callback?: DoneCallback): this;
  endAsync(force?: boolean, options?: Partial<IDisconnectPacket>): Promise<void>;
  endAsync(options?: Partial<IDisconnectPacket>): Promise<void>;
  removeOutgoingMessage(messageId: number): this;
  reconnect(options?: Pick<IClientOptions, "incomingStore" | "outgoingStore">): this;
  /** Without effect: the core does it. */
  reschedulePing(force?: boolean): void;
  /** Without effect: the core does it. */
  sendPing(): void;
  /** Without effect: the core does it. */
  onKeepaliveTimeout(): void;
}

export { MqttClient as Client };

/** The broker's reason code is its `code`. */
export class ErrorWithReasonCode extends Error {
  code: number;
  constructor(message: string, code: number);
}

export class ErrorWithSubackPacket extends Error {
  packet: ISubackPacket;
  constructor(message: string, packet: ISubackPacket);
}

/** Names of return and reason codes. */
export const ReasonCodes: { [code: number]: string };

export const MQTTJS_VERSION: string;

export interface IStoreOptions {
  clean?: boolean;
}

export class Store implements IStore {
  constructor(options?: IStoreOptions);
  options: IStoreOptions;
  /** What the core keeps: a store of the native client. */
  readonly records: Any;
  put(packet: Packet, done?: (error?: Error) => void): this;
  get(packet: Packet, done?: (error: Error | null, packet?: Packet) => void): this;
  del(packet: Packet, done?: (error: Error | null, packet?: Packet) => void): this;
  createStream(): Any;
  close(done?: (error?: Error) => void): void;
}

export class DefaultMessageIdProvider implements IMessageIdProvider {
  allocate(): number;
  getLastAllocated(): number;
  register(messageId: number): boolean;
  deallocate(messageId: number): void;
  clear(): void;
}

export class UniqueMessageIdProvider implements IMessageIdProvider {
  allocate(): number | null;
  getLastAllocated(): number;
  register(messageId: number): boolean;
  deallocate(messageId: number): void;
  clear(): void;
}

/** What MQTT.js shows of its keep alive. */
export class KeepaliveManager {
  constructor(client: MqttClient);
  keepalive: number;
  intervalEvery: number;
  keepaliveTimeoutTimestamp: number;
  reschedule(): void;
  destroy(): void;
}

export function connect(brokerUrl: string, options?: IClientOptions): MqttClient;
export function connect(options: IClientOptions): MqttClient;

/** Resolves when connected; rejects with the first error. */
export function connectAsync(
  brokerUrl: string,
  options?: IClientOptions,
  allowRetries?: boolean,
): Promise<MqttClient>;
export function connectAsync(options: IClientOptions): Promise<MqttClient>;

export function validateTopic(topic: string): boolean;
export function validateTopics(topics: string[]): string | null;

/** As `import * as mqtt` has it: values and types. */
declare namespace mqtt {
  export {
    AckHandler,
    BaseMqttProtocol,
    Callback,
    ClientSubscribeCallback,
    CloseCallback,
    DefaultMessageIdProvider,
    DoneCallback,
    ErrorWithReasonCode,
    ErrorWithSubackPacket,
    GenericCallback,
    IAuthPacket,
    IClientOptions,
    IClientPublishOptions,
    IClientReconnectOptions,
    IClientSubscribeOptions,
    IClientSubscribeProperties,
    IClientUnsubscribeProperties,
    IConnackPacket,
    IDisconnectPacket,
    IMessageIdProvider,
    IPublishPacket,
    ISecureClientOptions,
    IStore,
    IStoreOptions,
    IStream,
    ISubackPacket,
    ISubscriptionGrant,
    ISubscriptionMap,
    ISubscriptionRequest,
    KeepaliveManager,
    MQTTJS_VERSION,
    MqttClient,
    MqttClientEventCallbacks,
    MqttProtocol,
    MqttProtocolWithUnix,
    OnCloseCallback,
    OnConnectCallback,
    OnDisconnectCallback,
    OnErrorCallback,
    OnMessageCallback,
    OnPacketCallback,
    Packet,
    PacketCallback,
    Payload,
    PendingCommand,
    QoS,
    ReasonCodes,
    Store,
    StorePutCallback,
    StreamBuilder,
    TimerVariant,
    UniqueMessageIdProvider,
    VoidCallback,
    connect,
    connectAsync,
    validateTopic,
    validateTopics,
    MqttClient as Client,
  };
}
export default mqtt;
