// publish: the complete exchange of each QoS, and the order of messages.

import assert from "node:assert/strict";
import { test } from "node:test";
import { startEmbedded } from "../support/embedded.mjs";
import { fakeBroker, scripts } from "../support/fake-broker.mjs";
import { sharedFixtures } from "../support/fixtures.mjs";
import { startMosquitto } from "../support/mosquitto.mjs";
import { clientFor, collect, freshTopic, until } from "./helpers.mjs";

const shared = sharedFixtures({
  mosquitto: () => startMosquitto({ config: "max_queued_messages 0" }),
  aedes: startEmbedded,
});

const brokers = {
  "mosquitto over TCP": () => shared.mosquitto.url,
  "mosquitto over WebSocket": () => shared.mosquitto.wsUrl,
  "aedes over TCP": () => shared.aedes.url,
  "aedes over WebSocket": () => shared.aedes.wsUrl,
};

for (const [name, url] of Object.entries(brokers)) {
  for (const qos of [0, 1, 2]) {
    test(`100 messages at QoS ${qos} through ${name} arrive once each and in order`, async (t) => {
      const topic = freshTopic();
      const received = await collect(t, url(), topic, { qos });
      const client = clientFor(t, url());
      const sent = Array.from({ length: 100 }, (_, i) => `message ${i}`);
      const results = await Promise.all(sent.map((text) => client.publish(topic, text, { qos })));
      assert.deepEqual(new Set(results), new Set([undefined]));
      await received.count(100);
      assert.deepEqual(received.texts(), sent);
      assert.ok(received.every((message) => message.qos === qos && message.topic === topic));
      assert.equal(client.stats().inFlight, 0);
    });
  }
}

test("a publish of QoS 1 resolves on PUBACK, and one of QoS 2 on PUBCOMP", async (t) => {
  const held = [];
  const broker = await fakeBroker(
    t,
    scripts.accepts((packet, connection) => {
      if (!["publish", "pubrel"].includes(packet.cmd)) return false;
      held.push([packet, connection]);
      return true;
    }),
  );
  const client = clientFor(t, broker.url);
  await client.start();
  const done = [];
  const publishes = [1, 2].map((qos) => client.publish("a", `${qos}`, { qos }).then(() => done.push(qos)));
  await until(() => held.length === 2, "both PUBLISH packets");
  const [[one, connection], [two]] = held;
  assert.deepEqual([one.qos, two.qos], [1, 2]);
  assert.notEqual(one.messageId, two.messageId);
  assert.deepEqual(done, []);

  connection.send({ cmd: "pubrec", messageId: two.messageId });
  await until(() => held.length === 3, "PUBREL");
  assert.equal(held[2][0].messageId, two.messageId);
  assert.deepEqual(done, []);
  assert.equal(client.stats().inFlight, 2);

  connection.send({ cmd: "puback", messageId: one.messageId });
  await publishes[0];
  assert.deepEqual(done, [1]);
  connection.send({ cmd: "pubcomp", messageId: two.messageId });
  await publishes[1];
  assert.deepEqual(done, [1, 2]);
});

test("the promise of a QoS 0 publish resolves although nothing acknowledges it", async (t) => {
  const broker = await fakeBroker(t);
  const client = clientFor(t, broker.url);
  await client.start();
  assert.equal(await client.publish("a", "b"), undefined);
  await until(() => broker.connections[0].packets.length === 2, "PUBLISH");
});

test("messages of all qualities in one turn keep their order", async (t) => {
  const topic = freshTopic();
  const received = await collect(t, shared.mosquitto.url, topic, { qos: 0 });
  const client = clientFor(t, shared.mosquitto.url);
  await client.start();
  const sent = Array.from({ length: 60 }, (_, i) => String(i));
  await Promise.all(
    sent.map((text, i) => client.publish(topic, i % 2 ? text : Number(text), { qos: (i >> 1) % 2 })),
  );
  await received.count(60);
  assert.deepEqual(received.texts(), sent);
});
