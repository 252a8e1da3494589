// Files of a store of Node: opened without following a link, read and written at a place, refused if they are something else.
// Knows nothing of what is in them.

import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  lstatSync,
  openSync,
  readFileSync,
  readSync,
  writeSync,
} from "node:fs";

/** How many bytes are read at a time, at least. */
const WINDOW = 1 << 16;
/** How many bytes are read at a time, at most. */
const LONGEST = 1 << 30;
const { O_RDONLY, O_RDWR, O_EXCL, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants;
export const { O_CREAT } = constants;
const OWNER_ONLY = 0o600;
const NOTHING = Buffer.alloc(0);

/** A new file, which must not exist. @param {string} path */
export const create = (path) => openSync(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, OWNER_ONLY);

/** A file that exists, or with `flags` may; only its user can read it afterwards. @param {string} path @param {number} [flags] */
export function openPrivate(path, flags = 0) {
  const fd = openSync(path, O_RDWR | O_NOFOLLOW | flags, OWNER_ONLY);
  try {
    fchmodSync(fd, OWNER_ONLY);
    return fd;
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

/** What the file contains; undefined if there is none. @param {string} path */
export function contentOf(path) {
  try {
    const fd = openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK); // a pipe would block the process
    try {
      if (!fstatSync(fd).isFile()) throw notAFile(path);
      return readFileSync(fd);
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === "ENOENT") return undefined;
    throw error;
  }
}

/** @param {number | undefined} fd @param {Buffer} bytes @param {number} place */
export function writeAt(fd, bytes, place) {
  if (fd === undefined) throw new Error("the store is closed");
  for (let written = 0; written < bytes.length; ) {
    written += writeSync(fd, bytes, written, bytes.length - written, place + written);
  }
  return bytes.length;
}

/** Reads from a file, more at a time than it is asked for; shorter at its end. @param {number | undefined} fd */
export function reader(fd) {
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
const notAFile = (path) => new Error(`${path} is no file; remove it`);

/** @param {string} path */
export function refuseLink(path) {
  if (lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink()) {
    throw new Error(`${path} is a symbolic link, which a store does not follow; remove it`);
  }
}

/** Throws if there is something and it is no file. @param {string} path */
export function refuseOther(path) {
  refuseLink(path);
  if (lstatSync(path, { throwIfNoEntry: false })?.isFile() === false) throw notAFile(path);
}
