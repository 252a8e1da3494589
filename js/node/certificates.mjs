// `credentials.certs` as options of node:tls, read again for each connection: paths of files, PEM text or bytes. Owns the
// checks that need the contents, and the description of a certificate that is out of date. Errors show the path of a file,
// never its contents.

import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { createSecureContext } from "node:tls";
import { codeOf, failure } from "../sockets/failure.mjs";

/**
 * @typedef {string | ArrayBuffer | ArrayBufferView} Content
 * @typedef {object} Certs
 * @property {string} [iotProtocolName]
 * @property {Content} [ca]
 * @property {Content} [cert]
 * @property {Content} [key]
 * @property {string} [passphrase]
 * @property {Content} [pfx]
 * @property {string} [servername]
 * @property {string} [minVersion]
 * @property {string} [ciphers]
 * @property {boolean} [dangerouslyDisableServerVerification]
 */

/** The name in errors, and the text. @typedef {{ name: string, text: string }} Pem */

const CERTIFICATES = /-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----[\s\S]+?-----END [^\n]*CERTIFICATE-----/g;

export class Certificates {
  /** @type {Pem | undefined} */
  ca;
  /** @type {Pem | undefined} */
  cert;
  /** Options of node:tls and of the package `ws`. @type {import("node:tls").ConnectionOptions} */
  options;

  /** Throws an error with the code CERTIFICATE_INVALID. @param {Certs | null} [given] without it: the system's CAs */
  constructor(given) {
    const { iotProtocolName, ca, cert, key, dangerouslyDisableServerVerification } = given ?? {};
    this.options = { rejectUnauthorized: dangerouslyDisableServerVerification !== true };
    if (iotProtocolName != null) this.options.ALPNProtocols = [alpn(iotProtocolName)];
    if (ca != null) {
      this.ca = read("certs.ca", ca);
      parse(this.ca);
      this.options.ca = this.ca.text;
    }
    for (const name of /** @type {const} */ (["servername", "minVersion", "ciphers"])) {
      const value = given?.[name];
      if (value != null) Object.assign(this.options, { [name]: value });
    }
    if (given?.pfx != null) {
      if (cert != null || key != null)
        throw invalid("certs.pfx was given with certs.cert or certs.key; give one or the other");
      const pfx = readBytes("certs.pfx", given.pfx);
      Object.assign(this.options, { pfx, passphrase: given.passphrase ?? undefined });
    }
    if (given?.pfx != null || given?.minVersion != null || given?.ciphers != null) {
      try {
        createSecureContext(this.options);
      } catch (error) {
        throw invalid(
          `certs.pfx, certs.minVersion or certs.ciphers cannot be used: ${reasonOf(error)}`,
          error,
        );
      }
    }
    if (cert == null && key == null) return;
    if (cert == null) throw invalid("certs.key was given without certs.cert; give both, or neither");
    if (key == null) throw invalid("certs.cert was given without certs.key; give both, or neither");
    this.cert = read("certs.cert", cert);
    const secret = read("certs.key", key);
    const passphrase = given?.passphrase ?? undefined;
    parse(this.cert);
    checkKey(secret, passphrase);
    Object.assign(this.options, { cert: this.cert.text, key: secret.text, passphrase });
    try {
      createSecureContext(this.options);
    } catch (error) {
      if (/KEY_(VALUES|TYPE)_MISMATCH/.test(codeOf(error))) {
        const text = `${secret.name} does not match ${this.cert.name}; give the key of this certificate`;
        throw invalid(text, error);
      }
      throw invalid(`${this.cert.name} and ${secret.name} cannot be used: ${reasonOf(error)}`, error);
    }
  }

  /** Why the client's certificate is out of date, if it is. */
  get outdatedCert() {
    return this.cert && outdated(this.cert);
  }

  /** Why the CAs are out of date, if they are. */
  get outdatedCa() {
    return this.ca && outdated(this.ca);
  }
}

/** @param {string} name @param {Content} given @returns {Pem} */
function read(name, given) {
  if (typeof given !== "string") return { name, text: bytesOf(given).toString("latin1") };
  if (isContent(given)) return { name, text: given };
  const place = `${name} ("${given}")`;
  try {
    return { name: place, text: readFileSync(given, "latin1") };
  } catch (error) {
    const why = codeOf(error) === "ENOENT" ? "there is no such file" : codeOf(error) || "it is not a path";
    throw invalid(`${place} cannot be read: ${why}; give the path of a file, PEM text or bytes`, error);
  }
}

/** @param {string} name @param {Content} given */
function readBytes(name, given) {
  if (typeof given !== "string") return bytesOf(given);
  try {
    return readFileSync(given);
  } catch (error) {
    throw invalid(
      `${name} ("${given}") cannot be read: ${codeOf(error)}; give the path of a file, or bytes`,
      error,
    );
  }
}

/** @param {ArrayBuffer | ArrayBufferView} given */
function bytesOf(given) {
  return ArrayBuffer.isView(given)
    ? Buffer.from(given.buffer, given.byteOffset, given.byteLength)
    : Buffer.from(given);
}

/** Whether it is the content of a file, also without its first line: a possible key must not be shown as a path. @param {string} text */
function isContent(text) {
  return /-----BEGIN|\n/.test(text) || /^M[A-Za-z0-9+/=]{39,}$/.test(text);
}

/** @param {string} name */
function alpn(name) {
  const length = Buffer.byteLength(name);
  if (length > 0 && length < 256) return name;
  throw invalid(`certs.iotProtocolName must have 1 to 255 bytes (ALPN); ${length} bytes were given`);
}

/** @param {Pem} pem @returns {X509Certificate[]} at least one */
function parse({ name, text }) {
  const found = text.match(CERTIFICATES) ?? [];
  try {
    if (found.length > 0) return found.map((one) => new X509Certificate(one));
  } catch (error) {
    throw invalid(`${name} is damaged: there is no valid certificate between its PEM lines`, error);
  }
  throw invalid(
    `${name} is ${contentOf(text)}, not a certificate in PEM format (-----BEGIN CERTIFICATE-----)`,
  );
}

/** Throws unless it is a private key that can be read. @param {Pem} pem @param {string | undefined} passphrase */
function checkKey({ name, text }, passphrase) {
  if (!/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text)) {
    throw invalid(
      `${name} is ${contentOf(text)}, not a private key in PEM format (-----BEGIN PRIVATE KEY-----)`,
    );
  }
  try {
    createPrivateKey({ key: text, passphrase });
  } catch (error) {
    if (!/ENCRYPTED/.test(text))
      throw invalid(`${name} is damaged: there is no valid key between its PEM lines`, error);
    if (passphrase === undefined) throw invalid(`${name} is encrypted; give certs.passphrase`, error);
    throw invalid(`certs.passphrase does not decrypt ${name}`, error);
  }
}

/** @param {string} text */
function contentOf(text) {
  if (text.trim() === "") return "empty";
  if (/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text)) return "a private key";
  if (/-----BEGIN [A-Z0-9 ]*CERTIFICATE-----/.test(text)) return "a certificate";
  return text.startsWith("0\x82") ? "in DER format (convert it with openssl)" : "something else";
}

/** Describes the first certificate that is out of date. @param {Pem} pem */
function outdated(pem) {
  const now = Date.now();
  for (const one of parse(pem)) {
    if (now > Date.parse(one.validTo)) return `${pem.name} expired on ${one.validTo}`;
    if (now < Date.parse(one.validFrom)) {
      return `${pem.name} is not valid before ${one.validFrom}; check the clock of this machine`;
    }
  }
  return undefined;
}

/** @param {unknown} error */
function reasonOf(error) {
  const { reason, message } = /** @type {{ reason?: string, message: string }} */ (error);
  return reason ?? message;
}

/** @param {string} message @param {unknown} [cause] */
function invalid(message, cause) {
  return failure(message, cause, "CERTIFICATE_INVALID");
}
