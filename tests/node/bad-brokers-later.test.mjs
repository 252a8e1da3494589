// Brokers whose behaviour changes: the client connects as soon as one accepts it, disconnects from one that becomes silent
// or violates MQTT, and reports each kind of failure once.

import assert from "node:assert/strict";
import { test } from "node:test";
import { fakeBroker, scripts } from "../support/fake-broker.mjs";
import { startMosquitto } from "../support/mosquitto.mjs";
import { freePort } from "../support/ports.mjs";
import { captureWarnings, clientFor, failure, until } from "./helpers.mjs";

test("the client connects as soon as the broker is there", async (t) => {
  const port = await freePort();
  const client = clientFor(t, { mqttserver: `mqtt://127.0.0.1:${port}`, maxmqttreconnectdelay: 0.05 });
  const published = client.publish("a", "b", { qos: 1 });
  await until(() => client.errors.length >= 2, "two attempts");
  const late = await startMosquitto({ port });
  t.after(() => late.stop());
  await client.start().catch(() => {});
  await published;
  assert.equal(client.connected, true);
});

test("start() while it waits to reconnect tries at once", async (t) => {
  const broker = await fakeBroker(t, [scripts.refuses(3), scripts.accepts()]);
  const client = clientFor(t, { mqttserver: broker.url, maxmqttreconnectdelay: 86400 });
  await failure(client.start());
  await client.start();
  assert.equal(client.connected, true);
});

test("a broker that falls silent in the middle of a packet, or sends garbage later, is left and tried again", async (t) => {
  const broker = await fakeBroker(t);
  const reasons = [];
  const client = clientFor(
    t,
    { mqttserver: broker.url, mqttkeepalive: 0.1, maxmqttreconnectdelay: 0.05 },
    { on_disconnect: (_client, _userdata, rc) => reasons.push(rc) },
  );
  await client.start();
  const [first] = broker.connections;
  first.onPacket = undefined;
  first.write(Uint8Array.of(0x30, 0x7f, 0x00));
  await until(() => reasons.length === 1, "the keepalive");
  const second = await until(() => client.connected && broker.connections[1], "the second connection");
  second.write(Uint8Array.of(0x36, 0x03, 0x00, 0x01, 0x61));
  await until(() => reasons.length === 2 && client.connected, "the third connection");
  assert.deepEqual(reasons, [16, 2]);
});

test("an acknowledgement of something that was not sent is a protocol error, not a crash", async (t) => {
  const broker = await fakeBroker(t);
  const errors = [];
  const client = clientFor(
    t,
    { mqttserver: broker.url, maxmqttreconnectdelay: 0.05 },
    { on_disconnect: (_client, _userdata, _rc, error) => errors.push(error.code) },
  );
  await client.start();
  broker.connections[0].send({ cmd: "suback", messageId: 7, granted: [0] });
  await until(() => broker.connections[1] && client.connected, "the second connection");
  assert.deepEqual(errors, ["PROTOCOL_ERROR"]);
});

test("a message larger than maxpacketsize is skipped, told to on_error and acknowledged, and the others come", async (t) => {
  const broker = await fakeBroker(t);
  const texts = [];
  const client = clientFor(
    t,
    { mqttserver: broker.url, maxpacketsize: 1000 },
    { on_message: (_client, _userdata, message) => texts.push(message.text()) },
  );
  await client.start();
  const [connection] = broker.connections;
  connection.send({ cmd: "publish", topic: "large", payload: "x".repeat(100_000), qos: 1, messageId: 7 });
  connection.send({ cmd: "publish", topic: "small", payload: "next", qos: 0 });
  await until(() => texts.length > 0, "the next message");
  assert.deepEqual(texts, ["next"]);
  assert.equal(client.errors.length, 1);
  assert.equal(client.errors[0].code, "PACKET_TOO_LARGE");
  assert.match(client.errors[0].message, /"large".*maxpacketsize is 1000/);
  assert.equal(client.stats().dropped, 1);
  const puback = await until(() => connection.packets.find(({ cmd }) => cmd === "puback"), "PUBACK");
  assert.equal(puback.messageId, 7);
  assert.equal(client.connected, true);
});

test("without on_error each kind of failure is on the console once, and no more", async (t) => {
  const warnings = captureWarnings(t);
  const broker = await fakeBroker(t, [
    scripts.refuses(3),
    scripts.refuses(3),
    scripts.refuses(5),
    scripts.garbage(),
    scripts.garbage(),
    scripts.accepts(),
  ]);
  const credentials = { mqttserver: broker.url, maxmqttreconnectdelay: 0.05 };
  const client = clientFor(t, credentials, { on_error: undefined });
  await until(() => client.connected, "a connection in the end");
  broker.connections[5].reset();
  await until(() => broker.connections[6] && client.connected, "the next connection");
  broker.connections[6].reset();
  await until(() => broker.connections[7] && client.connected, "the one after that");
  const kinds = warnings.map((warning) => /[A-Z]+_[A-Z]+/.exec(warning)[0]);
  assert.deepEqual(kinds, ["CONNECTION_REFUSED", "NOT_AUTHORIZED", "PROTOCOL_ERROR", "CONNECTION_LOST"]);
  for (const warning of warnings) assert.match(warning, /^mqtt-lib .*on_error/);

  const other = clientFor(t, credentials, { on_error: undefined, on_disconnect: () => {} });
  await other.start();
  broker.connections.at(-1).reset();
  await until(() => other.connected, "reconnected");
  await other.stop();
  assert.equal(warnings.length, 4, "on_disconnect carried it");
});
