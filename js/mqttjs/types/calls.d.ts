// Options of the calls of a client, and the callbacks of calls.

import type { PublishProperties } from "mqtt-lib";
import type { Any } from "./any.js";
import type { ErrorWithReasonCode } from "./errors.js";
import type { ISubackPacket, Packet, QoS } from "./packets.js";
import type { Store } from "./stores.js";

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
