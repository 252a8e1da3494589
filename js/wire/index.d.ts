/**
 * The wire log: shows each packet that a client sends and receives, decoded, with its direction and its time, and without
 * user name, password and authentication data.
 *
 * @module mqtt-lib/wire
 */

import type { Wire } from "mqtt-lib";

/** A packet by the fields of MQTT, as the package `mqtt-packet` names them. */
export interface DecodedPacket {
  /**
   * Which packet: `"connect"`, `"connack"`, `"publish"`, `"puback"`, `"pubrec"`, `"pubrel"`, `"pubcomp"`, `"subscribe"`,
   * `"suback"`, `"unsubscribe"`, `"unsuback"`, `"pingreq"`, `"pingresp"`, `"disconnect"`, `"auth"`.
   */
  cmd: string;
  /** Of a PUBLISH. */
  topic: string | null;
  /** Of a PUBLISH. */
  payload: Uint8Array | null;
  /** Of a PUBLISH. */
  qos: number;
  /** Of a PUBLISH. */
  retain: boolean;
  /** Of a PUBLISH. */
  dup: boolean;
  /** The packet identifier. */
  messageId?: number;
  /** The reason code (MQTT 5). */
  reasonCode?: number;
  /** The return code of CONNACK (MQTT 3.1.1). */
  returnCode?: number;
  /** Properties (MQTT 5). */
  properties?: Record<string, unknown>;
  /** Others, such as `clientId`, `keepalive`, `sessionPresent`, `subscriptions`, `granted`. */
  [field: string]: unknown;
}

/** One packet on the wire. */
export interface WirePacket {
  /** Which way it went. */
  direction: "sent" | "received";
  /** When. */
  time: Date;
  /** Which connection of the clients that have this log: 1 is the first, a reconnect is another. */
  connection: number;
  /** Its size. */
  bytes: number;
  /** The packet; user name, password and authentication data are `"***"`. */
  packet: DecodedPacket;
  /** All of it in one line, with the beginning of the payload. */
  toString(): string;
}

/**
 * The value of the option `wire`: calls `show` with each packet of the client's connections. What it throws is printed by
 * `console.warn` and does no harm.
 */
export function wireLog(show: (packet: WirePacket) => unknown): Wire;
