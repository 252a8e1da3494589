// Turns errors of Node and `ws` into one sentence that names host and port, the cause, and what to do. Owns the wording;
// never decides what happens next.

import { codeOf, failure } from "../sockets/failure.mjs";
import { said } from "../said.mjs";

/** @type {Record<string, string>} */
const HINTS = {
  ECONNREFUSED: "nothing listens there",
  ENOTFOUND: "no such host; check its name",
  EAI_AGAIN: "the host name could not be resolved; check the network connection",
  ETIMEDOUT: "no answer; check host, port and firewalls",
  EHOSTUNREACH: "no route to that host",
  ENETUNREACH: "no route to that network",
  EACCES: "the system does not permit it",
};

/**
 * The error of a TCP or TLS connection that could not be opened, or that failed later.
 * @param {unknown} cause
 * @param {string} address host:port
 * @param {boolean} open
 * @param {boolean} secure
 */
export function socketFailure(cause, address, open, secure) {
  const code = codeOf(cause);
  const message = said(cause);
  if (open) {
    if (code === "ECONNRESET" || code === "EPIPE") {
      return failure(`connection to ${address} was reset by the other side (${code})`, cause);
    }
    return failure(`connection to ${address} failed: ${message || code}`, cause);
  }
  if (code in HINTS) return failure(`connect ${code} ${address}: ${HINTS[code]}`, cause);
  if (!secure) return failure(`connect ${code ? `${code} ` : ""}${address}: ${message}`, cause);
  if (code === "ERR_SSL_WRONG_VERSION_NUMBER" || code === "EPROTO" || code === "ECONNRESET") {
    return failure(
      `connect ${address}: the port does not answer with TLS (${code}); check the port, or use a scheme without TLS`,
      cause,
    );
  }
  return failure(`connect ${address}: TLS failed: ${message || code}`, cause);
}

/** A URL without the parts that may be secret: user, query and fragment. @param {string} url */
export function shownUrl(url) {
  return url.replace(/[?#].*/s, "").replace(/\/\/.*@/s, "//");
}

/** host:port as in the URL, with the default port of the scheme if it has none. @param {URL} url @param {number} port @param {string} [zone] of an IPv6 address */
export function addressOf(url, port, zone = "") {
  return `${url.hostname.replace("]", `${zone}]`)}:${url.port || port}`;
}
