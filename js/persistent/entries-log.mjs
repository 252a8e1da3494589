// The entries of a store as a log: a file to which changes are appended synchronously, written anew when most of it is
// history. A second file, the mark, has how far the log is written: what is missing is noticed, and what is behind the mark
// was cut off by the end of the process, before append() had returned. Everything has a checksum; a record's contains its
// place and the client id. Never looks into a value.
//
// Log: header, records. Record: length, length XOR a constant, checksum (32 bits each), changes. Change: key as a double,
// length of the value plus one (0: deleted), value. Header and mark: a word, generation, length (doubles), checksum; the
// length in the header is that of a log when it was begun, for a process that ends before it has written the mark.

import {
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { checksum, sumOf } from "./checksum.mjs";

/** @typedef {[number, Uint8Array | undefined]} Change */

const LOG = "mqttlog2";
const MARK = "mqttmark";
const HEADER = 28;
const RECORD_HEAD = 12;
const CHANGE_HEAD = 12;
/** If the second length does not match the first, no record begins there. */
const LENGTH_XOR = 0x6d717474;
/** About so many bytes of entries go into one record of a new log. */
const RECORD_LENGTH = 1 << 20;
/** A log that is shorter is not written anew, nor one with less than three quarters of history. */
const MIN_LENGTH = 1 << 20;
const MAX_SHARE = 4;
/** No record is longer: it is a write of one turn. */
const LONGEST = 1 << 30;
/** At least so many bytes are read at a time. */
const WINDOW = 1 << 16;
const { O_RDONLY, O_RDWR, O_CREAT, O_EXCL, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants;
const OWNER_ONLY = 0o600;

export class EntriesLog {
  #path;
  #markPath;
  #owner;
  /** @type {number | undefined} */
  #log;
  /** @type {number | undefined} */
  #mark;
  #generation = 0;
  #length = 0;
  /** Whether there were files when they were read. */
  exists = false;
  /** Where the record of each entry is, in its order, and how many bytes the entry takes. @type {Map<number, { place: number, size: number }>} */
  #places = new Map();
  #live = 0;

  /** @param {string} path of the log @param {string} markPath @param {number} owner the seed of all checksums */
  constructor(path, markPath, owner) {
    this.#path = path;
    this.#markPath = markPath;
    this.#owner = owner;
  }

  /** What the files have; undefined without files. `sound` is false if something is damaged or missing. */
  read() {
    const bytes = contentOf(this.#path);
    const markBytes = contentOf(this.#markPath);
    this.exists = bytes !== undefined || markBytes !== undefined;
    if (!this.exists) return undefined;
    const header = this.#parse(LOG, bytes);
    const mark = this.#parse(MARK, markBytes);
    this.#generation = Math.max(header?.generation ?? 0, mark?.generation ?? 0);
    /** @type {number | undefined} */
    let length;
    if (header && mark) {
      if (mark.generation === header.generation) length = mark.length;
      else if (mark.generation === header.generation - 1) length = header.length;
    } else if (header?.generation === 1 && markBytes === undefined && header.length === bytes?.length) {
      length = header.length;
    }
    this.#forget();
    const { entries, end, whole } = readRecords(
      (bytes ?? NOTHING).subarray(0, length),
      this.#owner,
      (place, key, value) => this.#count(place, key, value),
    );
    this.#length = end;
    return { entries, sound: whole && end === length };
  }

  /** Continues the files that were read, which are sound. */
  reopen() {
    this.#log = openSync(this.#path, O_RDWR | O_NOFOLLOW);
    ftruncateSync(this.#log, this.#length);
    this.#writeMark();
  }

  /** Replaces the files by new ones. @param {Map<number, Uint8Array>} entries */
  begin(entries) {
    const fresh = `${this.#path}.new`;
    rmSync(fresh, { force: true });
    const log = openSync(fresh, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, OWNER_ONLY);
    /** @type {[number, Change[]][]} */
    const parts = [];
    let length = HEADER;
    try {
      for (const changes of inParts(entries)) {
        parts.push([length, changes]);
        length += writeAt(log, this.#record(changes, length), length);
      }
      writeAt(log, this.#frame(LOG, this.#generation + 1, length), 0);
      this.#closeLog();
      renameSync(fresh, this.#path);
    } catch (error) {
      closeSync(log);
      rmSync(fresh, { force: true });
      throw error;
    }
    this.#log = log;
    this.#generation += 1;
    this.#length = length;
    this.#forget();
    for (const [place, changes] of parts) for (const [key, value] of changes) this.#count(place, key, value);
    this.#writeMark();
  }

  /** @param {Change[]} changes */
  append(changes) {
    const place = this.#length;
    this.#length += writeAt(this.#log, this.#record(changes, place), place);
    this.#writeMark();
    for (const [key, value] of changes) this.#count(place, key, value);
    if (this.#length > MIN_LENGTH && this.#length > MAX_SHARE * this.#live) this.begin(this.#readAgain());
  }

  /** What `append` has written and is still an entry. */
  #readAgain() {
    const read = reader(this.#log);
    /** @type {Map<number, Uint8Array>} */
    const entries = new Map();
    /** @type {Map<number, Uint8Array | undefined>} */
    let record = new Map();
    let last = 0;
    for (const [key, { place }] of this.#places) {
      if (place !== last) {
        const body = recordAt(read(place, RECORD_HEAD + read(place, 4).readUInt32BE(0)), 0);
        const isSound = body && sumOf(body, place, this.#owner) === read(place + 8, 4).readUInt32BE(0);
        if (!isSound) throw new Error(`${this.#path} was damaged while it was open`);
        record = new Map(changesOf(body));
        last = place;
      }
      entries.set(key, /** @type {Uint8Array} */ (record.get(key)));
    }
    return entries;
  }

  #forget() {
    this.#places.clear();
    this.#live = 0;
  }

  /** @param {number} place @param {number} key @param {Uint8Array | undefined} value */
  #count(place, key, value) {
    this.#live -= this.#places.get(key)?.size ?? 0;
    this.#places.delete(key);
    if (value === undefined) return;
    const size = CHANGE_HEAD + value.length;
    this.#places.set(key, { place, size });
    this.#live += size;
  }

  /** @param {Change[]} changes @param {number} place */
  #record(changes, place) {
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
    record.writeUInt32BE((bodyLength ^ LENGTH_XOR) >>> 0, 4);
    record.writeUInt32BE(sumOf(record.subarray(RECORD_HEAD), place, this.#owner), 8);
    return record;
  }

  #writeMark() {
    this.#mark ??= openSync(this.#markPath, O_RDWR | O_CREAT | O_NOFOLLOW, OWNER_ONLY);
    writeAt(this.#mark, this.#frame(MARK, this.#generation, this.#length), 0);
  }

  /** @param {string} word @param {number} generation @param {number} length */
  #frame(word, generation, length) {
    const frame = Buffer.allocUnsafe(HEADER);
    frame.write(word, "latin1");
    frame.writeDoubleBE(generation, 8);
    frame.writeDoubleBE(length, 16);
    frame.writeUInt32BE(checksum(frame.subarray(0, 24), this.#owner), 24);
    return frame;
  }

  /** @param {string} word @param {Buffer | undefined} bytes */
  #parse(word, bytes) {
    if (bytes === undefined || bytes.length < HEADER || bytes.toString("latin1", 0, 8) !== word)
      return undefined;
    if (checksum(bytes.subarray(0, 24), this.#owner) !== bytes.readUInt32BE(24)) return undefined;
    return { generation: bytes.readDoubleBE(8), length: bytes.readDoubleBE(16) };
  }

  /** Whether the log was removed while it was open: what is written to it nobody can read again. */
  get isRemoved() {
    return this.#log !== undefined && fstatSync(this.#log).nlink === 0;
  }

  #closeLog() {
    if (this.#log !== undefined) closeSync(this.#log);
    this.#log = undefined;
  }

  close() {
    this.#closeLog();
    if (this.#mark !== undefined) closeSync(this.#mark);
    this.#mark = undefined;
  }
}

const NOTHING = Buffer.alloc(0);

/** @param {number | undefined} fd @param {Buffer} bytes @param {number} place */
function writeAt(fd, bytes, place) {
  if (fd === undefined) throw new Error("the store is closed");
  for (let written = 0; written < bytes.length; ) {
    written += writeSync(fd, bytes, written, bytes.length - written, place + written);
  }
  return bytes.length;
}

/** Reads from a file, more at a time than it is asked for; shorter at its end. @param {number | undefined} fd */
function reader(fd) {
  if (fd === undefined) throw new Error("the store is closed");
  let [window, start] = [NOTHING, 0];
  return (/** @type {number} */ place, /** @type {number} */ length) => {
    if (place < start || place + length > start + window.length) {
      const fresh = Buffer.allocUnsafe(Math.max(Math.min(length, LONGEST), WINDOW));
      window = fresh.subarray(0, readSync(fd, fresh, 0, fresh.length, place));
      start = place;
    }
    return window.subarray(place - start, place - start + length);
  };
}

/** @param {string} path */
export function contentOf(path) {
  try {
    const fd = openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK); // a pipe would block the process
    try {
      if (!fstatSync(fd).isFile()) throw new Error(`${path} is no file; remove it`);
      return readFileSync(fd);
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === "ENOENT") return undefined;
    throw error;
  }
}

/** @param {Map<number, Uint8Array>} entries */
function* inParts(entries) {
  /** @type {Change[]} */
  let part = [];
  let length = 0;
  for (const entry of entries) {
    part.push(entry);
    length += CHANGE_HEAD + entry[1].length;
    if (length < RECORD_LENGTH) continue;
    yield part;
    part = [];
    length = 0;
  }
  if (part.length > 0) yield part;
}

/**
 * The entries of all records that are sound, also behind one that is not.
 * @param {Buffer} bytes @param {number} owner @param {(place: number, key: number, value: Uint8Array | undefined) => void} count
 */
function readRecords(bytes, owner, count) {
  /** @type {Map<number, Uint8Array>} */
  const entries = new Map();
  let whole = true;
  let at = HEADER;
  while (at < bytes.length) {
    const body = recordAt(bytes, at);
    if (body && sumOf(body, at, owner) === bytes.readUInt32BE(at + 8)) {
      for (const [key, value] of changesOf(body)) {
        if (value === undefined) entries.delete(key);
        else entries.set(key, value);
        count(at, key, value);
      }
      at += RECORD_HEAD + body.length;
    } else {
      whole = false;
      at += 1;
    }
  }
  return { entries, end: at, whole };
}

/** The body of a record that may begin here. @param {Buffer} bytes @param {number} at */
export function recordAt(bytes, at) {
  if (!isRecordHead(bytes, at)) return undefined;
  const start = at + RECORD_HEAD;
  const end = start + bytes.readUInt32BE(at);
  return end <= bytes.length ? bytes.subarray(start, end) : undefined;
}

/** @param {Buffer} bytes @param {number} at */
export const isRecordHead = (bytes, at) =>
  at + RECORD_HEAD <= bytes.length &&
  (bytes.readUInt32BE(at) ^ LENGTH_XOR) >>> 0 === bytes.readUInt32BE(at + 4);

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
