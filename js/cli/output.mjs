// Standard output: whether a write has succeeded, and what it means when it has not. Owns that failure, no format.

import { fstatSync, readFileSync, statSync, writeSync } from "node:fs";
import { EXIT, Failure, Interrupted } from "./failure.mjs";

const STDOUT = 1;
const O_RDWR = 2;
const ACCESS_MODE = 3;

/** Why standard output cannot be written. @type {Failure | undefined} */
let failure;

/** Resolves once everything is written; rejects if standard output could not be written. */
export async function outputWritten() {
  await new Promise((resolve) => process.stdout.write("", resolve));
  await new Promise(setImmediate); // the event follows
  if (failure) throw failure;
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

/** Whether the bytes were written, all of them. After a write that has failed, and where it is closed, nothing is written. @param {Uint8Array} bytes @returns {Promise<boolean>} */
export function write(bytes) {
  if (failure !== undefined || closed()) return Promise.resolve(false);
  if (!isFile()) return new Promise((resolve) => process.stdout.write(bytes, (error) => resolve(!error)));
  try {
    // Node's own stream takes a write of a part, as of a disk that becomes full, for one of the whole.
    for (let at = 0; at < bytes.length; ) at += writeSync(STDOUT, bytes, at);
    return Promise.resolve(true);
  } catch (error) {
    process.stdout.emit("error", error);
    return Promise.resolve(false);
  }
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
