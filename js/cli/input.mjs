// Reads what is to be published: the text of an option, a file, standard input as a whole or by lines. Bytes stay bytes.

import { closeSync, constants, createReadStream, fstatSync, openSync, statSync } from "node:fs";
import { Socket } from "node:net";
import { isatty, ReadStream } from "node:tty";
import { EXIT, Failure, UsageError } from "./failure.mjs";
import { plural } from "./progress.mjs";

/** The length of the longest MQTT packet. */
const LONGEST = 268_435_455;
const NEWLINE = 0x0a;
const RETURN = 0x0d;

/** Where the payload comes from; exactly one source must be given. @param {import("./arguments.mjs").Values} values @param {string[]} words */
export function sourceOf(values, words) {
  const text = values.message ?? words[0];
  const origins = [
    values.message !== undefined || words.length > 0 ? "--message" : undefined,
    values["null-message"] ? "--null-message" : undefined,
    values["stdin-file"] ? "--stdin-file" : undefined,
    values.file !== undefined && !values["stdin-line"] ? "--file" : undefined,
    values["stdin-line"] ? "--stdin-line" : undefined,
  ].filter((name) => name !== undefined);
  if (words.length > (values.message === undefined ? 1 : 0)) {
    const more = plural(words.length - (values.message === undefined ? 1 : 0), "word", " is", " are");
    // Without these words: one of them may be a password whose option was forgotten.
    throw new UsageError(`${more} given beside the payload; put a payload with spaces in quotes`);
  }
  if (origins.length === 0) {
    throw new UsageError(
      "there is nothing to publish; write it behind the topic, or give --message TEXT, --file FILE, --stdin-line (-l), --stdin-file (-s) or --null-message (-n)",
    );
  }
  if (origins.length > 1) throw new UsageError(`${origins.join(" and ")} exclude each other; give one`);
  const [origin] = origins;
  return { origin, text: origin === "--null-message" ? "" : text };
}

/**
 * The whole payload. Rejects when the command is ended, also by the time limit.
 * @param {{ origin: string, text?: string }} source @param {any} values @param {AbortController} end @param {number} [seconds]
 */
export async function payloadOf({ origin, text }, values, end, seconds) {
  if (origin === "--message" || origin === "--null-message") return text;
  const late = () =>
    end.abort(
      new Failure(
        `the time limit of ${seconds} s was reached; ${nameOf(values.file)} was not read to its end`,
        EXIT.TIMEOUT,
      ),
    );
  const timer = seconds === undefined ? undefined : setTimeout(late, seconds * 1000);
  const chunks = [];
  let length = 0;
  try {
    for await (const chunk of read(values.file, end.signal)) {
      length += chunk.length;
      if (length > LONGEST) throw tooLong(values.file);
      chunks.push(chunk);
    }
  } finally {
    clearTimeout(timer);
  }
  end.signal.throwIfAborted();
  return Buffer.concat(chunks);
}

/** Lines without their ends, as many at a time as were read. @param {string | undefined} file @param {AbortSignal} signal */
export async function* linesOf(file, signal) {
  /** The beginning of a line whose end was not read yet. @type {Buffer[]} */
  let begun = [];
  let length = 0;
  for await (const chunk of read(file, signal)) {
    const lines = [];
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      begun.push(chunk.subarray(start, end));
      lines.push(line(begun));
      [begun, length] = [[], 0];
      start = end + 1;
    }
    begun.push(chunk.subarray(start));
    length += chunk.length - start;
    if (length > LONGEST) throw tooLong(file);
    yield lines;
  }
  if (length > 0) yield [line(begun)];
}

/** @param {Buffer[]} parts */
function line(parts) {
  const whole = parts.length === 1 ? parts[0] : Buffer.concat(parts);
  return whole.at(-1) === RETURN ? whole.subarray(0, -1) : whole;
}

/** Ends early if the signal is aborted. @param {string | undefined} file @param {AbortSignal} signal @returns {AsyncGenerator<Buffer>} */
async function* read(file, signal) {
  if (signal.aborted) return;
  /** @type {import("node:stream").Readable | undefined} */
  let stream;
  const stop = () => stream?.destroy();
  signal.addEventListener("abort", stop, { once: true });
  try {
    stream = file === undefined || file === "-" ? standardInput() : streamOf(file);
    yield* stream;
  } catch (error) {
    if (signal.aborted) return;
    if (error instanceof Failure) throw error;
    const { code, message } = /** @type {NodeJS.ErrnoException} */ (error);
    const why = REASONS[code ?? ""] ?? message;
    throw new Failure(`cannot read ${nameOf(file)}: ${why}`);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

/**
 * A FIFO and a terminal are read without a thread: one that waits for a writer in open() or read() lets no process end, not
 * even by process.exit(). Elsewhere than on Linux the first look at a FIFO without a writer may say that it has ended.
 * @param {string} file @returns {import("node:stream").Readable}
 */
function streamOf(file) {
  const found = process.platform === "linux" ? statSync(file) : undefined;
  if (!found?.isFIFO() && !found?.isCharacterDevice()) return createReadStream(file);
  const fd = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  if (found.isFIFO()) return new Socket({ fd, readable: true, writable: false });
  if (isatty(fd)) return new ReadStream(fd);
  closeSync(fd);
  return createReadStream(file);
}

/** Node gives an empty stream for a folder. */
function standardInput() {
  if (fstatSync(0).isDirectory()) throw new Failure(`cannot read standard input: ${REASONS.EISDIR}`);
  return process.stdin;
}

/** @type {Record<string, string>} */
const REASONS = {
  ENOENT: "there is no such file",
  EACCES: "the system does not permit it",
  EISDIR: "it is a folder",
};

/** @param {string | undefined} file */
export const nameOf = (file) => (file === undefined || file === "-" ? "standard input" : `"${file}"`);

/** @param {string | undefined} file */
function tooLong(file) {
  return new Failure(`${nameOf(file)} has a message of more than ${LONGEST} bytes, the maximum of MQTT`);
}
