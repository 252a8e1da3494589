// Errors of TLS that concern certificates: from an error of Node to a sentence that continues the server's name, with an
// error code of the package. Owns the alerts of RFC 8446; never decides what happens next.

import { codeOf, failure } from "../sockets/failure.mjs";

/** Alerts by which a server rejects the client's certificate, with their names in RFC 8446. @type {Record<string, string>} */
const CERTIFICATE_ALERTS = {
  42: "bad certificate",
  43: "unsupported certificate",
  44: "certificate revoked",
  45: "certificate expired",
  46: "certificate unknown",
  48: "unknown CA",
  49: "access denied",
  51: "decrypt error",
};
const HANDSHAKE_FAILURE = "40";
const CERTIFICATE_REQUIRED = "116";
const NO_APPLICATION_PROTOCOL = "120";

/** Node's codes of a connection that the server has closed. */
const CLOSED_BY_SERVER = new Set(["ECONNRESET", "EPIPE"]);

const UNKNOWN_CA = /SELF_SIGNED|UNABLE_TO_(GET_ISSUER|VERIFY_LEAF)|CERT_UNTRUSTED|INVALID_CA/;
/** Node's codes of other errors of X.509. */
const UNTRUSTED = /^(CERT_|CRL_|HOSTNAME_MISMATCH|INVALID_PURPOSE|PATH_LENGTH)/;

/**
 * @param {unknown} cause
 * @param {import("./certificates.mjs").Certificates} certificates
 * @param {boolean} answered whether the server has sent anything after the handshake
 * @returns {Error | undefined} undefined if it does not concern certificates
 */
export function certificateFailure(cause, certificates, answered) {
  const code = codeOf(cause);
  const message = cause instanceof Error ? cause.message : "";
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID") return untrusted(wrongName(cause), cause);
  if (code === "CERT_HAS_EXPIRED" || code === "CERT_NOT_YET_VALID") {
    return untrusted(wrongTime(code, certificates), cause);
  }
  if (UNKNOWN_CA.test(code)) return untrusted(unknownCa(certificates), cause);
  if (UNTRUSTED.test(code))
    return untrusted(`its certificate cannot be trusted: ${message} (${code})`, cause);
  const alert = /SSL alert number (\d+)/.exec(message)?.[1];
  if (alert !== undefined) return alertFailure(alert, certificates, cause);
  return !answered && CLOSED_BY_SERVER.has(code) ? hangUpFailure(certificates, cause) : undefined;
}

/**
 * Many servers close the connection without an alert when they reject a certificate: an error if ours is out of date.
 * @param {import("./certificates.mjs").Certificates} certificates
 * @param {unknown} [cause]
 */
export function hangUpFailure(certificates, cause) {
  const outdated = certificates.outdatedCert;
  return outdated ? refused(`it closed the connection without an alert, and ${outdated}`, cause) : undefined;
}

/** @param {string} alert @param {import("./certificates.mjs").Certificates} certificates @param {unknown} cause */
function alertFailure(alert, certificates, cause) {
  const own = certificates.cert;
  if (alert === CERTIFICATE_REQUIRED) {
    return refused("it requires a client certificate; give certs.cert and certs.key", cause);
  }
  // TLS 1.2 has no alert of its own for a missing certificate.
  if (alert === HANDSHAKE_FAILURE && own === undefined) {
    const text =
      "it ended the TLS handshake: it may require a client certificate (give certs.cert and certs.key)";
    return refused(`${text}, or it has no cipher in common with the client`, cause);
  }
  if (alert === NO_APPLICATION_PROTOCOL) {
    return failure("it does not support the ALPN protocol name in certs.iotProtocolName", cause);
  }
  if (!(alert in CERTIFICATE_ALERTS) || own === undefined) return undefined;
  const why = certificates.outdatedCert ?? "give a certificate that it accepts";
  return refused(`it rejected ${own.name}, TLS alert ${alert} (${CERTIFICATE_ALERTS[alert]}): ${why}`, cause);
}

/** @param {import("./certificates.mjs").Certificates} certificates */
function unknownCa({ ca }) {
  return ca === undefined
    ? "its certificate is signed by a CA that this system does not trust; give that CA as certs.ca"
    : `its certificate is not signed by ${ca.name}; give the CA that signed it`;
}

/** @param {string} code @param {import("./certificates.mjs").Certificates} certificates */
function wrongTime(code, { outdatedCa }) {
  if (outdatedCa) return `its certificate cannot be verified: ${outdatedCa}`;
  const what = code === "CERT_HAS_EXPIRED" ? "has expired" : "is not valid yet";
  return `its certificate ${what}, according to the clock of this machine (${new Date().toISOString()})`;
}

/** @param {unknown} cause */
function wrongName(cause) {
  const { host, cert } = /** @type {{ host?: string, cert?: import("node:tls").PeerCertificate }} */ (cause);
  const names = cert?.subjectaltname ?? `CN ${cert?.subject?.CN}`;
  const short = names.length > 200 ? `${names.slice(0, 200)}…` : names;
  return `its certificate is for ${short}, not for the host name ${host?.replace(/\.$/, "")}; connect to one of these names, or give the server another certificate`;
}

/** @param {string} message @param {unknown} cause */
function untrusted(message, cause) {
  return failure(message, cause, "SERVER_UNTRUSTED");
}

/** @param {string} message @param {unknown} cause */
function refused(message, cause) {
  return failure(message, cause, "CERTIFICATE_REFUSED");
}
