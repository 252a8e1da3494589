// The data types of Sparkplug B, and how a value of each is written and read. Owns which field of a message has a value; knows
// no protobuf.

import { shown, unsendable } from "./errors.mjs";
import { packArray, unpackArray } from "./arrays.mjs";

/** Names by number, as the specification has them (6.4.16). */
export const TYPES = [
  "Unknown",
  ...["Int8", "Int16", "Int32", "Int64", "UInt8", "UInt16", "UInt32", "UInt64"],
  ...["Float", "Double", "Boolean", "String", "DateTime", "Text"],
  ...["UUID", "DataSet", "Bytes", "File", "Template", "PropertySet", "PropertySetList"],
  ...["Int8Array", "Int16Array", "Int32Array", "Int64Array"],
  ...["UInt8Array", "UInt16Array", "UInt32Array", "UInt64Array"],
  ...["FloatArray", "DoubleArray", "BooleanArray", "StringArray", "DateTimeArray"],
];
const NUMBERS = new Map(TYPES.map((name, number) => [name, number]));

/** @param {unknown} type @param {string} what */
export function numberOfType(type, what) {
  const number = NUMBERS.get(/** @type {string} */ (type));
  if (number === undefined || number === 0)
    throw unsendable(
      `${what}: ${JSON.stringify(type)} is no data type; there are ${TYPES.slice(1).join(", ")}`,
    );
  return number;
}

/** @param {string} what @param {string} allowed @param {unknown} value @returns {never} */
function refuse(what, allowed, value) {
  throw unsendable(`${what} must be ${allowed}; ${shown(value)} was given`);
}

/** @param {number} bits @param {boolean} signed */
function integer(bits, signed) {
  const least = signed ? -(2n ** BigInt(bits - 1)) : 0n;
  const most = 2n ** BigInt(signed ? bits - 1 : bits) - 1n;
  /** @param {any} value @param {string} what */
  return (value, what) => {
    const isWhole = typeof value === "bigint" || Number.isSafeInteger(value);
    if (!isWhole || value < least || value > most)
      refuse(
        what,
        `a whole number from ${least} to ${most}${bits === 64 ? ", beyond 2^53 a bigint" : ""}`,
        value,
      );
    return BigInt(value);
  };
}

/** 8 to 32 bits, in the uint32 as two's complement. @param {number} bits @param {boolean} signed */
function small(bits, signed) {
  const check = integer(bits, signed);
  const shift = 32 - bits;
  return {
    field: "intValue",
    /** @param {any} value @param {string} what */
    write: (value, what) => Number(BigInt.asUintN(32, check(value, what))),
    /** @param {any} raw */
    read: (raw) => {
      const number = Number(BigInt.asIntN(32, BigInt(raw)));
      return signed ? (number << shift) >> shift : (number << shift) >>> shift;
    },
  };
}

/** @param {boolean} signed */
function large(signed) {
  const check = integer(64, signed);
  return {
    field: "longValue",
    /** @param {any} value @param {string} what */
    write: (value, what) => BigInt.asUintN(64, check(value, what)),
    /** @param {any} raw */
    read: (raw) => (signed ? BigInt.asIntN : BigInt.asUintN)(64, BigInt(raw)),
  };
}

/** @param {string} field @param {string} allowed @param {(value: any) => boolean} isRight */
const plain = (field, allowed, isRight) => ({
  field,
  /** @param {any} value @param {string} what */
  write: (value, what) => (isRight(value) ? value : refuse(what, allowed, value)),
  /** @param {any} raw */
  read: (raw) => raw,
});

const text = plain("stringValue", "a string", (value) => typeof value === "string");
const bytes = plain(
  "bytesValue",
  "a Uint8Array",
  (value) => value instanceof Uint8Array || ArrayBuffer.isView(value),
);
/** @param {any} value */
const isNumber = (value) => typeof value === "number";

const milliseconds = {
  field: "longValue",
  /** @param {any} value @param {string} what */
  write(value, what) {
    const time = value instanceof Date ? value.getTime() : value;
    const isTime = typeof time === "bigint" || Number.isFinite(time);
    if (!isTime || time < 0) refuse(what, "a Date, or milliseconds since 1970", value);
    return typeof time === "bigint" ? time : BigInt(Math.trunc(time));
  },
  /** @param {any} raw */
  read: (raw) => new Date(Number(raw)),
};

/** What is made of a value of a type, and which field has it. @typedef {{ field: string, write: (value: any, what: string) => any, read: (raw: any) => any }} Kind */
/** @type {Record<string, Kind>} */
const KINDS = {
  Int8: small(8, true),
  Int16: small(16, true),
  Int32: small(32, true),
  Int64: large(true),
  UInt8: small(8, false),
  UInt16: small(16, false),
  UInt32: small(32, false),
  UInt64: large(false),
  Float: plain(
    "floatValue",
    "a number that 32 bits can have",
    (value) => isNumber(value) && (!Number.isFinite(value) || Number.isFinite(Math.fround(value))),
  ),
  Double: plain("doubleValue", "a number", isNumber),
  Boolean: plain("booleanValue", "a boolean", (value) => typeof value === "boolean"),
  String: text,
  DateTime: milliseconds,
  Text: text,
  UUID: text,
  Bytes: {
    ...bytes,
    write: (value, what) => {
      const view = bytes.write(value, what);
      return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
    },
  },
};
KINDS.File = KINDS.Bytes;
for (const type of TYPES.slice(22)) {
  const element = KINDS[type.slice(0, -5)];
  KINDS[type] = {
    field: "bytesValue",
    write(value, what) {
      if (!Array.isArray(value) && !ArrayBuffer.isView(value)) refuse(what, "an array", value);
      const all = Array.from(/** @type {any} */ (value), (one, at) => {
        element.write(one, `${what}[${at}]`);
        return one;
      });
      return packArray(type, all, what);
    },
    read: (raw) => unpackArray(type, raw),
  };
}

/** @param {string | undefined} type @returns {Kind | undefined} */
export const kindOf = (type) => (type === undefined ? undefined : KINDS[type]);
