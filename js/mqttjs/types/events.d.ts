// Events of a client, and their listeners.

import type { Any } from "./any.js";
import type { VoidCallback } from "./calls.js";
import type { ErrorWithReasonCode } from "./errors.js";
import type { IConnackPacket, IDisconnectPacket, IPublishPacket, Packet, Payload } from "./packets.js";

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

export type Events = MqttClientEventCallbacks;

/** An EventEmitter whose events are known. */
export class TypedEventEmitter {
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
