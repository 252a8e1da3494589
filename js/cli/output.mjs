// Standard output: whether a write has succeeded, and what it means when it has not. Owns that failure, no format.

import { fstatSync, readFileSync, statSync, writeSync } from "node:fs";
import { EXIT, Failure, Interrupted } from "./failure.mjs";

const STDOUT = 1;
const NOTHING = new Uint8Array();
const O_RDWR = 2;
const ACCESS_MODE = 3;

/** After a signal the reader of a pipe may read nothing for so long, and is then waited for no longer. */
const READER_TIMEOUT_MS = 1000;
const CHECK_MS = 100;

/** Why standard output cannot be written. @type {Failure | undefined} */
let failure;
/** Writes to a pipe that are not finished. @type {Set<(parts: number) => void>} */
const waiting = new Set();
let isAbandoned = false;
/** Whether the command has ended, and the process waits for its output alone. */
let hasEnded = false;

/** Resolves once everything is written, or abandoned; rejects if standard output could not be written. */
export async function outputWritten() {
  await write([NOTHING]);
  await new Promise(setImmediate); // the event follows
  if (failure) throw failure;
}

/** Whether the reader of the pipe is waited for no longer. */
export const outputAbandoned = () => isAbandoned;

/** The process ends with this code, once everything is written, or abandoned. @param {number} code */
export function exitOnceWritten(code) {
  process.exitCode = code;
  hasEnded = true;
  if (isAbandoned) process.exit();
}

/** Bytes that are not yet in the pipe. */
function unwritten() {
  const { _handle, writableLength } = /** @type {any} */ (process.stdout);
  return writableLength + (_handle?.writeQueueSize ?? 0);
}

/** Lets the reader of a pipe read on while it does; once it has read nothing for a while, what is not written is abandoned. */
export function abandonStalledOutput() {
  let last = unwritten();
  let since = performance.now();
  const timer = setInterval(() => {
    const now = unwritten();
    if (now !== last) [last, since] = [now, performance.now()];
    if (now === 0 || performance.now() - since < READER_TIMEOUT_MS) return;
    clearInterval(timer);
    isAbandoned = true;
    for (const resolve of waiting) resolve(0);
    if (hasEnded) process.exit();
  }, CHECK_MS);
  timer.unref();
}

/** Aborts when standard output cannot be written. @param {AbortController} end */
export function abortOnOutputFailure(end) {
  process.stdout.on("error", (error) => {
    // The reader has closed the pipe, as `head` does: not a failure of the command.
    const closed = /** @type {{ code?: string }} */ (error).code === "EPIPE";
    failure ??= closed
      ? new Interrupted("the reader of standard output has closed it", EXIT.OK)
      : new Failure(`cannot write to standard output: ${error.message}`);
    end.abort(failure);
  });
}

/**
 * How many of the parts were written, each as a whole. After a write that has failed, and where it is closed, nothing is written.
 * @param {Uint8Array[]} parts @returns {Promise<number>}
 */
export function write(parts) {
  if (failure !== undefined || isAbandoned || closed()) return Promise.resolve(0);
  const bytes = parts.length === 1 ? parts[0] : Buffer.concat(parts);
  if (isFile()) return Promise.resolve(wholeOf(parts, writeToFile(bytes)));
  return new Promise((resolve) => {
    waiting.add(resolve);
    process.stdout.write(bytes, (error) => {
      waiting.delete(resolve);
      resolve(error ? 0 : parts.length);
    });
  });
}

/** How many bytes were written. Node's own stream takes a write of a part, as of a disk that becomes full, for one of the whole. @param {Uint8Array} bytes */
function writeToFile(bytes) {
  let at = 0;
  try {
    while (at < bytes.length) at += writeSync(STDOUT, bytes, at);
  } catch (error) {
    process.stdout.emit("error", error);
  }
  return at;
}

/** How many of the parts have their end within the first so many bytes. @param {Uint8Array[]} parts @param {number} length */
function wholeOf(parts, length) {
  let end = 0;
  const cut = parts.findIndex((part) => {
    end += part.length;
    return end > length;
  });
  return cut === -1 ? parts.length : cut;
}

const isFile = once(() => fstatSync(STDOUT).isFile());
const closed = once(isClosed);

/** @template T @param {() => T} find @returns {() => T} */
function once(find) {
  /** @type {T | undefined} */
  let found;
  return () => {
    found ??= find();
    return found;
  };
}

/**
 * Whether standard output is closed (`>&-`). Node has opened /dev/null in its place by now, and each write would succeed; but for
 * reading too, which no shell does for `>/dev/null`. Elsewhere than on Linux nothing tells.
 */
function isClosed() {
  if (process.platform !== "linux") return false;
  try {
    if (fstatSync(STDOUT).rdev !== statSync("/dev/null").rdev) return false;
    const [, flags = "0"] =
      /^flags:\s*(\d+)/m.exec(readFileSync(`/proc/self/fdinfo/${STDOUT}`, "utf8")) ?? [];
    return (Number.parseInt(flags, 8) & ACCESS_MODE) === O_RDWR;
  } catch {
    return false;
  }
}

/** Throws if standard output is closed. */
export function checkOutput() {
  if (!closed()) return;
  throw new Failure(
    "standard output is closed, or is /dev/null opened for reading and writing; give it a file or a pipe, or >/dev/null to drop what is received",
  );
}
