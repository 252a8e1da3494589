// Certificates that are renewed on disk while the client runs, its own and the CA, are used for the next connection.

import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { copyFileSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { makeCertificates } from "../support/certificates.mjs";
import { startMosquitto } from "../support/mosquitto.mjs";
import { startTlsFront } from "../support/tls-front.mjs";
import { clientFor, collect, freshTopic, until } from "./helpers.mjs";

for (const scheme of ["mqtts", "wss"]) {
  test(`over ${scheme} a renewed certificate and a new CA count from the next connection on`, async (t) => {
    const certificates = makeCertificates();
    const broker = await startMosquitto();
    t.after(() => broker.stop());
    const front = await startTlsFront(scheme === "wss" ? broker.wsPort : broker.port, {
      server: certificates.issue("server"),
      ca: certificates.ca,
    });
    t.after(() => front.stop());
    const serial = (path) => new X509Certificate(readFileSync(path)).serialNumber;

    const own = certificates.issue("device", { names: "DNS:device" });
    const first = serial(own.cert);
    const ca = certificates.path("trusted.pem");
    copyFileSync(certificates.ca, ca);
    const topic = freshTopic();
    const received = await collect(t, broker.url, topic);
    const client = clientFor(t, {
      mqttserver: `${scheme}://127.0.0.1:${front.port}`,
      maxmqttreconnectdelay: 0.05,
      certs: { ca, ...own },
    });
    await client.start();
    await client.publish(topic, "with the first", { qos: 1 });
    assert.deepEqual(
      front.seen.map((one) => one.serial),
      [first],
    );

    // The device's certificate and key are renewed in place, and the server moves to another CA.
    certificates.issue("device", { names: "DNS:device" });
    const second = serial(own.cert);
    assert.notEqual(second, first);
    copyFileSync(certificates.authority("new-ca"), ca);
    front.use(certificates.issue("new-server", { by: "new-ca" }));
    assert.equal(client.connected, true);

    front.drop();
    await client.publish(topic, "with the second", { qos: 1 });
    await received.count(2);
    assert.equal(front.seen.at(-1).serial, second);
    assert.ok(client.stats().reconnects >= 1);
    await until(() => client.connected, "the connection");
  });
}
