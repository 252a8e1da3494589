// Credentials from a function may contain `certs` and `websocket`, which are checked for each attempt.

import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { makeCertificates } from "../support/certificates.mjs";
import { startGateway } from "../support/gateway.mjs";
import { startMosquitto } from "../support/mosquitto.mjs";
import { startTlsFront } from "../support/tls-front.mjs";
import { clientFor, failure, until } from "./helpers.mjs";

const certificates = makeCertificates();

/** A broker with TLS for this test. */
async function startFront(t, options) {
  const broker = await startMosquitto();
  t.after(() => broker.stop());
  const server = certificates.issue("server");
  const front = await startTlsFront(broker.port, { server, ca: certificates.ca, ...options });
  t.after(() => front.stop());
  return front;
}

test("each attempt has the certificate that the function gives for it", async (t) => {
  const front = await startFront(t);
  const issued = [];
  const client = clientFor(t, async () => {
    const { cert, key } = certificates.issue(`device-${issued.length}`, { names: "DNS:device" });
    const [pem, secret] = [readFileSync(cert, "utf8"), readFileSync(key)];
    issued.push(new X509Certificate(pem).serialNumber);
    const certs = { ca: certificates.ca, cert: pem, key: secret };
    return { mqttserver: "127.0.0.1", mqttport: front.port, maxmqttreconnectdelay: 0.05, certs };
  });
  await client.start();
  for (const connections of [2, 3]) {
    front.drop();
    await until(() => front.seen.length === connections && client.connected, "the next connection");
  }
  assert.deepEqual(
    front.seen.map((one) => one.serial),
    issued,
  );
  assert.equal(new Set(issued).size, issued.length);
});

test("certs of the wrong shape fail that attempt, and the next may be right", async (t) => {
  const front = await startFront(t, { mutual: false });
  const answers = [{ caa: "ca.pem" }, { ca: "no-such-file.pem" }];
  const client = clientFor(t, async () => ({
    mqttserver: "127.0.0.1",
    mqttport: front.port,
    maxmqttreconnectdelay: 0.05,
    certs: answers.shift() ?? { ca: certificates.ca },
  }));
  const first = await failure(client.start());
  assert.equal(first.code, "INVALID_OPTION");
  assert.match(first.message, /did you mean "certs\.ca"/);
  await until(() => client.connected, "the attempt that is right");
  assert.deepEqual(
    client.errors.map((error) => error.code),
    ["CERTIFICATE_INVALID"],
  );
});

test("headers and the query are fresh at each handshake, and a one-shot asks for its own", async (t) => {
  const gateway = await startGateway();
  t.after(() => gateway.stop());
  let asked = 0;
  const client = clientFor(t, async () => {
    asked += 1;
    return {
      mqttserver: `${gateway.url}?signature=${asked}`,
      websocket: { headers: { Authorization: `Bearer ${asked}` } },
    };
  });
  await client.start();
  await client.publish_high_priority("a/b", "one-shot", { qos: 1 });
  await client.stop();
  await client.start();
  const seen = gateway.seen.map(({ url, headers }) => [url, headers.authorization]);
  assert.deepEqual(
    seen,
    [1, 2, 3].map((n) => [`/mqtt?signature=${n}`, `Bearer ${n}`]),
  );
});
