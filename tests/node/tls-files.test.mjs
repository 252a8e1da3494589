// Errors of the files in `certs` name the key, the file and the reason, and never the contents of the file. Nothing is sent
// unless the files are valid.

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { makeCertificates, startTlsMosquitto } from "../support/certificates.mjs";
import { clientFor, failure, thrown } from "./helpers.mjs";
import { MqttCustom } from "mqtt-lib";

const certificates = makeCertificates();
const { ca, path, openssl } = certificates;
const { cert, key } = certificates.issue("device", { names: "DNS:device" });
const another = certificates.issue("another", { names: "DNS:device" });
openssl("pkcs8", "-topk8", "-in", key, "-out", path("locked.key"), "-passout", "pass:right");
openssl("x509", "-in", cert, "-outform", "der", "-out", path("device.der"));
writeFileSync(path("empty.pem"), "");
writeFileSync(path("text.pem"), "this is no certificate");
const body = readFileSync(key, "utf8").split("\n").slice(1, -2).join("");
const damaged = (text) => text.replace(/\n([A-Za-z0-9+/]{20})/, "\nAAAAAAAAAAAAAAAAAAAA");
writeFileSync(path("damaged.pem"), damaged(readFileSync(cert, "utf8")));
writeFileSync(path("damaged.key"), damaged(readFileSync(key, "utf8")));
let broker;

before(async () => {
  broker = await startTlsMosquitto(certificates, { mutual: true });
});

after(() => broker?.stop());

const bad = {
  "a CA file that is missing": [
    { ca: path("no.pem"), cert, key },
    `certs.ca ("${path("no.pem")}") cannot be read: there is no such file`,
  ],
  "a certificate file that is missing": [
    { ca, cert: path("no.pem"), key },
    `certs.cert ("${path("no.pem")}") cannot be read: there is no such file`,
  ],
  "a key file that is missing": [
    { ca, cert, key: path("no.key") },
    `certs.key ("${path("no.key")}") cannot be read: there is no such file`,
  ],
  "a folder": [{ ca: certificates.folder }, `certs.ca ("${certificates.folder}") cannot be read: EISDIR`],
  "an empty path": [{ ca: "" }, 'certs.ca ("") cannot be read'],
  "an empty file": [
    { ca: path("empty.pem") },
    `certs.ca ("${path("empty.pem")}") is empty, not a certificate in PEM format`,
  ],
  "a file of something else": [
    { ca: path("text.pem") },
    `certs.ca ("${path("text.pem")}") is something else, not a certificate in PEM format`,
  ],
  "a certificate in DER form": [
    { ca, cert: path("device.der"), key },
    `certs.cert ("${path("device.der")}") is in DER format (convert it with openssl)`,
  ],
  "a damaged certificate": [
    { ca, cert: path("damaged.pem"), key },
    `certs.cert ("${path("damaged.pem")}") is damaged`,
  ],
  "a damaged key": [
    { ca, cert, key: path("damaged.key") },
    `certs.key ("${path("damaged.key")}") is damaged`,
  ],
  "certificate and key the wrong way round": [
    { ca, cert: key, key: cert },
    `certs.cert ("${key}") is a private key, not a certificate`,
  ],
  "a certificate for a key": [
    { ca, cert, key: cert },
    `certs.key ("${cert}") is a certificate, not a private key`,
  ],
  "a key that does not match": [
    { ca, cert, key: another.key },
    `certs.key ("${another.key}") does not match certs.cert ("${cert}")`,
  ],
  "a certificate without its key": [{ ca, cert }, "certs.cert was given without certs.key"],
  "a key without its certificate": [{ ca, key }, "certs.key was given without certs.cert"],
  "an encrypted key without a passphrase": [
    { ca, cert, key: path("locked.key") },
    `certs.key ("${path("locked.key")}") is encrypted; give certs.passphrase`,
  ],
  "a wrong passphrase": [
    { ca, cert, key: path("locked.key"), passphrase: "wrong" },
    `certs.passphrase does not decrypt certs.key ("${path("locked.key")}")`,
  ],
  "a key that has lost its first line": [
    { ca, cert, key: body },
    "certs.key is something else, not a private key",
  ],
  "text that is no certificate": [
    { ca: "this is\nno certificate" },
    "certs.ca is something else, not a certificate",
  ],
  "bytes that are no certificate": [
    { ca: new Uint8Array(10) },
    "certs.ca is something else, not a certificate",
  ],
  "an ALPN name that is too long": [
    { ca, iotProtocolName: "x".repeat(256) },
    "certs.iotProtocolName must have 1 to 255 bytes (ALPN); 256 bytes were given",
  ],
};

for (const [what, [certs, sentence]] of Object.entries(bad)) {
  test(`${what} is CERTIFICATE_INVALID and says so`, async (t) => {
    const client = clientFor(t, { mqttserver: broker.tlsUrl, certs });
    const error = await failure(client.start());
    assert.equal(error.code, "CERTIFICATE_INVALID", error.message);
    assert.ok(error.message.startsWith(`cannot connect to ${broker.tlsUrl}: ${sentence}`), error.message);
    for (const shown of [error.message, error.stack]) assert.ok(!shown.includes(body.slice(0, 16)), shown);
  });
}

test("attempts go on, and succeed once the file is there", async (t) => {
  const late = path("late.pem");
  const certs = { ca: late, cert, key };
  const client = clientFor(t, { mqttserver: broker.tlsUrl, maxmqttreconnectdelay: 0.05, certs });
  assert.equal((await failure(client.start())).code, "CERTIFICATE_INVALID");
  writeFileSync(late, readFileSync(ca));
  await client.start();
  assert.equal(client.connected, true);
});

const options = {
  "certs that are no object": [
    { certs: "ca.pem" },
    "INVALID_OPTION",
    /credentials\.certs must be an object; the string "ca\.pem" was given/,
  ],
  "a key that does not exist": [
    { certs: { caa: "ca.pem" } },
    "INVALID_OPTION",
    /"certs\.caa"; did you mean "certs\.ca"\?/,
  ],
  "a key in the wrong case": [
    { certs: { iotprotocolname: "a" } },
    "INVALID_OPTION",
    /did you mean "certs\.iotProtocolName"\?/,
  ],
  "a key of certs beside it": [
    { "certs.ca": "ca.pem" },
    "INVALID_OPTION",
    /credentials has no key "certs\.ca"/,
  ],
  "a number for a file": [
    { certs: { ca: 5 } },
    "INVALID_OPTION",
    /credentials\.certs\.ca must be a path, PEM text or bytes/,
  ],
  "a text for a flag": [
    { certs: { dangerouslyDisableServerVerification: "no" } },
    "INVALID_OPTION",
    /must be true or false/,
  ],
  "certs without TLS": [
    { mqttserver: "mqtt://h", certs: {} },
    "INVALID_OPTION",
    /mqttserver "mqtt:\/\/h" is not encrypted, and certs was given: use mqtts or wss/,
  ],
  "certs and ws": [{ mqttprotocol: "ws", certs: {} }, "INVALID_OPTION", /is not encrypted/],
  "headers that are no object": [
    { websocket: { headers: "a: b" } },
    "INVALID_OPTION",
    /credentials\.websocket\.headers must be an object/,
  ],
  "an empty list of subprotocols": [
    { websocket: { protocols: [] } },
    "INVALID_OPTION",
    /credentials\.websocket\.protocols must be a string or an array of strings/,
  ],
};

for (const [what, [credentials, code, sentence]] of Object.entries(options)) {
  test(`${what}: the constructor throws`, () => {
    const error = thrown(() => new MqttCustom({ autostart: false, credentials }));
    assert.equal(error.code, code);
    assert.match(error.message, sentence);
  });
}

test("undefined and null are as if not given", () => {
  for (const nothing of [undefined, null]) {
    const inner = { ca: nothing, cert: nothing, key: nothing, passphrase: nothing, iotProtocolName: nothing };
    new MqttCustom({ autostart: false, credentials: { certs: nothing, websocket: nothing } });
    new MqttCustom({ autostart: false, credentials: { certs: inner } });
  }
});
