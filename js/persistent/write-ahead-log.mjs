// A write-ahead log: a file to which changes are appended synchronously. Each record: length, length XOR a constant,
// checksum, 32 bits each, then the changes: key as a double, length of the value plus one (0: deleted), value.

import { closeSync, ftruncateSync, openSync, readFileSync, writeSync } from "node:fs";

/** @typedef {[number, Uint8Array | undefined]} Change */

const HEAD = 12;
/** If the second length does not match the first, the record is damaged; if both point beyond the end, it is incomplete. */
const LENGTH_XOR = 0x6d717474;
const TABLE = new Uint32Array(256).map((_, n) => {
  for (let k = 0; k < 8; k++) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1;
  return n;
});

/** CRC-32. @param {Uint8Array} bytes @param {number} seed */
export function checksum(bytes, seed) {
  let crc = ~seed;
  for (let i = 0; i < bytes.length; i++) crc = TABLE[(crc ^ bytes[i]) & 255] ^ (crc >>> 8);
  return ~crc >>> 0;
}

export class WriteAheadLog {
  #fd;
  #path;
  length = 0;

  /** @param {string} path */
  constructor(path) {
    this.#path = path;
    this.#fd = openSync(path, "a");
  }

  /** All changes; `whole` is false if a record other than the last is unreadable. A kill may leave the last incomplete. */
  read() {
    const bytes = readFileSync(this.#path);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    /** @type {Change[]} */
    const changes = [];
    let whole = true;
    let at = 0;
    while (at + HEAD <= bytes.length) {
      const length = view.getUint32(at);
      const end = at + HEAD + length;
      const valid = (length ^ LENGTH_XOR) >>> 0 === view.getUint32(at + 4);
      if (!valid) whole = false;
      if (!valid || end > bytes.length) break;
      const body = bytes.subarray(at + HEAD, end);
      if (checksum(body, 0) === view.getUint32(at + 8)) parse(body, changes);
      else whole = false;
      at = end;
    }
    this.length = at;
    return { changes, whole };
  }

  /** Removes an unreadable end, before more is appended. */
  trim() {
    ftruncateSync(this.#fd, this.length);
  }

  /** @param {Change[]} changes */
  append(changes) {
    let length = HEAD;
    for (const [, value] of changes) length += 12 + (value === undefined ? 0 : value.length);
    const record = Buffer.allocUnsafe(length);
    let at = HEAD;
    for (const [key, value] of changes) {
      record.writeDoubleBE(key, at);
      record.writeUInt32BE(value === undefined ? 0 : value.length + 1, at + 8);
      if (value !== undefined) record.set(value, at + 12);
      at += 12 + (value === undefined ? 0 : value.length);
    }
    record.writeUInt32BE(length - HEAD, 0);
    record.writeUInt32BE(((length - HEAD) ^ LENGTH_XOR) >>> 0, 4);
    record.writeUInt32BE(checksum(record.subarray(HEAD), 0), 8);
    let written = 0;
    while (written < length) written += writeSync(this.#fd, record, written);
    this.length += length;
  }

  /** Empties the log, whose changes are stored elsewhere. */
  clear() {
    ftruncateSync(this.#fd, 0);
    this.length = 0;
  }

  close() {
    closeSync(this.#fd);
  }
}

/** @param {Buffer} body @param {Change[]} changes */
function parse(body, changes) {
  for (let at = 0; at + 12 <= body.length; ) {
    const key = body.readDoubleBE(at);
    const length = body.readUInt32BE(at + 8);
    at += 12;
    if (length === 0) {
      changes.push([key, undefined]);
    } else {
      changes.push([key, Uint8Array.from(body.subarray(at, at + length - 1))]);
      at += length - 1;
    }
  }
}
