// The error of a payload that a codec or a schema does not accept, sent or received.

/** One of them, as Standard Schema has it. @typedef {{ message: string, path?: readonly any[] | undefined }} Issue */

export class ValidationError extends TypeError {
  /** @param {string} message @param {readonly Issue[]} issues @param {unknown} [cause] */
  constructor(message, issues, cause) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "ValidationError";
    this.code = "INVALID_PAYLOAD";
    this.issues = issues;
  }
}

/** @param {readonly Issue[]} issues */
export const refused = (issues) => new ValidationError(issues.map(sentence).join("; "), issues);

/** @param {Issue} issue */
function sentence({ message, path = [] }) {
  const place = path.map((part) => String(part?.key ?? part)).join(".");
  return place === "" ? message : `${place}: ${message}`;
}

/** The same failure with its topic in front. @param {string} topic @param {any} thrown */
export const of = (topic, thrown) =>
  new ValidationError(
    `${topic}: ${thrown?.message ?? thrown}`,
    thrown?.issues ?? [],
    thrown instanceof ValidationError ? undefined : thrown,
  );
