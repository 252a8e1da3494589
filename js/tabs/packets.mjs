// The packets of MQTT that a hub sends, as bytes. Those that it receives are read as those of the facade.

import { platform } from "../mqttjs/platform.mjs";
import { PROPERTIES } from "../mqttjs/properties.mjs";

export { Framer, WHOLE } from "../mqttjs/framer.mjs";
export { readPacket } from "../mqttjs/packets.mjs";

platform.bytes = (bytes) => bytes;

const encoder = new TextEncoder();

/** @param {number} value */
const u16 = (value) => [(value >> 8) & 255, value & 255];
/** @param {number} value */
const u32 = (value) => [...u16(value >>> 16), ...u16(value)];

/** @param {number} value */
function varint(value) {
  const bytes = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return [...bytes, rest];
    bytes.push((rest % 128) + 128);
  }
}

/** @param {(number[] | Uint8Array)[]} parts */
function join(parts) {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** @param {string | Uint8Array} value */
function field(value) {
  const bytes = typeof value === "string" ? encoder.encode(value) : value;
  return join([u16(bytes.length), bytes]);
}

/** @type {Record<string, (value: any) => number[] | Uint8Array>} */
const WRITE = {
  flag: (value) => [value ? 1 : 0],
  byte: (value) => [value],
  u16,
  u32,
  varint,
  text: field,
  bytes: field,
};

/** By name: the identifier and the kind. @type {Map<string, [number, string]>} */
const KINDS = new Map(Object.entries(PROPERTIES).map(([id, [name, kind]]) => [name, [Number(id), kind]]));

/** The properties of a packet of MQTT 5. @param {Record<string, any>} [given] */
function properties(given = {}) {
  /** @type {(number[] | Uint8Array)[]} */
  const parts = [];
  for (const [name, value] of Object.entries(given)) {
    const [id, kind] = KINDS.get(name) ?? [];
    if (id === undefined || kind === undefined || value === undefined || value === null) continue;
    if (kind === "pair") {
      for (const [key, values] of Object.entries(value))
        for (const one of [values].flat()) parts.push([id], field(key), field(String(one)));
    } else {
      for (const one of Array.isArray(value) ? value : [value]) parts.push([id], WRITE[kind](one));
    }
  }
  const body = join(parts);
  return join([varint(body.length), body]);
}

/** @param {number} first @param {(number[] | Uint8Array)[]} parts */
function packet(first, ...parts) {
  const body = join(parts);
  return join([[first], varint(body.length), body]);
}

/** @param {boolean} five @param {any} [given] */
const fives = (five, given) => (five ? properties(given) : []);

/** @param {boolean} five @param {number} code @param {boolean} present @param {any} [given] */
export const connack = (five, code, present, given) =>
  packet(0x20, [present ? 1 : 0, code], fives(five, given));

/** @param {boolean} five @param {any} message @param {number} qos @param {number} id @param {boolean} dup @param {any} given */
export const publish = (five, { topic, payload, retain }, qos, id, dup, given) =>
  packet(
    0x30 | (dup ? 8 : 0) | (qos << 1) | (retain ? 1 : 0),
    field(topic),
    qos > 0 ? u16(id) : [],
    fives(five, given),
    payload,
  );

const PUBACK = 0x40;
const PUBREC = 0x50;
const PUBREL = 0x62;
const PUBCOMP = 0x70;

/** @param {number} first */
const acknowledgement =
  (first) =>
  /** @param {boolean} five @param {number} id @param {number} [code] @param {any} [given] */
  (five, id, code = 0, given) =>
    packet(first, u16(id), five && code > 0 ? join([[code], properties(given)]) : []);

export const puback = acknowledgement(PUBACK);
export const pubrec = acknowledgement(PUBREC);
export const pubrel = acknowledgement(PUBREL);
export const pubcomp = acknowledgement(PUBCOMP);

/** @param {boolean} five @param {number} id @param {number[]} codes */
export const suback = (five, id, codes) => packet(0x90, u16(id), fives(five), codes);

/** @param {boolean} five @param {number} id @param {number[]} codes */
export const unsuback = (five, id, codes) => packet(0xb0, u16(id), fives(five), five ? codes : []);

export const pingresp = () => packet(0xd0);
