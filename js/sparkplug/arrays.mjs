// The array types of Sparkplug B: packed, little-endian bytes (6.4.16). Values are checked before they come here.

import { unsendable } from "./errors.mjs";

const COUNT_BYTES = 4;
const decoder = new TextDecoder();

/** By type: the bytes of an element, and the methods of a DataView. @type {Record<string, [number, string]>} */
const NUMERIC = {
  Int8Array: [1, "Int8"],
  Int16Array: [2, "Int16"],
  Int32Array: [4, "Int32"],
  Int64Array: [8, "BigInt64"],
  UInt8Array: [1, "Uint8"],
  UInt16Array: [2, "Uint16"],
  UInt32Array: [4, "Uint32"],
  UInt64Array: [8, "BigUint64"],
  FloatArray: [4, "Float32"],
  DoubleArray: [8, "Float64"],
  DateTimeArray: [8, "BigUint64"],
};

/** @param {Uint8Array} bytes */
const viewOf = (bytes) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** @param {any} value */
const toWhole = (value) => BigInt(value instanceof Date ? value.getTime() : value);

/** @param {string} type @param {any[]} values @param {string} what @returns {Uint8Array} */
export function packArray(type, values, what) {
  if (type === "BooleanArray") return packBits(values);
  if (type === "StringArray") {
    if (values.some((text) => text.includes("\0")))
      throw unsendable(`${what}: a string of a StringArray cannot have a zero character, which ends it`);
    return new TextEncoder().encode(values.map((text) => `${text}\0`).join(""));
  }
  const [size, name] = NUMERIC[type];
  const bytes = new Uint8Array(size * values.length);
  const view = /** @type {any} */ (viewOf(bytes));
  for (const [at, value] of values.entries())
    view[`set${name}`](at * size, name.startsWith("Big") ? toWhole(value) : Number(value), true);
  return bytes;
}

/** How many there are, then a bit for each, the highest first. @param {boolean[]} values */
function packBits(values) {
  const bytes = new Uint8Array(COUNT_BYTES + Math.ceil(values.length / 8));
  viewOf(bytes).setUint32(0, values.length, true);
  for (const [at, value] of values.entries()) if (value) bytes[COUNT_BYTES + (at >> 3)] |= 0x80 >> (at & 7);
  return bytes;
}

/** @param {string} type @param {Uint8Array} bytes @returns {any[]} */
export function unpackArray(type, bytes) {
  if (type === "BooleanArray") return unpackBits(bytes);
  if (type === "StringArray") {
    const all = decoder.decode(bytes).split("\0");
    // What ends the last one begins none.
    if (all.at(-1) === "") all.pop();
    return all;
  }
  const [size, name] = NUMERIC[type];
  const view = /** @type {any} */ (viewOf(bytes));
  return Array.from({ length: Math.floor(bytes.length / size) }, (_, at) => {
    const value = view[`get${name}`](at * size, true);
    return type === "DateTimeArray" ? new Date(Number(value)) : value;
  });
}

/** @param {Uint8Array} bytes */
function unpackBits(bytes) {
  if (bytes.length < COUNT_BYTES) return [];
  const count = Math.min(viewOf(bytes).getUint32(0, true), (bytes.length - COUNT_BYTES) * 8);
  return Array.from(
    { length: count },
    (_, at) => (bytes[COUNT_BYTES + (at >> 3)] & (0x80 >> (at & 7))) !== 0,
  );
}
