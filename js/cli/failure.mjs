// The failures of a command: an exit code and one sentence each. Owns the exit codes.

import { ARGUMENT_CODES, FLAG_OF } from "./schema.mjs";

export const EXIT = Object.freeze({ OK: 0, FAILED: 1, USAGE: 2, TIMEOUT: 27 });

/** The command was right, but could not be carried out: because of the broker, the network or a file. */
export class Failure extends Error {
  /** @param {string} sentence @param {number} [code] */
  constructor(sentence, code = EXIT.FAILED) {
    super(sentence);
    this.code = code;
  }
}

/** The command line is wrong. */
export class UsageError extends Failure {
  /** @param {string} sentence */
  constructor(sentence) {
    super(sentence, EXIT.USAGE);
  }
}

/** The command was ended from outside: by a signal, or because the reader of its output has closed the pipe. */
export class Interrupted extends Failure {}

/** @param {any} error */
export const isUsage = (error) => ARGUMENT_CODES.includes(error.code);

/** Keys of `credentials` that an option stands for. */
const KEYS = new RegExp(
  `\\b(credentials\\.)?(${Object.keys(FLAG_OF).join("|").replaceAll(".", "\\.")})\\b`,
  "g",
);

/**
 * An error message with the options of the command line in place of keys of `credentials`, and with the advice that fits a
 * command. @param {Error} error
 */
export function messageOf({ message }) {
  return message
    .replace(KEYS, (_all, _object, key) => FLAG_OF[key])
    .replace("the connect-src of a page, ", "")
    .replace('--protocol-version to 4 or "auto"', "--protocol-version to 3.1.1 or auto");
}

/** The error as a Failure; throws it if it is none of the package, because then it is a bug. @param {any} error */
export function asFailure(error) {
  if (error instanceof Failure) return error;
  if (typeof error?.code !== "string") throw error;
  return new Failure(messageOf(error), isUsage(error) ? EXIT.USAGE : EXIT.FAILED);
}
