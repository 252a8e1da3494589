// mqtt-lib/mqttjs: end, what becomes of messages then, and stores that outlive it.

import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import mqtt, { connect } from "mqtt-lib/mqttjs";
import { scripts, startFakeBroker } from "../support/fake-broker.mjs";
import { brokerOf, clients } from "../support/mqttjs-clients.mjs";
import { freshTopic, until } from "./helpers.mjs";

const { shared, clientOf, connected } = clients();

test("end waits for acknowledgements, emits close and end, and calls back", async (t) => {
  const client = await connected(t);
  const log = [];
  for (const event of ["close", "end", "outgoingEmpty"]) client.on(event, () => log.push(event));
  client.publish(freshTopic(), "a", { qos: 2 }, () => log.push("published"));
  await client.endAsync();
  assert.deepEqual(log, ["published", "outgoingEmpty", "close", "end"]);
  assert.equal(client.disconnected, true);
  const refused = await new Promise((resolve) => client.publish("a", "b", resolve));
  assert.equal(refused.message, "client disconnecting");
});

test("end(true) ends at once, also while there is no connection", async () => {
  const client = connect("mqtt://127.0.0.1:1", { reconnectPeriod: 50 });
  client.publish("a", "b", { qos: 1 });
  await new Promise((resolve) => client.once("close", resolve));
  await client.endAsync(true);
  assert.equal(client.connected, false);
});

test("without reconnects and a session, what has no answer at end(true) is an error", async (t) => {
  const broker = await brokerOf(t, (socket) =>
    socket.once("data", () => socket.write(Buffer.of(0x20, 2, 0, 0))),
  );
  const client = await connected(t, { reconnectPeriod: 0 }, broker);
  const published = client.publishAsync("a", "b", { qos: 1 });
  const subscribed = client.subscribeAsync("a");
  client.end(true);
  await assert.rejects(published, { message: "Connection closed" });
  await assert.rejects(subscribed, { message: "Connection closed" });
});

test("end(true) while requests have no answer is no outgoingEmpty", async (t) => {
  const url = await brokerOf(t, (socket) =>
    socket.once("data", () => socket.write(Buffer.of(0x20, 2, 0, 0))),
  );
  const client = await connected(t, {}, url);
  const log = [];
  for (const event of ["close", "end", "outgoingEmpty"]) client.on(event, () => log.push(event));
  for (const call of ["subscribe", "unsubscribe"]) client[call]("a", ({ message }) => log.push(message));
  await client.endAsync(true);
  await new Promise(setImmediate);
  assert.deepEqual(log.toSorted(), ["Connection closed", "Connection closed", "close", "end"]);
});

test("acknowledgements in one chunk all call back, also behind an end(true), as in MQTT.js", async (t) => {
  const ids = [];
  const broker = await startFakeBroker(
    scripts.accepts(({ cmd, messageId }, connection) => {
      if (cmd !== "publish") return false;
      ids.push(messageId);
      const answers = ids.map((id) => Buffer.from([0x40, 2, id >> 8, id & 255]));
      if (ids.length === 3) connection.write(Buffer.concat(answers));
      return true;
    }),
  );
  t.after(() => broker.stop());
  const client = await connected(t, {}, broker.url);
  const called = [];
  await new Promise((resolve) => {
    client.once("end", () => setImmediate(resolve));
    for (const text of ["a", "b", "c"]) {
      client.publish("t", text, { qos: 1 }, (error) => {
        called.push(`${text} ${error}`);
        client.end(true);
      });
    }
  });
  assert.deepEqual(called, ["a null", "b null", "c null"]);
});

for (const isLost of [true, false]) {
  const where = isLost ? "when the connection is lost" : "where there is none";
  test(`end() that waits for an answer ends ${where}, and reconnect() sends what had none`, async (t) => {
    const sent = [];
    const broker = await startFakeBroker(
      // The first one has no answer.
      scripts.accepts(({ cmd, payload }) => cmd === "publish" && sent.push(`${payload}`) === 1 && isLost),
    );
    t.after(() => broker.stop());
    const client = await connected(t, { reconnectPeriod: 60_000 }, broker.url);
    const lose = () => client.stream.destroy();
    if (!isLost) {
      lose();
      await once(client, "close");
    }
    const published = client.publishAsync("t", "a", { qos: 1 });
    if (isLost) await until(() => sent.length === 1);
    const ended = client.endAsync();
    if (isLost) lose();
    await ended;
    assert.equal(sent.length, isLost ? 1 : 0);
    client.reconnect();
    await published;
    assert.equal(sent.length, isLost ? 2 : 1);
  });
}

test("removeOutgoingMessage calls back after end(true), too, and once", async (t) => {
  const client = await connected(t);
  const errors = [];
  client.publish(freshTopic(), "a", { qos: 1 }, (error) => errors.push(error?.message));
  const id = client.getLastMessageId();
  const ended = client.endAsync(true);
  assert.equal(client.removeOutgoingMessage(id), client);
  assert.deepEqual(errors, ["Message removed"]);
  await ended;
  client.removeOutgoingMessage(id);
  assert.deepEqual(errors, ["Message removed"]);
});

test("reconnect after end connects again", async (t) => {
  const client = await connected(t);
  await client.endAsync();
  const again = once(client, "connect");
  client.reconnect();
  await again;
  const topic = freshTopic();
  await client.subscribeAsync(topic);
  const message = once(client, "message");
  client.publish(topic, "a", { qos: 1 });
  await message;
});

test("reconnect connects again after end(true) that came while something had no answer", async (t) => {
  for (const call of ["publish", "subscribe", "unsubscribe"]) {
    const client = await connected(t);
    if (call === "publish") client.publish(freshTopic(), "a", { qos: 2 });
    else client[call](freshTopic());
    client.end(true);
    await once(client, "end");
    const again = once(client, "connect");
    client.reconnect();
    await again;
  }
});

test("what a Store with clean: false keeps is sent after end and reconnect", async (t) => {
  const topic = freshTopic();
  const receiver = await connected(t);
  await receiver.subscribeAsync(topic, { qos: 1 });
  const message = once(receiver, "message");
  const outgoingStore = new mqtt.Store({ clean: false });
  const options = { clean: false, clientId: freshTopic("c"), outgoingStore, reconnectPeriod: 0 };
  const client = clientOf(t, "mqtt://127.0.0.1:1", options);
  await new Promise((resolve) => client.once("close", resolve));
  client.publish(topic, "kept", { qos: 1 });
  await client.endAsync(true);
  client.options.port = shared.mosquitto.port;
  client.reconnect({ outgoingStore });
  assert.equal(`${(await message)[1]}`, "kept");
});

test("native gives options of the native client, also a store", async (t) => {
  const native = { store: new mqtt.Store().records, offlinesize: 1 };
  const client = await connected(t, { clean: false, clientId: freshTopic("c"), native });
  await client.publishAsync(freshTopic(), "a", { qos: 1 });
  client.stream.destroy();
  await new Promise((resolve) => client.once("close", resolve));
  client.publish("a", "b", { qos: 1 });
  await assert.rejects(client.publishAsync("a", "b", { qos: 1 }), { code: "QUEUE_FULL" });
});
