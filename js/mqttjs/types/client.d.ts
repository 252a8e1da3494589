// The client.

import type { Any } from "./any.js";
import type {
  ClientSubscribeCallback,
  DoneCallback,
  IClientPublishOptions,
  IClientSubscribeOptions,
  IClientSubscribeProperties,
  IClientUnsubscribeProperties,
  ISubscriptionGrant,
  ISubscriptionMap,
  PacketCallback,
} from "./calls.js";
import type { TypedEventEmitter } from "./events.js";
import type { IClientOptions } from "./options.js";
import type { IAuthPacket, IConnackPacket, IDisconnectPacket, IPublishPacket, Packet } from "./packets.js";
import type { IMessageIdProvider, IStore } from "./stores.js";

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
  readonly serverProperties: IConnackPacket["properties"];
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

/** What MQTT.js shows of its keep alive. */
export class KeepaliveManager {
  constructor(client: MqttClient);
  keepalive: number;
  intervalEvery: number;
  keepaliveTimeoutTimestamp: number;
  reschedule(): void;
  destroy(): void;
}
