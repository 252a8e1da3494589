// mqtt-lib/mqttjs: callbacks of publishes whose messages a store keeps over the end of the client are called when a later
// connection completes them, as by MQTT.js, which runs beside it.

import assert from "node:assert/strict";
import { test } from "node:test";
import theirs from "mqtt";
import ours from "mqtt-lib/mqttjs";
import { startFakeBroker } from "../support/fake-broker.mjs";
import { until } from "./helpers.mjs";

/** What the broker answers when the client has come back. */
const ANSWERS = { 1: ["puback"], 2: ["pubrec", "pubcomp"] };

/** The callbacks of `count` publishes that the client gave up with `end`, when it came back with the same stores. */
async function callbacksOf(mqtt, { qos, stage, present, count, force, reasonCode }) {
  const options = reasonCode ? { protocolVersion: 5, properties: { sessionExpiryInterval: 100 } } : {};
  const stores = {
    incomingStore: new mqtt.Store({ clean: false }),
    outgoingStore: new mqtt.Store({ clean: false }),
  };
  let isBack = false;
  const payloads = [];
  const give = () => {
    if (client.disconnecting) return;
    client.end(force, () => {
      isBack = true;
      client.reconnect(stores);
    });
    if (!force) client.stream.destroy();
  };
  const broker = await startFakeBroker((connection) => {
    connection.onPacket = ({ cmd, messageId, payload }) => {
      if (cmd === "connect")
        connection.send({ cmd: "connack", returnCode: 0, reasonCode: 0, sessionPresent: isBack && present });
      if (cmd === "publish" && isBack) payloads.push(`${payload}`);
      if (cmd === stage && !isBack) return give();
      if (cmd === "publish")
        connection.send({ cmd: ANSWERS[qos][0], messageId, reasonCode: isBack ? reasonCode : 0 });
      if (cmd === "pubrel") connection.send({ cmd: "pubcomp", messageId });
    };
  });
  const client = mqtt.connect(broker.url, {
    clean: false,
    clientId: "kept",
    reconnectPeriod: 100,
    ...stores,
    ...options,
  });
  const callbacks = [];
  client.once("connect", () => {
    for (let i = 0; i < count; i++) {
      client.publish("t", `${i}`, { qos }, (error, packet) =>
        callbacks.push(`${i} ${error?.message} ${packet?.cmd} ${packet?.messageId > 0}`),
      );
    }
  });
  await until(() => callbacks.length === count);
  await client.endAsync(true);
  await broker.stop();
  return { callbacks, payloads };
}

for (const [qos, stage] of [
  [1, "publish"],
  [2, "publish"],
  [2, "pubrel"],
]) {
  for (const present of [true, false]) {
    for (const force of [true, false]) {
      const where = `QoS ${qos}, given up at ${stage}, session ${present ? "kept" : "lost"}, end(${force})`;
      test(`callbacks come with the next connection of the same stores: ${where}`, async () => {
        const case_ = { qos, stage, present, count: 3 };
        const { callbacks, payloads } = await callbacksOf(ours, { ...case_, force });
        // end() without force does not end there when the connection is lost.
        const expected = await callbacksOf(theirs, { ...case_, force: true });
        assert.deepEqual(callbacks, expected.callbacks);
        assert.deepEqual([...payloads].sort(), [...new Set(payloads)].sort(), "each message is sent once");
      });
    }
  }
}

for (const qos of [1, 2]) {
  test(`a refusal by the next connection is the error of the callback, QoS ${qos}`, async () => {
    const case_ = { qos, stage: "publish", present: true, force: true, count: 2, reasonCode: 135 };
    const expected = await callbacksOf(theirs, case_);
    assert.deepEqual((await callbacksOf(ours, case_)).callbacks, expected.callbacks);
    assert.match(expected.callbacks[0], /Publish error: Not authorized/);
  });
}

test("a message of an earlier client with the store is no message of this one", async () => {
  const outgoingStore = new ours.Store({ clean: false });
  const sent = [];
  const broker = await startFakeBroker((connection) => {
    connection.onPacket = ({ cmd, messageId, topic }) => {
      if (cmd === "connect") connection.send({ cmd: "connack", returnCode: 0, sessionPresent: false });
      if (cmd === "publish") sent.push([topic, messageId, connection]);
    };
  });
  const options = { clean: false, clientId: "kept", outgoingStore };
  const earlier = ours.connect(broker.url, options);
  earlier.publish("earlier", "a", { qos: 1 });
  await until(() => sent.length === 1);
  await earlier.endAsync(true);
  const client = ours.connect(broker.url, options);
  const callbacks = [];
  client.publish("later", "b", { qos: 1 }, (error) => callbacks.push(error));
  await until(() => sent.length === 3);
  await client.endAsync(true);
  client.reconnect({ outgoingStore });
  await until(() => sent.length === 5);
  const answer = (name) => {
    const [, messageId, connection] = sent.slice(3).find(([topic]) => topic === name);
    connection.send({ cmd: "puback", messageId });
  };
  answer("earlier");
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.deepEqual(callbacks, []);
  answer("later");
  await until(() => callbacks.length === 1);
  await client.endAsync(true);
  await broker.stop();
});
