// Reliable receiving through the component: acknowledged when the next one is asked for, or by its id; refused, left to the
// broker; the retained messages as a snapshot; events of the second edition.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { mqtt } from "../../wasi/dist/js/mqtt-lib-client.js";
import { freshTopic, until } from "../node/helpers.mjs";
import { fakeBroker, scripts } from "../support/fake-broker.mjs";
import { startMosquitto } from "../support/mosquitto.mjs";
import { bytes, failure, take, text } from "./helpers.mjs";
import { refused, remote } from "./remote.mjs";

const { MqttCustom } = mqtt;
let broker;

before(async () => {
  broker = await startMosquitto();
});

after(() => broker?.stop());

function clientFor(t, credentials = {}) {
  const client = new MqttCustom({ mqttserver: "127.0.0.1", mqttport: broker.port, ...credentials });
  t.after(() => client.stop());
  return client;
}

/** A broker that sends three messages of QoS 1 to each subscription. */
const sending = scripts.accepts((packet, connection) => {
  if (packet.cmd !== "subscribe") return false;
  connection.send({ cmd: "suback", messageId: packet.messageId, granted: [1] });
  for (const messageId of [1, 2, 3]) {
    const payload = `${messageId}`;
    connection.send({ cmd: "publish", topic: "a", payload, qos: 1, messageId, retain: false, dup: false });
  }
  return true;
});

const acknowledged = ({ packets }) =>
  packets
    .filter(({ cmd }) => cmd === "puback")
    .map(({ messageId, reasonCode = 0 }) => [messageId, reasonCode]);

test("manual: each message is acknowledged by its id, in the order of arrival, and a second call does nothing", async (t) => {
  const fake = await fakeBroker(t, sending);
  const client = await remote(t, fake);
  await client.call("subscribe", "a", { qos: 1, ack: "manual" });
  const ids = [];
  for (let i = 0; i < 3; i++) ids.push((await client.call("nextMessage", 30)).id);
  const connection = await fake.connection();
  await client.call("ack", ids[1]);
  await client.call("nextMessage", 0.1);
  assert.deepEqual(acknowledged(connection), []);
  assert.equal((await client.call("stats")).unhandled, 2n);
  await client.call("ack", ids[0]);
  await client.call("ack", ids[0]);
  await until(() => acknowledged(connection).length === 2, "two acknowledgements");
  await client.call("ack", ids[2]);
  await until(() => acknowledged(connection).length === 3, "three acknowledgements");
  assert.deepEqual(acknowledged(connection), [
    [1, 0],
    [2, 0],
    [3, 0],
  ]);
});

test("a refused message is acknowledged with its reason code in MQTT 5, and reported in 3.1.1", async (t) => {
  for (const mqttversion of ["v5", "v4"]) {
    const fake = await fakeBroker(t, sending);
    const client = await remote(t, fake, { mqttversion });
    await client.call("subscribe", "a", { qos: 1 });
    const { id } = await client.call("nextMessage", 30);
    assert.equal((await refused(client.call("reject", id, 7))).code, "OUT_OF_RANGE");
    const rejected = client.call("reject", id, 0x83, "not mine");
    if (mqttversion === "v5") await rejected;
    else assert.equal((await refused(rejected)).code, "NOT_SUPPORTED");
    const connection = await fake.connection();
    await until(() => acknowledged(connection).length === 1, "the acknowledgement");
    assert.deepEqual(acknowledged(connection), [[1, mqttversion === "v5" ? 0x83 : 0]]);
  }
});

test("a message that is left comes again on the next connection of the session", (t) => {
  const topic = freshTopic("wasi");
  const kept = { mqttclientid: `left-${process.pid}`, mqttcleansession: false };
  const client = clientFor(t, kept);
  client.start();
  client.subscribe(topic, { qos: 1 });
  client.publish(topic, bytes("again"), { qos: 1 });
  client.leave(client.nextMessage(30).id);
  assert.equal(client.nextMessage(0.2), undefined);
  client.stop();
  client.start();
  const message = client.nextMessage(30);
  assert.deepEqual([text(message.payload), message.dup], ["again", true]);
});

test("stop() leaves what was not acknowledged to the broker, and does not wait for it", (t) => {
  const topic = freshTopic("wasi");
  const client = clientFor(t, { mqttclientid: `held-${process.pid}`, mqttcleansession: false });
  client.start();
  client.subscribe(topic, { qos: 1, ack: "manual" });
  client.publish(topic, bytes("kept"), { qos: 1 });
  assert.deepEqual(take(client, 1), ["kept"]);
  client.stop();
  client.start();
  assert.deepEqual(take(client, 1), ["kept"]);
});

test("a snapshot has the retained messages, the last of each topic, and leaves the subscriptions as they were", (t) => {
  const client = clientFor(t);
  const topic = freshTopic("wasi");
  for (let i = 0; i < 30; i++) client.qpublish(`${topic}/${i}`, bytes(`${i}`), { qos: 1, retain: true });
  client.publish(`${topic}/0`, bytes("zero"), { qos: 1, retain: true });
  client.flush();
  client.publish(`${topic}/0`, bytes("zero"), { qos: 1, retain: true });
  const messages = client.snapshot(`${topic}/#`, 0.2);
  assert.equal(messages.length, 30);
  assert.equal(text(messages.find((message) => message.topic === `${topic}/0`).payload), "zero");
  client.publish(`${topic}/1`, bytes("after"), { qos: 1 });
  assert.equal(client.nextMessage(0.2), undefined);
  assert.deepEqual(client.snapshot(freshTopic("none"), 0.1), []);

  const listening = clientFor(t);
  listening.subscribe(`${topic}/5`, { qos: 1 });
  listening.nextMessage(30);
  assert.equal(listening.snapshot(`${topic}/5`, 0.1).length, 1);
  while (listening.nextMessage(0.2)) {}
  client.publish(`${topic}/5`, bytes("still"), { qos: 1 });
  assert.deepEqual(take(listening, 1), ["still"]);
});

test("topicMatches knows filters", () => {
  for (const [filter, topic, expected] of [
    ["a/+", "a/b", true],
    ["a/#", "a", true],
    ["#", "$SYS/a", false],
    ["$share/g/a/b", "a/b", true],
    ["a", "b", false],
  ]) {
    assert.equal(mqtt.topicMatches(filter, topic), expected, filter);
  }
  assert.equal(failure(() => mqtt.topicMatches("a/#/b", "a")).code, "INVALID_TOPIC");
});

test("events tell of states, of attempts that are planned and of the end", async (t) => {
  const fake = await fakeBroker(t, [scripts.refuses(3), scripts.accepts()]);
  const client = await remote(t, fake, { maxmqttreconnectdelay: 0.1 });
  const seen = [];
  for (let event; event?.val?.rc !== 0; seen.push(event)) event = await client.call("nextEvent", 30);
  assert.deepEqual(
    seen.map(({ tag, val }) => (tag === "state-change" ? val : tag)),
    ["connecting", "connect", "error", "reconnecting", "connected", "connect"],
  );
  const retry = seen.find(({ tag }) => tag === "reconnecting").val;
  assert.equal(retry.attempt, 2);
  assert.ok(retry.delay <= 0.1);
  assert.equal(retry.error.reasonCode, 3);
  assert.equal((await client.call("stats")).attempts, 2n);
  await client.call("stop");
  await client.next("close");
});

test("a timeout ends a call, and a message that is not on the wire is not sent", async (t) => {
  const silent = await fakeBroker(
    t,
    scripts.accepts(({ cmd }) => cmd === "publish" || cmd === "subscribe"),
  );
  const client = await remote(t, silent);
  await client.call("start");
  const late = await refused(client.call("publish", "a", bytes("x"), { qos: 1, timeout: 0.1 }));
  assert.deepEqual([late.code, late.message], ["TIMEOUT", "it took longer than timeout, 0.1 s"]);
  assert.equal((await refused(client.call("subscribe", "a", { timeout: 0.1 }))).code, "TIMEOUT");
  assert.equal((await refused(client.call("publish", "a", bytes("x"), { timeout: 0 }))).code, "OUT_OF_RANGE");
});

test("beyond maxunhandledbytes nothing more is read, and nothing is lost", async (t) => {
  const topic = freshTopic("wasi");
  const client = await remote(t, broker, { maxunhandledbytes: 20_000 });
  await client.call("subscribe", topic, { qos: 1 });
  const sender = await remote(t, broker);
  for (let i = 0; i < 40; i++)
    await sender.call("publish", topic, bytes(`${i} ${"x".repeat(5_000)}`), { qos: 1 });
  for (let i = 0; i < 40; i++) await client.call("poll");
  const { received } = await client.call("stats");
  assert.ok(received < 40n, `${received} were read`);
  for (let i = 0; i < 40; i++) {
    const { payload } = await client.call("nextMessage", 30);
    assert.equal(Number.parseInt(text(payload), 10), i);
  }
});
