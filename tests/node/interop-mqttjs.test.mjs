// Interoperability with MQTT.js: what one library publishes the other receives, byte for byte and in order.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import mqtt from "mqtt";
import { startEmbedded } from "../support/embedded.mjs";
import { sharedFixtures } from "../support/fixtures.mjs";
import { startMosquitto } from "../support/mosquitto.mjs";
import { clientFor, freshTopic, until } from "./helpers.mjs";

const shared = sharedFixtures({
  mosquitto: () => startMosquitto({ config: "max_queued_messages 0\nmax_inflight_messages 0" }),
  aedes: startEmbedded,
});

/** `other` is the URL for MQTT.js: of the other transport if possible, so that both libraries use both. */
const brokers = {
  "mosquitto over TCP": () => ({ near: shared.mosquitto.url, other: shared.mosquitto.url }),
  "mosquitto over WebSocket": () => ({ near: shared.mosquitto.wsUrl, other: shared.mosquitto.url }),
  "aedes over TCP": () => ({ near: shared.aedes.url, other: shared.aedes.wsUrl }),
  "aedes over WebSocket": () => ({ near: shared.aedes.wsUrl, other: shared.aedes.url }),
};

async function theirs(t, url, options = {}) {
  const client = await mqtt.connectAsync(url, { reconnectPeriod: 0, ...options });
  t.after(() => client.endAsync(true));
  const received = [];
  client.on("message", (topic, payload, { qos, retain }) => received.push({ topic, payload, qos, retain }));
  return Object.assign(client, { received });
}

async function ours(t, url, credentials = {}) {
  const received = [];
  const client = clientFor(
    t,
    { mqttserver: url, ...credentials },
    {
      on_message: (_client, _userdata, { topic, payload, qos, retain }) =>
        received.push({ topic, payload, qos, retain }),
    },
  );
  await client.start();
  return Object.assign(client, { received });
}

const MEGABYTE = 1 << 20;
const pattern = (length) => Buffer.from(Uint8Array.from({ length }, (_, i) => (i * 7 + (i >> 8)) & 255));
const SPECIAL = {
  "every byte": pattern(256),
  "an empty payload": Buffer.alloc(0),
  "text beyond ASCII": Buffer.from("grüße, 世界, 🌍, \u0000, \u2028"),
  "a length at the border of one and two bytes": pattern(127),
  "and one more": pattern(128),
  "a length at the border of two and three bytes": pattern(16_383),
  "and one more still": pattern(16_384),
  "a megabyte": pattern(MEGABYTE),
};
const COUNT = 1000;
const sent = Array.from({ length: COUNT }, (_, i) => Buffer.from(`${i} ${"ü".repeat(i % 50)}`));

function same(received, expected, topic, qos) {
  assert.equal(received.length, expected.length);
  received.forEach((message, i) => {
    assert.equal(message.topic, topic);
    assert.equal(message.qos, qos);
    assert.equal(message.retain, false);
    assert.equal(Buffer.compare(message.payload, expected[i]), 0, `payload ${i}`);
  });
}

for (const [name, where] of Object.entries(brokers)) {
  describe(`through ${name}`, () => {
    for (const qos of [0, 1, 2]) {
      test(`1,000 messages of QoS ${qos} each way are identical and in order`, async (t) => {
        const { near, other } = where();
        const [there, back] = [freshTopic("there"), freshTopic("back")];
        const [we, they] = [await ours(t, near), await theirs(t, other)];
        await Promise.all([they.subscribeAsync(there, { qos }), we.subscribe(back, { qos })]);
        const all = sent.flatMap((payload) => [
          we.publish(there, payload, { qos }),
          they.publishAsync(back, payload, { qos }),
        ]);
        await Promise.all(all);
        await until(
          () => they.received.length >= COUNT && we.received.length >= COUNT,
          "all messages, each way",
        );
        same(they.received, sent, there, qos);
        same(we.received, sent, back, qos);
        assert.equal(we.stats().sent, COUNT);
        assert.equal(we.stats().received, COUNT);
      });
    }

    test("binary, empty, non-ASCII and 1 MB payloads each way are identical", async (t) => {
      const { near, other } = where();
      const [there, back] = [freshTopic("dorthin/世界"), freshTopic("zurück")];
      // Mosquitto 2.0 delivers large messages over WebSocket only when another event wakes it.
      const receiver = near === shared.mosquitto.wsUrl ? shared.mosquitto.url : near;
      const [we, listener, they] = [await ours(t, near), await ours(t, receiver), await theirs(t, other)];
      await Promise.all([they.subscribeAsync(there, { qos: 1 }), listener.subscribe(back, { qos: 1 })]);
      const payloads = Object.values(SPECIAL);
      await Promise.all(
        payloads.flatMap((payload) => [
          we.publish(there, payload, { qos: 1 }),
          they.publishAsync(back, payload, { qos: 1 }),
        ]),
      );
      await until(
        () => they.received.length >= payloads.length && listener.received.length >= payloads.length,
        "all payloads, each way",
      );
      same(they.received, payloads, there, 1);
      same(listener.received, payloads, back, 1);
    });

    test("retained messages each way are kept, and taken away", async (t) => {
      const { near, other } = where();
      const [there, back] = [freshTopic("retained"), freshTopic("retained")];
      const [we, they] = [await ours(t, near), await theirs(t, other)];
      await we.publish(there, "from us", { qos: 1, retain: true });
      await they.publishAsync(back, "from them", { qos: 1, retain: true });
      await Promise.all([they.subscribeAsync(there, { qos: 1 }), we.subscribe(back, { qos: 1 })]);
      await until(() => they.received.length > 0 && we.received.length > 0, "both retained messages");
      const shown = ({ received: [{ topic, payload, retain }] }) => [
        topic,
        Buffer.from(payload).toString(),
        retain,
      ];
      assert.deepEqual(shown(they), [there, "from us", true]);
      assert.deepEqual(shown(we), [back, "from them", true]);

      await we.publish(back, null, { qos: 1, retain: true });
      await they.publishAsync(there, "", { qos: 1, retain: true });
      const [later, laterThere] = [await ours(t, near), await theirs(t, other)];
      await Promise.all([laterThere.subscribeAsync(there), later.subscribe(back)]);
      await we.publish(back, "live", { qos: 1 });
      await they.publishAsync(there, "live", { qos: 1 });
      await until(() => later.received.length > 0 && laterThere.received.length > 0, "live messages");
      assert.equal(Buffer.from(later.received[0].payload).toString(), "live");
      assert.equal(laterThere.received[0].payload.toString(), "live");
    });

    test("will messages each way come when the connection is taken over", async (t) => {
      const { near, other } = where();
      const [there, back] = [freshTopic("will"), freshTopic("will")];
      const [we, they] = [await ours(t, near), await theirs(t, other)];
      await Promise.all([they.subscribeAsync(there, { qos: 1 }), we.subscribe(back, { qos: 1 })]);

      const id = `${there}-ours`.replaceAll("/", "-");
      const will = Buffer.from([0, 255, 1, 254]);
      await ours(t, near, {
        mqttclientid: id,
        maxmqttreconnectdelay: 86400,
        willsettopic: there,
        willsetpayload: will,
        willsetqos: 1,
      });
      await ours(t, near, { mqttclientid: id });

      const theirId = `${back}-theirs`.replaceAll("/", "-");
      await theirs(t, other, {
        clientId: theirId,
        will: { topic: back, payload: will, qos: 1, retain: false },
      });
      await theirs(t, other, { clientId: theirId });

      await until(() => they.received.length > 0 && we.received.length > 0, "both wills");
      same(they.received, [will], there, 1);
      same(we.received, [will], back, 1);
    });
  });
}

test("a batch is to MQTT.js one JSON message, a queue the messages themselves", async (t) => {
  const topic = freshTopic();
  const [we, they] = [await ours(t, shared.mosquitto.url), await theirs(t, shared.mosquitto.url)];
  await they.subscribeAsync(`${topic}/#`);
  for (let i = 0; i < 5; i++) we.batch_publish(`${topic}/batch`, { i, text: "ü" });
  for (let i = 0; i < 5; i++) we.qpublish(`${topic}/queue`, `q${i}`);
  await until(() => they.received.length >= 6, "six messages");
  const of = (name) =>
    they.received.filter((message) => message.topic.endsWith(name)).map(({ payload }) => payload.toString());
  assert.deepEqual(of("queue"), ["q0", "q1", "q2", "q3", "q4"]);
  assert.deepEqual(
    of("batch").map((text) => JSON.parse(text)),
    [[0, 1, 2, 3, 4].map((i) => ({ i, text: "ü" }))],
  );
});
