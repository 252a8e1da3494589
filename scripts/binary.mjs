// Reads and writes the format of a .wasm, as far as the scripts of the build need it: sections, imports, the types of functions,
// and the operands of the instructions that are in it. Owns what is known of the format; changes nothing.

/** Numbers of sections. */
export const SECTION = {
  custom: 0,
  types: 1,
  imports: 2,
  functions: 3,
  table: 4,
  globals: 6,
  exports: 7,
  elements: 9,
  code: 10,
};
/** Kinds of imports and exports. */
export const KIND = { function: 0, table: 1, memory: 2, global: 3 };
/** Instructions that name functions and globals. */
export const OP = { call: 0x10, globalGet: 0x23, globalSet: 0x24 };
/** Instructions without operands, below 0x45: unreachable, nop, else, end, return, drop, select. */
const PLAIN = [0x00, 0x01, 0x05, 0x0b, 0x0f, 0x1a, 0x1b];

/** @param {Uint8Array} bytes @param {number} at @returns {[number, number]} the value, and where the next one begins */
export function leb(bytes, at) {
  let value = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[at++];
    value += (byte & 127) * 2 ** shift;
    if (byte < 128) return [value, at];
  }
}

/** A number as it is written, without its sign. @param {number} value */
export function unsigned(value) {
  const bytes = [];
  for (; value > 127; value >>>= 7) bytes.push((value & 127) | 128);
  return [...bytes, value];
}

/** A number as it is written in a constant. @param {number} value */
export function signed(value) {
  const bytes = [];
  for (; value < -64 || value > 63; value >>= 7) bytes.push((value & 127) | 128);
  return [...bytes, value & 127];
}

/** @param {string} text */
export function text(text) {
  const bytes = Buffer.from(text);
  return [...unsigned(bytes.length), ...bytes];
}

/** A list as it is written. @param {(number[] | Uint8Array)[]} items */
export function list(items) {
  return Buffer.concat([unsigned(items.length), ...items].map((part) => Buffer.from(part)));
}

/** Bytes with their length in front. @param {number[] | Uint8Array} bytes */
export function sized(bytes) {
  return Buffer.concat([Buffer.from(unsigned(bytes.length)), Buffer.from(bytes)]);
}

/** Goes through bytes. */
export class Reader {
  /** @param {Uint8Array} bytes @param {number} [at] */
  constructor(bytes, at = 0) {
    this.bytes = bytes;
    this.at = at;
  }

  get done() {
    return this.at >= this.bytes.length;
  }

  byte() {
    return this.bytes[this.at++];
  }

  number() {
    const [value, at] = leb(this.bytes, this.at);
    this.at = at;
    return value;
  }

  /** @param {number} length */
  take(length) {
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }

  sized() {
    return this.take(this.number());
  }

  text() {
    return Buffer.from(this.sized()).toString();
  }

  /** A list whose items `read` reads. @template T @param {() => T} read @returns {T[]} */
  list(read) {
    return Array.from({ length: this.number() }, read);
  }
}

/** @param {Uint8Array} wasm */
export function sections(wasm) {
  const reader = new Reader(wasm, 8);
  /** @type {{ id: number, data: Uint8Array }[]} */
  const found = [];
  while (!reader.done) found.push({ id: reader.byte(), data: reader.sized() });
  return found;
}

/** @param {{ id: number, data: Uint8Array }[]} all */
export function module(all) {
  const written = all.flatMap(({ id, data }) => [Buffer.from([id]), sized(data)]);
  return Buffer.concat([Buffer.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]), ...written]);
}

/** The types of functions: how many parameters, and as they are written. @param {Uint8Array} data */
export function types(data) {
  const reader = new Reader(data);
  return reader.list(() => {
    const from = reader.at;
    reader.byte();
    const parameters = reader.sized().length;
    reader.sized();
    return { parameters, written: data.subarray(from, reader.at) };
  });
}

/** The end of the operands of an instruction. @param {Uint8Array} code @param {number} op @param {number} at */
export function operandsEnd(code, op, at) {
  const skip = (/** @type {number} */ count) => {
    for (; count > 0; count--) [, at] = leb(code, at);
    return at;
  };
  const one =
    op === OP.call || (op >= 0x20 && op <= 0x24) || op === 0x3f || op === 0x40 || op === 0x41 || op === 0x42;
  if (one || (op >= 0x02 && op <= 0x04) || op === 0x0c || op === 0x0d) return skip(1);
  if ((op >= 0x28 && op <= 0x3e) || op === 0x11) return skip(2);
  if (op === 0x43 || op === 0x44) return at + (op === 0x43 ? 4 : 8);
  if (op === 0x0e) return skip(leb(code, at)[0] + 2);
  if (op === 0xfc) {
    const [kind] = leb(code, at);
    if (kind < 8) return skip(1); // conversions
    if (kind === 10 || kind === 11) return skip(kind === 10 ? 3 : 2); // memory.copy, memory.fill
  } else if (PLAIN.includes(op) || (op >= 0x45 && op <= 0xc4)) return at;
  throw new Error(`instruction 0x${op.toString(16)} is not known`);
}

/** Where the instructions of a function begin, behind its locals. @param {Uint8Array} code */
export function bodyStart(code) {
  const reader = new Reader(code);
  reader.list(() => [reader.number(), reader.byte()]);
  return reader.at;
}
