// Errors of sockets: one with its cause, and with the code that the cause has. Owns no sentence.

/** @param {unknown} error */
export function codeOf(error) {
  const code = /** @type {{ code?: unknown } | null} */ (error)?.code;
  return typeof code === "string" ? code : "";
}

/**
 * An error with `cause` as its cause, and with the `code` of the cause unless another is given.
 * @param {string} message
 * @param {unknown} [cause]
 * @param {string} [code]
 */
export function failure(message, cause, code = codeOf(cause)) {
  const error = new Error(message, cause === undefined ? undefined : { cause });
  return code ? Object.assign(error, { code }) : error;
}
