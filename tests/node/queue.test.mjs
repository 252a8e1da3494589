// qpublish: messages are queued in one queue for all topics and published one by one, in order.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { scripts, startFakeBroker } from "../support/fake-broker.mjs";
import { startMosquitto } from "../support/mosquitto.mjs";
import { clientFor, collect, freshTopic, until } from "./helpers.mjs";

let broker;

before(async () => {
  broker = await startMosquitto();
});

after(() => broker?.stop());

/** A subscriber, and a client whose queue is sent only when it is full. */
async function pair(t, credentials = {}) {
  const topic = freshTopic();
  const received = await collect(t, broker.url, `${topic}/#`, { qos: 2 });
  const client = clientFor(t, { mqttserver: broker.url, publishinterval: 3600, ...credentials });
  await client.start();
  return { topic, received, client };
}

test("the fifth message sends all five, each as its own message and in order", async (t) => {
  const { topic, received, client } = await pair(t);
  const payloads = ["one", Uint8Array.of(50), 3, true, ""];
  const results = await Promise.all(payloads.map((payload) => client.qpublish(topic, payload)));
  assert.deepEqual(results, Array(5).fill(undefined));
  await received.count(5);
  assert.deepEqual(received.texts(), ["one", "2", "3", "true", ""]);
});

test("one queue serves all topics, qualities and retain flags, and keeps their order", async (t) => {
  const { topic, received, client } = await pair(t);
  const all = ["a", "b", "a", "c", "b"].map((name, i) =>
    client.qpublish(`${topic}/${name}`, i, { qos: i % 3, retain: i === 4 }),
  );
  await Promise.all(all);
  await received.count(5);
  // QoS 2 takes longer than the others: for each QoS the order is that of the calls.
  const shown = received.map((message) => [message.topic.slice(-1), message.text(), message.qos]);
  const of = (qos) => shown.filter((one) => one[2] === qos);
  assert.deepEqual(of(0), [
    ["a", "0", 0],
    ["c", "3", 0],
  ]);
  assert.deepEqual(of(1), [
    ["b", "1", 1],
    ["b", "4", 1],
  ]);
  assert.deepEqual(of(2), [["a", "2", 2]]);
  const later = await collect(t, broker.url, `${topic}/#`);
  await later.count(1);
  assert.equal(later[0].text(), "4");
  await client.publish(`${topic}/b`, null, { retain: true, qos: 1 });
});

test("four messages wait and are counted, while publish goes past them", async (t) => {
  const { topic, received, client } = await pair(t);
  let settled = false;
  for (let i = 0; i < 4; i++) {
    client.qpublish(topic, i).then(() => {
      settled = true;
    });
  }
  await client.publish(topic, "past", { qos: 1 });
  assert.equal(client.stats().queued, 4);
  assert.equal(settled, false);
  await received.count(1);
  assert.deepEqual(received.texts(), ["past"]);
  await client.qpublish(topic, 4);
  await received.count(6);
  assert.deepEqual(received.texts(), ["past", "0", "1", "2", "3", "4"]);
});

test("queuesize says how many", async (t) => {
  const { topic, received, client } = await pair(t, { queuesize: 2 });
  const all = Array.from({ length: 5 }, (_, i) => client.qpublish(topic, i));
  await Promise.all(all.slice(0, 4));
  assert.equal(client.stats().queued, 1);
  await client.flush();
  await Promise.all(all);
  await received.count(5);
  assert.deepEqual(received.texts(), ["0", "1", "2", "3", "4"]);
});

test("the queue goes out publishinterval after its first message", async (t) => {
  const { topic, received, client } = await pair(t, { publishinterval: 0.1 });
  await Promise.all([1, 2, 3].map((i) => client.qpublish(topic, i)));
  await received.count(3);
  assert.deepEqual(received.texts(), ["1", "2", "3"]);
  await client.qpublish(topic, 4);
  await received.count(4);
});

test("flush() sends the queue now and resolves when all of it is published", async (t) => {
  const { topic, received, client } = await pair(t);
  let published = 0;
  for (const qos of [0, 1, 2]) client.qpublish(topic, qos, { qos }).then(() => published++);
  await client.flush();
  assert.equal(published, 3);
  await received.count(3);
});

test("stop() sends what is queued first", async (t) => {
  const { topic, received, client } = await pair(t);
  const all = [0, 1, 2].map((i) => client.qpublish(topic, i, { qos: 1 }));
  await client.stop();
  await Promise.all(all);
  await received.count(3);
  assert.deepEqual(received.texts(), ["0", "1", "2"]);
});

test("a message of the queue resolves on its own acknowledgement", async (t) => {
  const held = [];
  const fake = await startFakeBroker(
    scripts.accepts((packet, connection) => packet.cmd === "publish" && held.push([packet, connection])),
  );
  t.after(() => fake.stop());
  const client = clientFor(t, { mqttserver: fake.url, queuesize: 2, stoptimeout: 0.1 });
  await client.start();
  const ended = [];
  const all = ["a", "b"].map((name) => client.qpublish(name, name, { qos: 1 }).then(() => ended.push(name)));
  await until(() => held.length === 2, "both PUBLISH packets");
  for (const [{ messageId, topic }, connection] of held.toReversed()) {
    connection.send({ cmd: "puback", messageId });
    await until(() => ended.includes(topic), topic);
  }
  await Promise.all(all);
  assert.deepEqual(ended, ["b", "a"]);
});

test("the queue fills while offline and goes out in order on the connection", async (t) => {
  const topic = freshTopic();
  const received = await collect(t, broker.url, topic);
  const client = clientFor(t, { mqttserver: broker.url, publishinterval: 3600 }, { autostart: false });
  const all = Array.from({ length: 10 }, (_, i) => client.qpublish(topic, i));
  await client.start();
  await Promise.all(all);
  await received.count(10);
  assert.deepEqual(
    received.texts(),
    Array.from({ length: 10 }, (_, i) => String(i)),
  );
});
