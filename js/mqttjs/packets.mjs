// Packets of MQTT as the package `mqtt-packet` shows them, for `packetsend`, `packetreceive` and the arguments of callbacks.
// Reads packets that the core has made, or is about to check; changes nothing.

import { platform } from "./platform.mjs";
import { readProperties } from "./properties.mjs";
import { Reader } from "./reader.mjs";

/** By the type of the packet (§2.2.1). */
const NAMES =
  ",connect,connack,publish,puback,pubrec,pubrel,pubcomp,subscribe,suback,unsubscribe,unsuback,pingreq,pingresp,disconnect,auth".split(
    ",",
  );

/** @typedef {Record<string, any>} Packet */

/** @param {Uint8Array} bytes one packet with its header @param {boolean} five MQTT 5 @returns {Packet} */
export function readPacket(bytes, five) {
  const reader = new Reader(bytes);
  const first = reader.u8();
  const length = reader.varint();
  const cmd = NAMES[first >> 4];
  /** @type {Packet} */
  const packet = {
    cmd,
    retain: (first & 1) > 0,
    qos: (first >> 1) & 3,
    dup: (first & 8) > 0,
    length,
    topic: null,
    payload: null,
  };
  BODIES[cmd]?.(packet, reader, five);
  return packet;
}

/** @param {Packet} packet @param {Reader} reader @param {boolean} five */
function properties(packet, reader, five) {
  const read = five ? readProperties(reader) : undefined;
  if (read !== undefined) packet.properties = read;
}

/** @param {Packet} packet @param {Reader} reader @param {boolean} five */
function acknowledgement(packet, reader, five) {
  packet.messageId = reader.u16();
  if (!five) return;
  packet.reasonCode = reader.u8();
  properties(packet, reader, five);
}

/** @param {Packet} packet @param {Reader} reader @param {boolean} five */
function answer(packet, reader, five) {
  packet.messageId = reader.u16();
  properties(packet, reader, five);
  packet.granted = [];
  while (reader.left > 0) packet.granted.push(reader.u8());
}

/** @param {Packet} packet @param {Reader} reader @param {boolean} five */
function farewell(packet, reader, five) {
  if (!five) return;
  packet.reasonCode = reader.u8();
  properties(packet, reader, five);
}

/** @type {Record<string, (packet: Packet, reader: Reader, five: boolean) => void>} */
const BODIES = {
  connect,
  connack(packet, reader, five) {
    packet.sessionPresent = (reader.u8() & 1) > 0;
    packet[five ? "reasonCode" : "returnCode"] = reader.u8();
    properties(packet, reader, five);
  },
  publish(packet, reader, five) {
    packet.topic = reader.text();
    if (packet.qos > 0) packet.messageId = reader.u16();
    properties(packet, reader, five);
    packet.payload = reader.bytes(reader.left);
  },
  puback: acknowledgement,
  pubrec: acknowledgement,
  pubrel: acknowledgement,
  pubcomp: acknowledgement,
  subscribe(packet, reader, five) {
    packet.messageId = reader.u16();
    properties(packet, reader, five);
    packet.subscriptions = [];
    while (reader.left > 0) {
      const topic = reader.text();
      const flags = reader.u8();
      const more = { nl: (flags & 4) > 0, rap: (flags & 8) > 0, rh: (flags >> 4) & 3 };
      packet.subscriptions.push({ topic, qos: flags & 3, ...(five && more) });
    }
  },
  suback: answer,
  unsubscribe(packet, reader, five) {
    packet.messageId = reader.u16();
    properties(packet, reader, five);
    packet.unsubscriptions = [];
    while (reader.left > 0) packet.unsubscriptions.push(reader.text());
  },
  unsuback(packet, reader, five) {
    if (five) answer(packet, reader, five);
    else packet.messageId = reader.u16();
  },
  disconnect: farewell,
  auth: farewell,
};

/** @param {Packet} packet @param {Reader} reader @param {boolean} five */
function connect(packet, reader, five) {
  packet.protocolId = reader.text();
  packet.protocolVersion = reader.u8();
  const flags = reader.u8();
  packet.clean = (flags & 2) > 0;
  packet.keepalive = reader.u16();
  properties(packet, reader, five);
  packet.clientId = reader.text();
  if (flags & 4) {
    /** @type {Packet} */
    const will = { retain: (flags & 32) > 0, qos: (flags >> 3) & 3 };
    properties(will, reader, five);
    will.topic = reader.text();
    will.payload = reader.bytes(reader.u16());
    packet.will = will;
  }
  if (flags & 128) packet.username = reader.text();
  if (flags & 64) packet.password = reader.bytes(reader.u16());
}

/** What `connect` listeners get. @param {boolean} sessionPresent @param {number} code @param {any} given @param {boolean} five */
export function connack(sessionPresent, code, given, five) {
  return {
    cmd: "connack",
    retain: false,
    qos: 0,
    dup: false,
    topic: null,
    payload: null,
    sessionPresent,
    [five ? "reasonCode" : "returnCode"]: code,
    ...(given && { properties: withBuffers(given) }),
  };
}

/** Properties of the native client with bytes as payloads are given. @param {Record<string, any>} given @returns {Record<string, any>} */
export function withBuffers(given) {
  const { correlationData, authenticationData } = given;
  if (correlationData === undefined && authenticationData === undefined) return given;
  const result = { ...given };
  for (const name of ["correlationData", "authenticationData"]) {
    if (result[name] instanceof Uint8Array) result[name] = platform.bytes(result[name]);
  }
  return result;
}
