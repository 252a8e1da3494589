// Packets as `packetsend`, `packetreceive` and callbacks show them, and what is in them.

import type { ConnackProperties } from "mqtt-lib";
import type { Any } from "./any.js";

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
