// Turns what Node and ws say into one sentence that names host:port and what to do.
// Owns the wording; never decides what happens next.

/** @type {Record<string, string>} */
const HINTS = {
  ECONNREFUSED: "nothing listens there",
  ENOTFOUND: "no such host",
  EAI_AGAIN: "the name could not be looked up; is there a network?",
  ETIMEDOUT: "no answer",
  EHOSTUNREACH: "no route to that host",
  ENETUNREACH: "no route to that network",
  EACCES: "the system does not allow it",
};

/** @param {unknown} error */
export function codeOf(error) {
  const code = /** @type {{ code?: unknown } | null} */ (error)?.code;
  return typeof code === "string" ? code : "";
}

/**
 * An error that keeps the original as `cause`, and its `code` unless it has one of its own.
 * @param {string} message
 * @param {unknown} [cause]
 * @param {string} [code]
 */
export function failure(message, cause, code = codeOf(cause)) {
  const error = new Error(message, cause === undefined ? undefined : { cause });
  return code ? Object.assign(error, { code }) : error;
}

/**
 * What stopped a TCP or TLS connection from opening, or broke it.
 * @param {unknown} cause
 * @param {string} address host:port
 * @param {boolean} open
 * @param {boolean} secure
 */
export function socketFailure(cause, address, open, secure) {
  const code = codeOf(cause);
  const said = cause instanceof Error ? cause.message : String(cause);
  if (open) {
    if (code === "ECONNRESET" || code === "EPIPE") {
      return failure(`connection to ${address} was reset by the other side (${code})`, cause);
    }
    return failure(`connection to ${address} broke: ${said || code}`, cause);
  }
  if (code in HINTS) return failure(`connect ${code} ${address}: ${HINTS[code]}`, cause);
  if (!secure) return failure(`connect ${code ? `${code} ` : ""}${address}: ${said}`, cause);
  if (code === "ERR_SSL_WRONG_VERSION_NUMBER" || code === "EPROTO" || code === "ECONNRESET") {
    return failure(
      `connect ${address}: the port does not answer in TLS; is it the right port? (${code})`,
      cause,
    );
  }
  return failure(`connect ${address}: TLS failed: ${said || code}`, cause);
}

/** A URL without what may be a secret: user, query and fragment. @param {string} url */
export function shownUrl(url) {
  return url.replace(/[?#].*/s, "").replace(/\/\/.*@/s, "//");
}

/** host:port as the user wrote it, the scheme's port where none was given. @param {URL} url @param {number} port @param {string} [zone] of an IPv6 address */
export function addressOf(url, port, zone = "") {
  return `${url.hostname.replace("]", `${zone}]`)}:${url.port || port}`;
}
