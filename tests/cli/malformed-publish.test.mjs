// The embedded broker takes nothing from a publisher that would make subscribers leave, neither a PUBLISH nor a will.

import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { after, before, test } from "node:test";
import { MqttCustom } from "mqtt-lib";
import { startEmbedded } from "../support/embedded.mjs";

let broker;
before(async () => {
  broker = await startEmbedded();
});
after(() => broker?.stop());

const CONNECT = { 4: [0x10, 13, 0, 4, ...Buffer.from("MQTT"), 4, 2, 0, 0, 0, 1, 0x61] };
CONNECT[5] = [0x10, 14, 0, 4, ...Buffer.from("MQTT"), 5, 2, 0, 0, 0, 0, 1, 0x61];

/** A retained PUBLISH of QoS 1. */
function publish(version, topic, properties) {
  const list = version === 5 ? [properties.length, ...properties] : [];
  const body = [0, topic.length, ...Buffer.from(topic), 0, 1, ...list, 0x78];
  return [0x33, body.length, ...body];
}

/** What the broker answers: the bytes of the next packet, or "closed". */
async function answer(version, packet) {
  const socket = connect(broker.port, "127.0.0.1");
  socket.write(Buffer.from(CONNECT[version]));
  await once(socket, "data");
  socket.write(Buffer.from(packet));
  const answered = await Promise.race([
    once(socket, "data").then(([bytes]) => [...bytes]),
    once(socket, "close").then(() => "closed"),
  ]);
  socket.destroy();
  return answered;
}

const PUBACK = 0x40;
const NOT_AUTHORIZED = 0x87;

for (const [what, version, topic, properties] of [
  ["U+0000 in the topic", 4, "a\0b", []],
  ["U+0000 in the topic", 5, "a\0b", []],
  ["U+0000 in the content type", 5, "a", [3, 0, 1, 0]],
  ["U+0000 in a user property's name", 5, "a", [38, 0, 1, 0, 0, 1, 0x61]],
  ["two response topics", 5, "a", [8, 0, 1, 0x61, 8, 0, 1, 0x62]],
  ["a subscription identifier", 5, "a", [11, 1]],
  ["a session expiry interval", 5, "a", [17, 0, 0, 0, 9]],
  ["a will delay interval", 5, "a", [24, 0, 0, 0, 9]],
]) {
  test(`a PUBLISH with ${what}, MQTT ${version}, is refused`, async () => {
    const answered = await answer(version, publish(version, topic, properties));
    if (version === 4) return assert.equal(answered, "closed");
    assert.deepEqual([answered[0], answered[4]], [PUBACK, NOT_AUTHORIZED]);
  });
}

/** A CONNECT with this will. */
function connectWith(version, topic, properties) {
  const name = [0, 4, ...Buffer.from("MQTT"), version, 0x06, 0, 0, ...(version === 5 ? [0] : [])];
  const list = version === 5 ? [properties.length, ...properties] : [];
  const body = [...name, 0, 1, 0x61, ...list, 0, topic.length, ...Buffer.from(topic), 0, 1, 0x78];
  return [0x10, body.length, ...body];
}

/** What the broker answers to a CONNECT, after which the connection is cut, as the network does. */
async function connectAnswer(version, topic, properties = []) {
  const socket = connect(broker.port, "127.0.0.1");
  socket.write(Buffer.from(connectWith(version, topic, properties)));
  const answered = await Promise.race([
    once(socket, "data").then(([bytes]) => [...bytes]),
    once(socket, "close").then(() => "closed"),
  ]);
  socket.destroy();
  return answered;
}

for (const [what, version, topic, properties] of [
  ["a wildcard in the topic", 4, "w/#"],
  ["a wildcard in the topic", 5, "+"],
  ["an empty topic", 4, ""],
  ["an empty topic", 5, ""],
  ["U+0000 in the topic", 4, "a\0b"],
  ["U+0000 in the content type", 5, "a", [3, 0, 1, 0]],
  ["two content types", 5, "a", [3, 0, 1, 0x61, 3, 0, 1, 0x62]],
  ["two will delay intervals", 5, "a", [24, 0, 0, 0, 9, 24, 0, 0, 0, 8]],
  ["a topic alias", 5, "a", [35, 0, 1]],
  ["a subscription identifier", 5, "a", [11, 1]],
  ["a wildcard in the response topic", 5, "a", [8, 0, 3, ...Buffer.from("a/#")]],
]) {
  test(`a CONNECT with ${what} of the will, MQTT ${version}, is refused`, async () => {
    assert.equal(await connectAnswer(version, topic, properties), "closed");
  });
}

test("nothing of that reaches a subscriber, and what is well formed does", async () => {
  const client = new MqttCustom({
    credentials: { mqttserver: broker.url, mqttversion: 5 },
    on_error: (_client, _userdata, error) => assert.fail(error),
  });
  await client.start();
  const topics = [];
  const arrived = new Promise((resolve) => {
    client.addEventListener("message", ({ message }) => {
      topics.push(message.topic);
      if (message.topic === "good") resolve();
    });
  });
  await client.subscribe("#");
  await client.publish("good", "x", { qos: 1, properties: { userProperties: { a: ["1", "2"] } } });
  await arrived;
  await client.stop();
  assert.deepEqual(topics, ["good"]);
});

test("no such will reaches a subscriber, and one that is well formed does, with what it may have", async () => {
  const client = new MqttCustom({
    credentials: { mqttserver: broker.url, mqttversion: 5 },
    on_error: (_client, _userdata, error) => assert.fail(error),
  });
  await client.start();
  const arrived = new Promise((resolve) => {
    client.addEventListener("message", ({ message }) => resolve(message));
  });
  await client.subscribe("will/#");
  await connectAnswer(4, "will/#");
  await connectAnswer(5, "will/+");
  const answered = await connectAnswer(5, "will/good", [24, 0, 0, 0, 0, 3, 0, 1, 0x62]);
  assert.deepEqual([answered[0], answered[3]], [0x20, 0]);
  const message = await arrived;
  await client.stop();
  assert.deepEqual([message.topic, message.properties.contentType], ["will/good", "b"]);
});
