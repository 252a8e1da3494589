// Options of `connect`.

import type { ConnectProperties, Credentials, WillProperties } from "mqtt-lib";
import type { Any } from "./any.js";
import type { MqttClient } from "./client.js";
import type { IAuthPacket, Payload, QoS } from "./packets.js";
import type { IMessageIdProvider, IStore } from "./stores.js";

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
