// Why TLS failed, as far as certificates are concerned: in a sentence that goes on after the server's name, with a
// code of ours. Owns the numbers of RFC 8446's alerts; never decides what happens next.

import { codeOf, failure } from "./failure.mjs";

/** What a server says of our certificate. @type {Record<string, string>} */
const ALERTS = {
  42: "it does not take",
  43: "it does not take the kind of",
  44: "it was told that somebody has revoked",
  45: "it says that the time is over of",
  46: "it does not take",
  48: "it does not know the CA of",
  49: "it gives no access to",
  51: "it cannot verify the signature made with",
};
const HANDSHAKE_FAILURE = "40";
const CERTIFICATE_REQUIRED = "116";
const NO_APPLICATION_PROTOCOL = "120";

/** How Node says that a server hung up. */
const HUNG_UP = new Set(["ECONNRESET", "EPIPE"]);

const UNKNOWN_CA = /SELF_SIGNED|UNABLE_TO_(GET_ISSUER|VERIFY_LEAF)|CERT_UNTRUSTED|INVALID_CA/;
/** OpenSSL's other words of X.509, as Node gives them. */
const UNTRUSTED = /^(CERT_|CRL_|HOSTNAME_MISMATCH|INVALID_PURPOSE|PATH_LENGTH)/;

/**
 * @param {unknown} cause
 * @param {import("./certificates.mjs").Certificates} certificates
 * @param {boolean} answered whether the server has sent anything after the handshake
 * @returns {Error | undefined} undefined if it has nothing to do with certificates
 */
export function certificateFailure(cause, certificates, answered) {
  const code = codeOf(cause);
  const said = cause instanceof Error ? cause.message : "";
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID") return untrusted(wrongName(cause), cause);
  if (code === "CERT_HAS_EXPIRED" || code === "CERT_NOT_YET_VALID") {
    return untrusted(wrongTime(code, certificates), cause);
  }
  if (UNKNOWN_CA.test(code)) return untrusted(unknownCa(certificates), cause);
  if (UNTRUSTED.test(code)) return untrusted(`its certificate cannot be trusted: ${said} (${code})`, cause);
  const alert = /SSL alert number (\d+)/.exec(said)?.[1];
  if (alert !== undefined) return refusal(alert, certificates, cause);
  return !answered && HUNG_UP.has(code) ? suspicion(certificates, cause) : undefined;
}

/**
 * Many servers just hang up when they do not like a certificate.
 * @param {import("./certificates.mjs").Certificates} certificates
 * @param {unknown} [cause]
 */
export function suspicion(certificates, cause) {
  const stale = certificates.staleness;
  return stale ? refused(`it hung up without a word, and ${stale}`, cause) : undefined;
}

/** @param {string} alert @param {import("./certificates.mjs").Certificates} certificates @param {unknown} cause */
function refusal(alert, certificates, cause) {
  const own = certificates.cert;
  if (alert === CERTIFICATE_REQUIRED) {
    return refused("it wants a client certificate; give certs.cert and certs.key", cause);
  }
  // TLS 1.2 has no other word for that.
  if (alert === HANDSHAKE_FAILURE && own === undefined) {
    const text =
      "it ended the TLS handshake: it may want a client certificate (give certs.cert and certs.key)";
    return refused(`${text}, or have no cipher in common with us`, cause);
  }
  if (alert === NO_APPLICATION_PROTOCOL) {
    return failure("it does not know the ALPN name of certs.iotProtocolName", cause);
  }
  if (!(alert in ALERTS) || own === undefined) return undefined;
  const why = certificates.staleness ?? "give one that it takes";
  return refused(`${ALERTS[alert]} ${own.name} (TLS alert ${alert}): ${why}`, cause);
}

/** @param {import("./certificates.mjs").Certificates} certificates */
function unknownCa({ ca }) {
  return ca === undefined
    ? "its certificate is signed by a CA that this system does not know; give that CA as certs.ca"
    : `its certificate is not signed by ${ca.name}; give the CA that signed it`;
}

/** @param {string} code @param {import("./certificates.mjs").Certificates} certificates */
function wrongTime(code, { staleCa }) {
  if (staleCa) return `its certificate cannot be verified: ${staleCa}`;
  const what = code === "CERT_HAS_EXPIRED" ? "has expired" : "is not valid yet";
  return `its certificate ${what}, by this machine's clock (${new Date().toISOString()})`;
}

/** @param {unknown} cause */
function wrongName(cause) {
  const { host, cert } = /** @type {{ host?: string, cert?: import("node:tls").PeerCertificate }} */ (cause);
  const names = cert?.subjectaltname ?? `CN ${cert?.subject?.CN}`;
  const short = names.length > 200 ? `${names.slice(0, 200)}…` : names;
  return `its certificate is for ${short}, not for the host name ${host?.replace(/\.$/, "")}; use a name it has, or give the server another`;
}

/** @param {string} message @param {unknown} cause */
function untrusted(message, cause) {
  return failure(message, cause, "SERVER_UNTRUSTED");
}

/** @param {string} message @param {unknown} cause */
function refused(message, cause) {
  return failure(message, cause, "CERTIFICATE_REFUSED");
}
