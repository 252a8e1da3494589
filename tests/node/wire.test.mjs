// The option `wire` with `wireLog`: each packet, decoded, both ways, over each transport, without secrets.

import assert from "node:assert/strict";
import { test } from "node:test";
import { wireLog } from "mqtt-lib/wire";
import { fakeBroker, scripts } from "../support/fake-broker.mjs";
import { clientFor, failure, until } from "./helpers.mjs";

/** Without time and connection. */
const brief = ({ direction, packet: { cmd } }) => `${direction} ${cmd}`;

for (const transport of ["url", "wsUrl"]) {
  test(`each packet is shown, both ways (${transport})`, async (t) => {
    const broker = await fakeBroker(t);
    const seen = [];
    const client = clientFor(
      t,
      { mqttserver: broker[transport], mqttclientid: "id" },
      { wire: wireLog((packet) => seen.push(packet)) },
    );
    await client.start();
    await client.publish("a/b", "hello", { qos: 1 });
    await client.stop();
    assert.deepEqual(seen.map(brief), [
      "sent connect",
      "received connack",
      "sent publish",
      "received puback",
      "sent disconnect",
    ]);
    const [connect, , publish] = seen;
    assert.equal(connect.packet.clientId, "id");
    assert.equal(publish.packet.topic, "a/b");
    assert.equal(Buffer.from(publish.packet.payload).toString(), "hello");
    assert.equal(publish.bytes, 14);
    assert.equal(publish.connection, 1);
    assert.ok(publish.time instanceof Date);
    assert.match(
      String(publish),
      /^\d\d:\d\d:\d\d\.\d{3} -> PUBLISH "a\/b" qos=1 messageId=\d+ "hello" \(14 bytes\)$/,
    );
  });
}

test("user name, password and authentication data are masked, also in MQTT 5", async (t) => {
  const broker = await fakeBroker(t);
  for (const mqttversion of [4, 5]) {
    const seen = [];
    const properties = { authenticationMethod: "x", authenticationData: Buffer.from("data-secret") };
    const credentials = {
      mqttserver: broker.url,
      mqttversion,
      mqttusername: "user-secret",
      mqttpassword: "password-secret",
      ...(mqttversion === 5 && { properties }),
    };
    const client = clientFor(t, credentials, { wire: wireLog((packet) => seen.push(packet)) });
    client.start().catch(() => {});
    await until(() => seen.length > 0, "CONNECT");
    const [connect] = seen;
    assert.equal(connect.packet.password, "***");
    assert.equal(connect.packet.username, "***");
    assert.equal(connect.packet.protocolVersion, mqttversion);
    assert.doesNotMatch(JSON.stringify(connect) + String(connect), /secret/);
    await client.stop();
  }
});

test("each connection has its number, and packets in pieces are put together", async (t) => {
  const broker = await fakeBroker(t, scripts.accepts());
  const seen = [];
  const client = clientFor(t, { mqttserver: broker.url }, { wire: wireLog((packet) => seen.push(packet)) });
  await client.start();
  await client.publish("big", "x".repeat(300_000));
  await client.stop();
  await client.start();
  const publish = seen.find(({ packet }) => packet.cmd === "publish");
  assert.equal(publish.packet.payload.length, 300_000);
  assert.ok(String(publish).length < 200);
  assert.deepEqual(
    seen.filter(({ packet }) => packet.cmd === "connect").map(({ connection }) => connection),
    [1, 2],
  );
});

test("a function that throws does not disturb the connection", async (t) => {
  const warn = t.mock.method(console, "warn", () => {});
  const broker = await fakeBroker(t);
  const wire = wireLog(() => {
    throw new Error("the application's");
  });
  const client = clientFor(t, { mqttserver: broker.url }, { wire });
  await client.start();
  await client.publish("a", "1", { qos: 1 });
  assert.ok(warn.mock.callCount() > 0);
});

test("an asynchronous function that rejects does not end the process", async (t) => {
  const warn = t.mock.method(console, "warn", () => {});
  const broker = await fakeBroker(t);
  const wire = wireLog(async () => {
    throw new Error("the application's");
  });
  const client = clientFor(t, { mqttserver: broker.url }, { wire });
  await client.start();
  await client.publish("a", "1", { qos: 1 });
  await until(() => warn.mock.callCount() > 3, "warnings");
  assert.match(String(warn.mock.calls[0].arguments[0]), /wireLog/);
});

test("the log holds memory for no payload of the WebAssembly: it is a copy", async (t) => {
  const broker = await fakeBroker(t);
  const seen = [];
  const client = clientFor(t, { mqttserver: broker.url }, { wire: wireLog((packet) => seen.push(packet)) });
  await client.start();
  for (const text of ["one", "two"]) await client.publish("a", text, { qos: 1 });
  const payloads = seen.flatMap(({ packet }) => (packet.cmd === "publish" ? [packet.payload] : []));
  assert.deepEqual(
    payloads.map((payload) => Buffer.from(payload).toString()),
    ["one", "two"],
  );
});

for (const [what, wire, reason] of [
  ["returns no function", () => 5, "what wire returns must be a function; a number was given"],
  ["returns an object", () => ({}), "what wire returns must be a function; an object was given"],
  ["throws", () => assert.fail("the application's"), "the application's"],
]) {
  test(`a wire that ${what} is the reason why nothing connects`, async (t) => {
    const { url } = await fakeBroker(t);
    const client = clientFor(t, { mqttserver: url, reconnect: false }, { wire });
    const error = await failure(client.start());
    assert.ok(error.message.includes(`cannot connect to ${url}: ${reason};`), error.message);
  });
}

test("a wire that returns nothing leaves the connections as they are", async (t) => {
  const { url } = await fakeBroker(t);
  const client = clientFor(t, url, { wire() {} });
  await client.start();
  assert.equal(client.connected, true);
});

test("anything but a function is refused, by wireLog and by the client", (t) => {
  assert.throws(() => wireLog(), { code: "INVALID_OPTION", message: /must be given a function/ });
  assert.throws(() => clientFor(t, {}, { wire: true }), {
    code: "INVALID_OPTION",
    message: /^wire must be a function/,
  });
});
