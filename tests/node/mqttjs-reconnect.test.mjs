// mqtt-lib/mqttjs: connections that are lost, refused or made again.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { scripts, startFakeBroker } from "../support/fake-broker.mjs";
import { brokerOf, clients } from "../support/mqttjs-clients.mjs";
import { freshTopic, until } from "./helpers.mjs";

const { shared, clientOf, connected } = clients();

test("offline, close, reconnect and connect, in the order of MQTT.js, and subscriptions are restored", async (t) => {
  const client = await connected(t, { reconnectPeriod: 30 });
  const topic = freshTopic();
  await client.subscribeAsync(topic);
  const log = [];
  for (const event of ["close", "offline", "reconnect", "connect"]) client.on(event, () => log.push(event));
  client.stream.destroy();
  await until(() => log.includes("connect"));
  assert.deepEqual(log, ["offline", "close", "reconnect", "connect"]);
  const message = once(client, "message");
  await client.publishAsync(topic, "a");
  await message;
});

test("a subscription without an answer calls back behind close, as in MQTT.js", async (t) => {
  const url = await brokerOf(t, (socket) => {
    socket.once("data", () => {
      socket.write(Buffer.of(0x20, 2, 0, 0));
      socket.once("data", () => socket.destroy());
    });
  });
  const client = await connected(t, { reconnectPeriod: 30 }, url);
  const log = [];
  for (const event of ["close", "offline", "reconnect"]) client.once(event, () => log.push(event));
  client.subscribe("a", ({ message }) => log.push(message));
  await once(client, "reconnect");
  assert.deepEqual(log, ["offline", "close", "Connection closed", "reconnect"]);
});

test("what is unsubscribed without a connection is not subscribed again, and its retained message does not come", async (t) => {
  const client = await connected(t, { reconnectPeriod: 30 });
  const [topic, other] = [freshTopic(), freshTopic()];
  await client.publishAsync(topic, "kept", { qos: 1, retain: true });
  await client.publishAsync(other, "kept", { qos: 1, retain: true });
  const texts = [];
  client.on("message", (name) => texts.push(name));
  await client.subscribeAsync([topic, other]);
  await until(() => texts.length === 2);
  client.stream.destroy();
  await once(client, "close");
  client.unsubscribe(topic);
  await once(client, "connect");
  await until(() => texts.length === 3);
  // A round trip behind it.
  await client.publishAsync(freshTopic(), "x", { qos: 1 });
  assert.equal(texts[2], other);
  assert.equal(texts.length, 3);
});

test("resubscribe: false, and what a listener of connect subscribes again is subscribed", async (t) => {
  const client = clientOf(t, shared.mosquitto.url, { reconnectPeriod: 30, resubscribe: false });
  const topic = freshTopic();
  const texts = [];
  client.on("message", (_topic, payload) => texts.push(`${payload}`));
  for (const text of ["a", "b", "c"]) {
    await once(client, "connect");
    await client.subscribeAsync(topic, { qos: 1 });
    await client.publishAsync(topic, text, { qos: 1 });
    await until(() => texts.includes(text));
    client.stream.destroy();
  }
});

test("a return code that MQTT 3.1.1 does not have is a refusal", async (t) => {
  let code = 135;
  const url = await brokerOf(t, (socket) =>
    socket.once("data", () => socket.write(Buffer.of(0x20, 2, 0, code))),
  );
  const client = clientOf(t, url, { reconnectPeriod: 10, reconnectOnConnackError: true });
  const [error] = await once(client, "error");
  assert.equal(error.code, 135);
  assert.equal(error.message, "Connection refused: Not authorized");
  code = 0;
  await new Promise((resolve) => client.once("connect", resolve));
});

/** Packets of a client that say what is subscribed. */
function requestsOf(client) {
  const requests = [];
  client.on("packetsend", ({ cmd }) => /subscribe$/.test(cmd) && requests.push(cmd));
  return requests;
}

test("resubscribe: false: nothing is sent for subscriptions after a reconnect, and nothing is subscribed", async (t) => {
  const client = await connected(t, { reconnectPeriod: 30, resubscribe: false });
  const topic = freshTopic();
  await client.subscribeAsync(topic);
  const requests = requestsOf(client);
  client.on("message", () => assert.fail("it is subscribed"));
  client.stream.destroy();
  await once(client, "connect");
  await client.publishAsync(topic, "a", { qos: 1 });
  await client.publishAsync(topic, "b", { qos: 1 });
  assert.deepEqual(requests, []);
});

for (const resubscribe of [true, false]) {
  const what = resubscribe ? "is sent again" : "is not sent again";
  test(`a SUBSCRIBE that had no answer ${what} with resubscribe: ${resubscribe}`, async (t) => {
    const sent = [];
    const broker = await startFakeBroker(
      scripts.accepts(({ cmd }, connection) => {
        if (cmd !== "subscribe") return false;
        sent.push(connection.index);
        return connection.index === 0;
      }),
    );
    t.after(() => broker.stop());
    const client = await connected(t, { reconnectPeriod: 50, resubscribe }, broker.url);
    const failed = assert.rejects(client.subscribeAsync("a"), { message: "Connection closed" });
    await until(() => sent.length === 1);
    const again = once(client, "connect");
    client.stream.destroy();
    await failed;
    await again;
    // Behind it, in the order of the calls.
    await client.publishAsync("b", "c", { qos: 1 });
    assert.deepEqual(sent, resubscribe ? [0, 1] : [0]);
  });
}

test("resubscribe: false: what the session of the broker has stays subscribed", async (t) => {
  const options = { clean: false, clientId: freshTopic("c"), reconnectPeriod: 30, resubscribe: false };
  const client = await connected(t, options);
  const [topic, other] = [freshTopic(), freshTopic()];
  await client.subscribeAsync(topic, { qos: 1 });
  const requests = requestsOf(client);
  client.stream.destroy();
  const [{ sessionPresent }] = await once(client, "connect");
  assert.equal(sessionPresent, true);
  await client.subscribeAsync(other, { qos: 1 });
  const message = once(client, "message");
  await client.publishAsync(topic, "a", { qos: 1 });
  await message;
  assert.deepEqual(requests, ["subscribe"]);
});

test("removeOutgoingMessage: a message that waits for a connection is not sent", async (t) => {
  const topic = freshTopic();
  const receiver = await connected(t);
  await receiver.subscribeAsync(topic, { qos: 1 });
  const texts = [];
  receiver.on("message", (_topic, payload) => texts.push(`${payload}`));
  const client = clientOf(t, shared.mosquitto.url, { manualConnect: true });
  const removed = client.publishAsync(topic, "removed", { qos: 1 });
  client.removeOutgoingMessage(client.getLastMessageId());
  await assert.rejects(removed, { message: "Message removed" });
  const kept = client.publishAsync(topic, "kept", { qos: 1 });
  client.connect();
  await kept;
  await until(() => texts.length > 0);
  assert.deepEqual(texts, ["kept"]);
  assert.deepEqual(Object.keys(client.outgoing), []);
});

test("a broker that answers no PINGREQ is an error, and the client connects again", async (t) => {
  let connections = 0;
  const url = await brokerOf(t, (socket) => {
    connections += 1;
    socket.once("data", () => socket.write(Buffer.of(0x20, 2, 0, 0)));
  });
  const client = clientOf(t, url, { keepalive: 1, reconnectPeriod: 10 });
  const [error] = await new Promise((resolve) => client.once("error", (...args) => resolve(args)));
  assert.equal(error.message, "Keepalive timeout");
  await until(() => connections === 2);
});

test("what MQTT.js does not look at is no error: a QoS 2 message that a broker acknowledges with PUBACK", async (t) => {
  const url = await brokerOf(t, (socket) => {
    socket.once("data", () => {
      socket.write(Buffer.of(0x20, 2, 0, 0));
      socket.once("data", () => socket.write(Buffer.of(0x40, 2, 0, 1)));
    });
  });
  const client = await connected(t, {}, url);
  client.on("error", (error) => assert.fail(error));
  const warned = new Promise((resolve) => client.once("warning", resolve));
  await client.publishAsync("a", "b", { qos: 2 });
  assert.match((await warned).message, /QoS 2 with PUBACK/);
});

test("messages that are published offline are sent later; without queueQoSZero QoS 0 is an error", async (t) => {
  const topic = freshTopic();
  const receiver = await connected(t);
  await receiver.subscribeAsync(topic, { qos: 1 });
  const texts = [];
  receiver.on("message", (_topic, payload) => texts.push(`${payload}`));
  const client = clientOf(t, shared.mosquitto.url, { manualConnect: true, queueQoSZero: false });
  await assert.rejects(client.publishAsync(topic, "zero"), { message: "No connection to broker" });
  const published = client.publishAsync(topic, "one", { qos: 1 });
  client.connect();
  await published;
  await until(() => texts.length === 1);
  assert.deepEqual(texts, ["one"]);
});

test("the will is published when the connection is dropped", async (t) => {
  const topic = freshTopic();
  const receiver = await connected(t);
  await receiver.subscribeAsync(topic);
  const message = once(receiver, "message");
  const client = await connected(t, {
    will: { topic, payload: "gone", qos: 1, retain: false },
    reconnectPeriod: 0,
  });
  client.stream.destroy();
  assert.equal(`${(await message)[1]}`, "gone");
});

for (const reconnectPeriod of [0, -1]) {
  test(`reconnectPeriod ${reconnectPeriod}: a process whose connection is lost ends by itself`, async (t) => {
    const entry = import.meta.resolve("mqtt-lib/mqttjs");
    const code = `
      import { connect } from ${JSON.stringify(entry)};
      const client = connect("${shared.mosquitto.url}", { reconnectPeriod: ${reconnectPeriod} });
      client.on("connect", () => client.stream.destroy());
      client.on("close", () => console.log("closed"));`;
    const child = spawn(process.execPath, ["--input-type=module", "-e", code], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    t.after(() => child.kill());
    const printed = child.stdout.toArray();
    const [status] = await once(child, "exit");
    assert.equal(status, 0);
    assert.equal(`${Buffer.concat(await printed)}`, "closed\n");
  });
}
