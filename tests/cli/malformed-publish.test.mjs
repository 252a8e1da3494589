// The embedded broker takes nothing from a publisher that would make subscribers leave.

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
]) {
  test(`a PUBLISH with ${what}, MQTT ${version}, is refused`, async () => {
    const answered = await answer(version, publish(version, topic, properties));
    if (version === 4) return assert.equal(answered, "closed");
    assert.deepEqual([answered[0], answered[4]], [PUBACK, NOT_AUTHORIZED]);
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
