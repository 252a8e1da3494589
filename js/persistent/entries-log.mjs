// The entries of a store as a log: a file to which changes are appended synchronously, written anew when most of it is
// history. A second file, the mark, has how far the log is written, so that missing records are noticed; it is written after
// the log, so that the log may be longer. Owns both files and the places of the entries; the bytes are log-format.mjs.

import { closeSync, ftruncateSync, lstatSync, renameSync, rmSync } from "node:fs";
import { resolve } from "node:path";
import { contentOf, create, O_CREAT, openPrivate, reader, writeAt } from "./files.mjs";
import {
  CHANGE_HEAD,
  changesAt,
  HEADER_LENGTH,
  headerOf,
  markOf,
  NO_SALT,
  newSalt,
  RECORD_HEAD,
  readLog,
  recordOf,
} from "./log-format.mjs";

/** @typedef {import("./log-format.mjs").Change} Change */

/** About so many bytes of entries go into one record of a new log. */
const RECORD_LENGTH = 1 << 20;
/** A log that is shorter is not written anew, nor one with less than three quarters of history. */
const MIN_LENGTH = 1 << 20;
const MAX_SHARE = 4;
/** More history than this is never kept: Node reads no file of 2 GiB. */
const MAX_HISTORY = 512 << 20;

/** Whether a log of this length, with so many bytes of entries that are still there, is written anew. @param {number} length @param {number} live */
export const isMostlyHistory = (length, live) =>
  (length > MIN_LENGTH && length > MAX_SHARE * live) || length - live > MAX_HISTORY;

export class EntriesLog {
  #path;
  #markPath;
  #owner;
  /** @type {number | undefined} */
  #log;
  /** Of the open log, by its path: some systems give other numbers for an open file. @type {{ ino: number, dev: number }} */
  #inode = { ino: 0, dev: 0 };
  /** @type {number | undefined} */
  #mark;
  #generation = 0;
  #length = 0;
  #salt = NO_SALT;
  /** Whether there were files of the present format when they were read. */
  isCurrent = false;
  /** Where the record of each entry is, in its order, and how many bytes the entry takes. @type {Map<number, { place: number, size: number }>} */
  #places = new Map();
  #live = 0;

  /** @param {string} path of the log @param {string} markPath @param {number} owner the seed of all checksums */
  constructor(path, markPath, owner) {
    this.#path = resolve(path); // the process may change its working directory
    this.#markPath = resolve(markPath);
    this.#owner = owner;
  }

  /** What the files have; undefined without files. `sound` is false if something is damaged or missing. */
  read() {
    const bytes = contentOf(this.#path);
    const markBytes = contentOf(this.#markPath);
    this.isCurrent = false;
    if (bytes === undefined && markBytes === undefined) return undefined;
    this.#forget();
    const read = readLog(bytes, markBytes, this.#owner, (place, key, value) =>
      this.#count(place, key, value),
    );
    this.#generation = read.generation;
    this.#salt = read.salt;
    this.#length = read.end;
    this.isCurrent = read.isCurrent;
    return { entries: read.entries, sound: read.sound };
  }

  /** Continues the files that were read, which are sound and of the present format. */
  reopen() {
    this.#log = openPrivate(this.#path);
    this.#inode = lstatSync(this.#path);
    ftruncateSync(this.#log, this.#length);
    this.#writeMark();
  }

  /** Replaces the files by new ones. @param {Map<number, Uint8Array>} entries */
  begin(entries) {
    this.#salt = newSalt();
    this.#rewrite(entries);
  }

  /** With the same salt, because the mark may remain that of the old log. @param {Map<number, Uint8Array>} entries */
  #rewrite(entries) {
    const fresh = `${this.#path}.new`;
    rmSync(fresh, { force: true });
    const log = create(fresh);
    /** @type {[number, Change[]][]} */
    const parts = [];
    let length = HEADER_LENGTH;
    try {
      for (const changes of inParts(entries)) {
        parts.push([length, changes]);
        length += writeAt(log, recordOf(changes, length, this.#salt, this.#owner), length);
      }
      writeAt(log, headerOf(this.#generation + 1, length, this.#salt, this.#owner), 0);
      this.#closeLog();
      renameSync(fresh, this.#path);
      this.#inode = lstatSync(this.#path);
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

  /** Nothing of the changes is in the log if it throws and the file can be cut off. @param {Change[]} changes */
  append(changes) {
    if (isMostlyHistory(this.#length, this.#live)) this.#rewrite(this.#readAgain());
    const place = this.#length;
    try {
      this.#length += writeAt(this.#log, recordOf(changes, place, this.#salt, this.#owner), place);
      this.#writeMark();
    } catch (error) {
      this.#cutOff(place);
      throw error;
    }
    for (const [key, value] of changes) this.#count(place, key, value);
  }

  /** @param {number} length */
  #cutOff(length) {
    this.#length = length;
    try {
      if (this.#log !== undefined) ftruncateSync(this.#log, length);
    } catch {
      // The error of the write says what is wrong.
    }
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
        const bytes = read(place, RECORD_HEAD + read(place, 4).readUInt32BE(0));
        const changes = changesAt(bytes, place, this.#salt, this.#owner);
        if (!changes) throw new Error(`${this.#path} was damaged while it was open`);
        record = new Map(changes);
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

  #writeMark() {
    this.#mark ??= openPrivate(this.#markPath, O_CREAT);
    writeAt(this.#mark, markOf(this.#generation, this.#length, this.#salt, this.#owner), 0);
  }

  /** Whether the log was removed or moved while it was open: what is written to it nobody finds again. */
  get isRemoved() {
    if (this.#log === undefined) return false;
    const found = lstatSync(this.#path, { throwIfNoEntry: false });
    return found?.ino !== this.#inode.ino || found.dev !== this.#inode.dev;
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
