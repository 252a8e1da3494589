// The format of the log and of its mark: entries to bytes and back. Never opens a file, never looks into a value.
//
// Log: header, records. Record: length, length XOR a random number, checksum (32 bits each), changes. Change: key as a double,
// length of the value plus one (0: deleted), value. Header and mark: a word, generation, length (doubles), two random
// numbers, checksum. The length in the mark says how far the log is written; that in the header, how long it was when it was
// begun, for a process that ends before it has written the mark.
//
// The two numbers are the salt: one is the XOR of the second length, the other is part of the seed of each record's checksum,
// with the client id and the place of the record. Nobody who sends a payload knows them, so that none contains a record.
// Version 2 has no salt: its logs are read, not written.

import { randomBytes } from "node:crypto";
import { checksum, sumOf } from "./checksum.mjs";

/** @typedef {[number, Uint8Array | undefined]} Change */
/** @typedef {{ lengthXor: number, seed: number }} Salt */
/** @typedef {{ version: 2 | 3, generation: number, length: number, salt: Salt }} Frame */
/** @typedef {(place: number, key: number, value: Uint8Array | undefined) => void} Count */

const LOG = { 2: "mqttlog2", 3: "mqttlog3" };
const MARK = { 2: "mqttmark", 3: "mqttmrk3" };
const VERSION = 3;
/** Of header and mark. */
const FRAME_LENGTH = { 2: 28, 3: 36 };
const SALT_PLACE = 24;
export const HEADER_LENGTH = FRAME_LENGTH[VERSION];
export const RECORD_HEAD = 12;
export const CHANGE_HEAD = 12;
/** The search for records computes checksums of at most so many times the bytes of the log. */
const MAX_HASHED = 4;

/** Of version 2 and of the first format. @type {Salt} */
export const NO_SALT = { lengthXor: 0x6d717474, seed: 0 };

/** @param {Buffer} bytes @returns {Salt} */
const saltOf = (bytes) => ({ lengthXor: bytes.readUInt32BE(0), seed: bytes.readUInt32BE(4) });

export const newSalt = () => saltOf(randomBytes(8));

/** @param {number} generation @param {number} length @param {Salt} salt @param {number} owner */
export const headerOf = (generation, length, salt, owner) =>
  frame(LOG[VERSION], generation, length, salt, owner);

/** @param {number} generation @param {number} length @param {Salt} salt @param {number} owner */
export const markOf = (generation, length, salt, owner) =>
  frame(MARK[VERSION], generation, length, salt, owner);

/** @param {string} word @param {number} generation @param {number} length @param {Salt} salt @param {number} owner */
function frame(word, generation, length, { lengthXor, seed }, owner) {
  const bytes = Buffer.allocUnsafe(HEADER_LENGTH);
  bytes.write(word, "latin1");
  bytes.writeDoubleBE(generation, 8);
  bytes.writeDoubleBE(length, 16);
  bytes.writeUInt32BE(lengthXor, SALT_PLACE);
  bytes.writeUInt32BE(seed, SALT_PLACE + 4);
  bytes.writeUInt32BE(checksum(bytes.subarray(0, -4), owner), HEADER_LENGTH - 4);
  return bytes;
}

/** @param {{ 2: string, 3: string }} words @param {Buffer | undefined} bytes @param {number} owner @returns {Frame | undefined} */
function parse(words, bytes, owner) {
  const word = bytes?.toString("latin1", 0, 8);
  const version = word === words[3] ? 3 : 2;
  const length = FRAME_LENGTH[version];
  if (bytes === undefined || word !== words[version] || bytes.length < length) return undefined;
  if (checksum(bytes.subarray(0, length - 4), owner) !== bytes.readUInt32BE(length - 4)) return undefined;
  const salt = version === 2 ? NO_SALT : saltOf(bytes.subarray(SALT_PLACE));
  return { version, generation: bytes.readDoubleBE(8), length: bytes.readDoubleBE(16), salt };
}

/**
 * The entries of all records that are sound. `sound` is false if something is damaged or missing; `end` is the end of the
 * last sound record.
 * @param {Buffer | undefined} log @param {Buffer | undefined} mark @param {number} owner @param {Count} count
 */
export function readLog(log, mark, owner, count) {
  const bytes = log ?? Buffer.alloc(0);
  const header = parse(LOG, log, owner);
  const parsedMark = parse(MARK, mark, owner);
  const least = leastLength(header, parsedMark, bytes.length, mark?.length ?? 0);
  const { version = VERSION, salt = saltAt(bytes) } = header ?? parsedMark ?? {};
  const { entries, end, whole } = readRecords(bytes, FRAME_LENGTH[version], salt, owner, count);
  return {
    entries,
    end,
    sound: whole && least !== undefined && end >= least,
    isCurrent: version === VERSION,
    salt,
    generation: Math.max(header?.generation ?? 0, parsedMark?.generation ?? 0),
  };
}

/** That of a header with a wrong checksum may be right all the same. @param {Buffer} bytes */
const saltAt = (bytes) => (bytes.length < HEADER_LENGTH ? NO_SALT : saltOf(bytes.subarray(SALT_PLACE)));

/**
 * How long the log is at least; undefined if header and mark do not belong together.
 * @param {Frame | undefined} header @param {Frame | undefined} mark @param {number} length @param {number} markLength
 */
function leastLength(header, mark, length, markLength) {
  if (!header) return undefined;
  if (!mark) {
    const isFirst = header.generation === 1 && markLength === 0;
    return isFirst && header.length === length ? length : undefined;
  }
  const isBefore = mark.generation === header.generation - 1;
  if (!isBefore && mark.generation !== header.generation) return undefined;
  // The log of version 2 was written anew, and the process ended before it had written the mark.
  const isMigration = isBefore && mark.version === 2;
  if (!isMigration && !isSameSalt(mark.salt, header.salt)) return undefined;
  return isBefore ? header.length : Math.max(header.length, mark.length);
}

/** @param {Salt} a @param {Salt} b */
const isSameSalt = (a, b) => a.lengthXor === b.lengthXor && a.seed === b.seed;

/**
 * Behind a record that is not sound it searches for the next, byte by byte: not without a salt, because the next may be in
 * a payload. `whole` is false if something is between the records; an incomplete record at the end was being written when the
 * process ended. @param {Buffer} bytes @param {number} start @param {Salt} salt @param {number} owner @param {Count} count
 */
function readRecords(bytes, start, salt, owner, count) {
  /** @type {Map<number, Uint8Array>} */
  const entries = new Map();
  let [whole, end, at] = [true, start, start];
  let budget = MAX_HASHED * bytes.length;
  while (at < bytes.length) {
    const body = recordAt(bytes, at, salt);
    budget -= body?.length ?? 0;
    if (budget < 0) return { entries, end, whole: false };
    if (body && isSound(bytes, at, body, salt, owner)) {
      if (at > end) whole = false;
      for (const [key, value] of changesOf(body)) {
        if (value === undefined) entries.delete(key);
        else entries.set(key, value);
        count(at, key, value);
      }
      at += RECORD_HEAD + body.length;
      end = at;
    } else if (salt !== NO_SALT) {
      at += 1;
    } else if (body) {
      at += RECORD_HEAD + body.length;
    } else break;
  }
  if (recordAt(bytes, end, salt)) whole = false; // it is complete, but not sound
  return { entries, end, whole };
}

/** @param {Buffer} bytes @param {number} at @param {Buffer} body @param {Salt} salt @param {number} owner */
const isSound = (bytes, at, body, salt, owner) =>
  sumOf(body, at, owner ^ salt.seed) === bytes.readUInt32BE(at + 8);

/** The body of a record that may begin here. @param {Buffer} bytes @param {number} at @param {Salt} salt */
export function recordAt(bytes, at, salt) {
  if (!isRecordHead(bytes, at, salt)) return undefined;
  const start = at + RECORD_HEAD;
  const end = start + bytes.readUInt32BE(at);
  return end <= bytes.length ? bytes.subarray(start, end) : undefined;
}

/** @param {Buffer} bytes @param {number} at @param {Salt} salt */
export const isRecordHead = (bytes, at, salt) =>
  at + RECORD_HEAD <= bytes.length &&
  (bytes.readUInt32BE(at) ^ salt.lengthXor) >>> 0 === bytes.readUInt32BE(at + 4);

/**
 * The changes of a record that `bytes` is, at `place` in the log; undefined if it is not sound.
 * @param {Buffer} bytes
 * @param {number} place
 * @param {Salt} salt
 * @param {number} owner
 */
export function changesAt(bytes, place, salt, owner) {
  const body = recordAt(bytes, 0, salt);
  return body && sumOf(body, place, owner ^ salt.seed) === bytes.readUInt32BE(8)
    ? changesOf(body)
    : undefined;
}

/** @param {Change[]} changes @param {number} place in the log @param {Salt} salt @param {number} owner */
export function recordOf(changes, place, { lengthXor, seed }, owner) {
  let length = RECORD_HEAD;
  for (const [, value] of changes) length += CHANGE_HEAD + (value === undefined ? 0 : value.length);
  const record = Buffer.allocUnsafe(length);
  let at = RECORD_HEAD;
  for (const [key, value] of changes) {
    record.writeDoubleBE(key, at);
    record.writeUInt32BE(value === undefined ? 0 : value.length + 1, at + 8);
    if (value !== undefined) record.set(value, at + CHANGE_HEAD);
    at += CHANGE_HEAD + (value === undefined ? 0 : value.length);
  }
  const bodyLength = length - RECORD_HEAD;
  record.writeUInt32BE(bodyLength, 0);
  record.writeUInt32BE((bodyLength ^ lengthXor) >>> 0, 4);
  record.writeUInt32BE(sumOf(record.subarray(RECORD_HEAD), place, owner ^ seed), 8);
  return record;
}

/** @param {Buffer} body @returns {Generator<Change>} */
export function* changesOf(body) {
  for (let at = 0; at + CHANGE_HEAD <= body.length; ) {
    const key = body.readDoubleBE(at);
    const length = body.readUInt32BE(at + 8);
    at += CHANGE_HEAD;
    if (length === 0) {
      yield [key, undefined];
    } else {
      yield [key, body.subarray(at, at + length - 1)];
      at += length - 1;
    }
  }
}
