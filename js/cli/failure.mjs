// How a command ends that did not succeed: an exit code and one sentence. Owns the codes.

import { ARGUMENT_CODES, FLAG_OF } from "./schema.mjs";

export const EXIT = Object.freeze({ OK: 0, FAILED: 1, USAGE: 2, TIMEOUT: 27 });

/** A broker, a network, a file: what was asked for was right, and could not be done. */
export class Failure extends Error {
  /** @param {string} sentence @param {number} [code] */
  constructor(sentence, code = EXIT.FAILED) {
    super(sentence);
    this.code = code;
  }
}

/** What was typed is wrong. */
export class UsageError extends Failure {
  /** @param {string} sentence */
  constructor(sentence) {
    super(sentence, EXIT.USAGE);
  }
}

/** Somebody has ended the command: a signal, or whoever reads what it prints has closed. */
export class Interrupted extends Failure {}

/** @param {any} error */
export const isUsage = (error) => ARGUMENT_CODES.includes(error.code);

/** Keys of `credentials` that an option stands for. */
const KEYS = new RegExp(
  `\\b(credentials\\.)?(${Object.keys(FLAG_OF).join("|").replaceAll(".", "\\.")})\\b`,
  "g",
);

/** A sentence of the package names keys of `credentials`; here they are options. @param {Error} error */
export function inWords({ message }) {
  return message.replace(KEYS, (_all, _object, key) => FLAG_OF[key]);
}

/** What went wrong as a Failure; what is a fault of ours stays as it is. @param {any} error */
export function asFailure(error) {
  if (error instanceof Failure) return error;
  if (typeof error?.code !== "string") throw error;
  return new Failure(inWords(error), isUsage(error) ? EXIT.USAGE : EXIT.FAILED);
}
