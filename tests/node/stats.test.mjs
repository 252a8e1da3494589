// stats(): counters of a client since its construction.

import assert from "node:assert/strict";
import { test } from "node:test";
import { fakeBroker, scripts } from "../support/fake-broker.mjs";
import { clientFor, until } from "./helpers.mjs";

const NOTHING = {
  sent: 0,
  received: 0,
  bytesSent: 0,
  bytesReceived: 0,
  inFlight: 0,
  queued: 0,
  bytesQueued: 0,
  attempts: 0,
  dropped: 0,
  reconnects: 0,
  suspects: 0,
  unhandled: 0,
};

test("a client that has done nothing has counted nothing", async (t) => {
  const broker = await fakeBroker(t);
  const client = clientFor(t, broker.url, { autostart: false });
  assert.deepEqual(client.stats(), NOTHING);
});

test("bytes are those on the wire, both ways", async (t) => {
  const broker = await fakeBroker(t);
  const client = clientFor(t, { mqttserver: broker.url, mqttclientid: "id" });
  await client.start();
  assert.equal(client.stats().bytesSent, 16, "CONNECT with a client id of two bytes");
  assert.equal(client.stats().bytesReceived, 4, "CONNACK");
  await client.publish("abc", "defg", { qos: 1 });
  assert.equal(client.stats().bytesSent, 16 + 13);
  assert.equal(client.stats().bytesReceived, 4 + 4);
});

test("sent, inFlight and queued follow a message from the call to its acknowledgement", async (t) => {
  const held = [];
  const broker = await fakeBroker(
    t,
    scripts.accepts((packet, connection) => packet.cmd === "publish" && held.push([packet, connection])),
  );
  const client = clientFor(t, { mqttserver: broker.url, maxinflight: 1, publishinterval: 3600 });
  const counts = () => {
    const { sent, inFlight, queued } = client.stats();
    return { sent, inFlight, queued };
  };
  const all = [client.publish("a", 1, { qos: 1 }), client.publish("a", 2, { qos: 1 })];
  assert.deepEqual(counts(), { sent: 0, inFlight: 0, queued: 2 });
  await until(() => held.length === 1, "the first PUBLISH");
  assert.deepEqual(counts(), { sent: 1, inFlight: 1, queued: 1 });
  const acknowledge = ([{ messageId }, connection]) => connection.send({ cmd: "puback", messageId });
  acknowledge(held[0]);
  await all[0];
  await until(() => held.length === 2, "the second PUBLISH");
  assert.deepEqual(counts(), { sent: 2, inFlight: 1, queued: 0 });
  acknowledge(held[1]);
  await all[1];
  assert.deepEqual(counts(), { sent: 2, inFlight: 0, queued: 0 });

  client.batch_publish("a", 1);
  client.qpublish("a", 1);
  assert.deepEqual(counts(), { sent: 2, inFlight: 0, queued: 2 });
  const flushed = client.flush();
  await until(() => held.length === 4, "batch and queue");
  await flushed;
  assert.deepEqual(counts(), { sent: 4, inFlight: 0, queued: 0 });
});

test("received counts every message once, whoever takes it", async (t) => {
  const broker = await fakeBroker(t);
  const client = clientFor(t, broker.url, { on_message: () => {} });
  await client.subscribe("a", () => {});
  const loop = client.messages();
  for (const topic of ["a", "b", "a"])
    broker.connections[0].send({ cmd: "publish", topic, payload: "x", qos: 0 });
  for (let i = 0; i < 3; i++) await loop.next();
  assert.equal(client.stats().received, 3);
});

test("reconnects counts connections after the first, and sent does not count a message twice", async (t) => {
  const broker = await fakeBroker(t, [
    scripts.accepts(({ cmd }) => cmd === "publish"),
    scripts.accepts(undefined, { sessionPresent: true }),
  ]);
  const client = clientFor(t, {
    mqttserver: broker.url,
    mqttclientid: "counted",
    mqttcleansession: false,
    maxmqttreconnectdelay: 0.05,
  });
  await client.start();
  assert.equal(client.stats().reconnects, 0);
  const published = client.publish("a", "b", { qos: 1 });
  await until(() => broker.connections[0].packets.length === 2, "PUBLISH");
  broker.connections[0].reset();
  await published;
  assert.equal(client.stats().reconnects, 1);
  assert.equal(client.stats().sent, 1);
});

test("each call gives an object of its own", async (t) => {
  const broker = await fakeBroker(t);
  const client = clientFor(t, broker.url, { autostart: false });
  const stats = client.stats();
  stats.sent = 99;
  stats.dropped = 99;
  assert.deepEqual(client.stats(), NOTHING);
});

test("attempts, the bytes that are queued, the last message and the time of acknowledgements are counted", async (t) => {
  const broker = await fakeBroker(t);
  const client = clientFor(t, { mqttserver: broker.url, publishinterval: 3600, queuesize: 100 });
  await client.start();
  assert.equal(client.stats().attempts, 1);
  assert.equal(client.stats().ackP50, undefined);
  await client.publish("a", "1", { qos: 1 });
  await client.publish("a", "2", { qos: 1 });
  const { ackP50, ackP99, lastMessage } = client.stats();
  assert.ok(ackP50 > 0 && ackP50 <= ackP99, `${ackP50}, ${ackP99}`);
  assert.equal(lastMessage, undefined);
  client.qpublish("topic", "x".repeat(1000));
  assert.ok(client.stats().bytesQueued > 1000, `${client.stats().bytesQueued}`);
  await client.flush();
  assert.equal(client.stats().bytesQueued, 0);
  await client.stop();
  await client.start();
  assert.equal(client.stats().attempts, 2);
});

test("lastMessage is the time since the last message: none before the first, and each one begins it anew", async (t) => {
  const broker = await fakeBroker(t);
  const client = clientFor(t, broker.url, { on_message() {} });
  await client.start();
  assert.equal("lastMessage" in client.stats(), false);
  const first = performance.now();
  broker.connections[0].send({ cmd: "publish", topic: "a", payload: "x", qos: 0 });
  await until(() => client.stats().received === 1, "the first message");
  const { lastMessage } = client.stats();
  assert.ok(lastMessage >= 0 && lastMessage <= (performance.now() - first) / 1000, `${lastMessage}`);
  // It grows while none comes, also over publishes and the end of the connection.
  await client.publish("b", "y", { qos: 1 });
  await until(() => client.stats().lastMessage > lastMessage, "a later time");
  await client.stop();
  assert.ok(client.stats().lastMessage > lastMessage);
  await client.start();
  await until(() => broker.connections.length === 2, "the second connection");
  assert.ok(client.stats().lastMessage > lastMessage, "a connection is no message");
  const second = performance.now();
  broker.connections[1].send({ cmd: "publish", topic: "a", payload: "x", qos: 0 });
  await until(() => client.stats().received === 2, "the second message");
  assert.ok(client.stats().lastMessage <= (performance.now() - second) / 1000);
});
