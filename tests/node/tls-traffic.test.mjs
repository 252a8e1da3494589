// Messages over TLS: each QoS in both directions, large payloads, and a restart of the broker.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { makeCertificates, startTlsMosquitto } from "../support/certificates.mjs";
import { startEmbedded } from "../support/embedded.mjs";
import { startTlsFront } from "../support/tls-front.mjs";
import { clientFor, collect, freshTopic, until } from "./helpers.mjs";

const certificates = makeCertificates();
const certs = { ca: certificates.ca, ...certificates.issue("device", { names: "DNS:device" }) };
let broker;

before(async () => {
  broker = await startTlsMosquitto(certificates, { mutual: true, persistence: true });
});

after(() => broker?.stop());

/** Mosquitto's WebSocket listener would take half a minute for a large payload (see ../support/mosquitto.mjs). */
async function fastWss(t) {
  const embedded = await startEmbedded();
  t.after(() => embedded.stop());
  const front = await startTlsFront(embedded.port, {
    server: certificates.issue("front"),
    ca: certificates.ca,
  });
  t.after(() => front.stop());
  return { url: embedded.url, wssUrl: `wss://127.0.0.1:${front.port}/mqtt` };
}

for (const url of ["tlsUrl", "wssUrl"]) {
  describe(`over ${url === "tlsUrl" ? "mqtts" : "wss"}`, () => {
    const credentials = (more) => ({ mqttserver: broker[url], certs, ...more });

    for (const qos of [0, 1, 2]) {
      test(`a hundred messages with QoS ${qos} come once and in order`, async (t) => {
        const topic = freshTopic();
        const client = clientFor(t, credentials());
        const received = [];
        await client.subscribe(topic, { qos }, (_client, _userdata, message) =>
          received.push(message.text()),
        );
        const texts = Array.from({ length: 100 }, (_, i) => `message ${i}`);
        await Promise.all(texts.map((text) => client.publish(topic, text, { qos })));
        await until(() => received.length >= 100, "all messages");
        assert.deepEqual(received, texts);
      });
    }

    for (const qos of [0, 1, 2]) {
      test(`a payload of 1 MB with QoS ${qos} arrives whole`, async (t) => {
        const topic = freshTopic();
        const received = await collect(t, broker.url, topic, { qos });
        const payload = new Uint8Array(randomBytes(1_000_000));
        const client = clientFor(t, credentials());
        await client.publish(topic, payload, { qos });
        await received.count(1);
        assert.deepEqual(Buffer.compare(received[0].payload, payload), 0);
      });
    }

    test("200 payloads of 60 kB in one turn keep their bytes", async (t) => {
      const topic = freshTopic();
      const received = await collect(t, broker.url, topic);
      const client = clientFor(t, credentials());
      const payload = new Uint8Array(60_000);
      const sent = Array.from({ length: 200 }, (_, i) => client.publish(topic, payload.fill(i)));
      payload.fill(255);
      await Promise.all(sent);
      await received.count(200);
      for (const [i, { payload }] of received.entries()) assert.ok(payload.every((byte) => byte === i));
    });

    test("1 MB comes in", async (t) => {
      const topic = freshTopic();
      const payload = new Uint8Array(randomBytes(1_000_000));
      const source = url === "tlsUrl" ? broker : await fastWss(t);
      const client = clientFor(t, { mqttserver: source[url], certs });
      const received = [];
      await client.subscribe(topic, { qos: 1 }, (_client, _userdata, message) =>
        received.push(message.payload),
      );
      await clientFor(t, source.url).publish(topic, payload, { qos: 1 });
      await until(() => received.length > 0, "the payload");
      assert.deepEqual(Buffer.compare(received[0], payload), 0);
    });

    test("after a restart of the broker it is back, and nothing of QoS 1 is lost", async (t) => {
      const topic = freshTopic();
      const client = clientFor(
        t,
        credentials({ mqttclientid: `restart-${url}`, mqttcleansession: false, maxmqttreconnectdelay: 0.2 }),
      );
      const received = new Set();
      await client.subscribe(topic, { qos: 1 }, (_client, _userdata, message) =>
        received.add(message.text()),
      );
      const published = [];
      const publish = (text) => published.push(client.publish(topic, text, { qos: 1 }));
      for (let i = 0; i < 20; i++) publish(`before ${i}`);
      await broker.kill("SIGTERM");
      for (let i = 0; i < 20; i++) publish(`while it is gone ${i}`);
      await broker.start();
      await Promise.all(published);
      publish("after");
      await until(() => received.size === 41, "all 41 messages");
      assert.ok(client.stats().reconnects >= 1);
    });
  });
}
