// A broker that requires a client certificate gets it, in whatever form it was given; start() rejects with the reason if the
// broker rejects the certificate.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { after, before, describe, test } from "node:test";
import { createServer as createTlsServer } from "node:tls";
import { MqttCustom } from "mqtt-lib";
import { makeCertificates, startTlsMosquitto } from "../support/certificates.mjs";
import { startGateway } from "../support/gateway.mjs";
import { freePort } from "../support/ports.mjs";
import { clientFor, collect, failure, freshTopic } from "./helpers.mjs";

const certificates = makeCertificates();
const { ca } = certificates;
const own = certificates.issue("device", { names: "DNS:device" });
const expired = certificates.issue("expired", { names: "DNS:device", days: -1 });
certificates.authority("stranger");
const strange = certificates.issue("strange", { names: "DNS:device", by: "stranger" });
let broker;

before(async () => {
  broker = await startTlsMosquitto(certificates, { mutual: true });
});

after(() => broker?.stop());

const urls = { mqtts: () => broker.tlsUrl, wss: () => broker.wssUrl };
const bytes = (path) => new Uint8Array(readFileSync(path));
const text = (path) => readFileSync(path, "utf8");
const buffer = (path) => bytes(path).buffer;

for (const [scheme, url] of Object.entries(urls)) {
  describe(`over ${scheme}`, () => {
    const credentials = (certs) => ({ mqttserver: url(), certs });

    for (const [form, give] of Object.entries({ paths: (path) => path, "PEM text": text, bytes, buffer })) {
      test(`certs are taken as ${form}`, async (t) => {
        const certs = { ca: give(ca), cert: give(own.cert), key: give(own.key) };
        const client = clientFor(t, credentials(certs));
        await client.start();
        assert.equal(client.connected, true);
        assert.deepEqual(client.errors, []);
      });
    }

    const refused = {
      "no certificate": [{ ca }, /it requires a client certificate; give certs\.cert and certs\.key/],
      "one of a CA that the broker does not know": [
        { ca, ...strange },
        new RegExp(`it rejected certs\\.cert \\("${strange.cert}"\\), TLS alert 48 \\(unknown CA\\)`),
      ],
      "one that has expired": [
        { ca, ...expired },
        new RegExp(`certs\\.cert \\("${expired.cert}"\\) expired on \\w{3} +\\d+ `),
      ],
    };
    for (const [what, [certs, sentence]] of Object.entries(refused)) {
      test(`${what}: start() rejects with CERTIFICATE_REFUSED and the reason`, async (t) => {
        const client = clientFor(t, credentials(certs));
        const error = await failure(client.start());
        assert.match(error.message, sentence);
        assert.equal(error.code, "CERTIFICATE_REFUSED");
        assert.equal(error.name, "MqttError");
        assert.match(error.message, new RegExp(`^cannot connect to ${url().replaceAll(".", "\\.")}: `));
      });
    }
  });
}

test("a client that says no more than certs means mqtts", async (t) => {
  const client = clientFor(t, { mqttserver: "127.0.0.1", mqttport: broker.tlsPort, certs: { ca, ...own } });
  await client.start();
  assert.equal(client.connected, true);
});

test("MQTT 5 with a fallback to 3.1.1 does not hide that a certificate is missing", async (t) => {
  const client = clientFor(t, { mqttserver: broker.tlsUrl, mqttversion: "auto", certs: { ca } });
  assert.equal((await failure(client.start())).code, "CERTIFICATE_REFUSED");
});

test("a key with a passphrase is opened with it", async (t) => {
  const key = certificates.path("locked.key");
  certificates.openssl("pkcs8", "-topk8", "-in", own.key, "-out", key, "-passout", "pass:open sesame");
  const certs = { ca, cert: own.cert, key, passphrase: "open sesame" };
  const client = clientFor(t, { mqttserver: broker.tlsUrl, certs });
  await client.start();
  assert.equal(client.connected, true);
});

test("publish_high_priority takes certs, and a client's own", async (t) => {
  const topic = freshTopic();
  const received = await collect(t, broker.url, topic);
  const certs = { ca, ...own };
  await MqttCustom.publish_high_priority(topic, "static", { hostname: broker.tlsUrl, certs });
  const client = clientFor(t, { mqttserver: broker.wssUrl, certs });
  await client.start();
  await client.publish_high_priority(topic, "of the client", { qos: 1 });
  await received.count(2);
  assert.deepEqual(received.texts(), ["static", "of the client"]);
});

/** A TLS server that closes a connection without an alert as soon as it has received the client's certificate. */
async function silentServer(t, maxVersion) {
  const { cert, key } = certificates.issue("silent");
  const options = { cert: text(cert), key: text(key), ca: text(ca), maxVersion };
  const server = createTlsServer({ ...options, requestCert: true, rejectUnauthorized: true });
  server.on("tlsClientError", () => {});
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.close());
  return `mqtts://127.0.0.1:${server.address().port}`;
}

for (const version of ["TLSv1.2", "TLSv1.3"]) {
  test(`a server that hangs up over an expired certificate, ${version}`, async (t) => {
    const client = clientFor(t, { mqttserver: await silentServer(t, version), certs: { ca, ...expired } });
    const error = await failure(client.start());
    assert.equal(error.code, "CERTIFICATE_REFUSED");
    assert.match(
      error.message,
      /closed the connection without an alert, and certs\.cert \(".*"\) expired on /,
    );
  });
}

test("TLS 1.2 has no word for a missing certificate, and it is named all the same", async (t) => {
  const client = clientFor(t, { mqttserver: await silentServer(t, "TLSv1.2"), certs: { ca } });
  const error = await failure(client.start());
  assert.equal(error.code, "CERTIFICATE_REFUSED");
  assert.match(error.message, /it may require a client certificate \(give certs\.cert and certs\.key\)/);
});

test("an expired certificate is not blamed for what it has nothing to do with", async (t) => {
  const certs = { ca, ...expired };
  const closed = `127.0.0.1:${await freePort()}`;
  const gateway = await startGateway({ tls: certificates.issue("gateway"), admits: () => false });
  t.after(() => gateway.stop());
  for (const [url, sentence] of [
    [`mqtts://${closed}`, /nothing listens there/],
    [`wss://${closed}`, /nothing listens there/],
    ["mqtts://nowhere.invalid", /no such host|could not be resolved/],
    [gateway.url, /with HTTP 403/],
  ]) {
    const error = await failure(clientFor(t, { mqttserver: url, certs }).start());
    assert.equal(error.code, "CONNECTION_REFUSED", error.message);
    assert.match(error.message, sentence);
  }
});

test("a port without TLS stays CONNECTION_REFUSED", async (t) => {
  const server = createServer((socket) => socket.end("hello, this is no TLS\r\n"));
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.close());
  const url = `mqtts://127.0.0.1:${server.address().port}`;
  const error = await failure(clientFor(t, { mqttserver: url, certs: { ca, ...own } }).start());
  assert.equal(error.code, "CONNECTION_REFUSED");
  assert.match(error.message, /does not answer with TLS/);
});
