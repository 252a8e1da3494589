// Messages that were not completely acknowledged, because the connection was lost or the broker does not answer: they are
// sent again, and delivered once.

import assert from "node:assert/strict";
import { test } from "node:test";
import { fakeBroker, scripts } from "../support/fake-broker.mjs";
import { clientFor, until } from "./helpers.mjs";

test("what a lost connection left unacknowledged is sent again as new when the session is lost", async (t) => {
  const ignore = (packet) => packet.cmd === "publish";
  const broker = await fakeBroker(t, [scripts.accepts(ignore), scripts.accepts()]);
  const client = clientFor(t, { mqttserver: broker.url, maxmqttreconnectdelay: 0.05 });
  await client.start();
  const publishes = ["a", "b", "c"].map((text, i) => client.publish("t", text, { qos: 1 + (i % 2) }));
  const published = (index) =>
    broker.connections[index]?.packets.filter(({ cmd }) => cmd === "publish") ?? [];
  await until(() => published(0).length === 3, "three PUBLISH packets");
  broker.connections[0].reset();
  await Promise.all(publishes);
  const again = published(1);
  assert.deepEqual(
    again.map(({ payload, qos, dup }) => [payload.toString(), qos, dup]),
    [
      ["a", 1, false],
      ["b", 2, false],
      ["c", 1, false],
    ],
  );
  assert.equal(client.stats().reconnects, 1);
});

test("what a lost connection left unacknowledged is sent again with DUP and its id when the session is kept", async (t) => {
  const broker = await fakeBroker(t, [
    scripts.accepts(({ cmd, qos }, connection) => {
      if (cmd === "publish" && qos === 2) connection.send({ cmd: "pubrec", messageId: 2 });
      return cmd === "publish" || cmd === "pubrel";
    }),
    scripts.accepts(undefined, { sessionPresent: true }),
  ]);
  const client = clientFor(t, {
    mqttserver: broker.url,
    mqttclientid: "kept",
    mqttcleansession: false,
    maxmqttreconnectdelay: 0.05,
  });
  await client.start();
  const publishes = [client.publish("t", "a", { qos: 1 }), client.publish("t", "b", { qos: 2 })];
  const packets = (index) =>
    (broker.connections[index]?.packets ?? []).filter(({ cmd }) => cmd === "publish" || cmd === "pubrel");
  await until(() => packets(0).length === 3, "PUBLISH twice and PUBREL");
  broker.connections[0].reset();
  await Promise.all(publishes);
  const first = packets(0);
  assert.deepEqual(
    packets(1).map(({ cmd, messageId, dup }) => [cmd, messageId, dup]),
    // What the broker has already goes first, or it would be delivered behind younger messages.
    [
      ["pubrel", first[2].messageId, false],
      ["publish", first[0].messageId, true],
    ],
  );
});

test("a QoS 2 message that the broker repeats is delivered once", async (t) => {
  const broker = await fakeBroker(
    t,
    scripts.accepts((packet, connection) => {
      if (packet.cmd === "subscribe") {
        const message = { cmd: "publish", topic: "t", payload: "once", qos: 2, messageId: 7 };
        setImmediate(() => {
          connection.send(message);
          connection.send({ ...message, dup: true });
        });
      }
      if (packet.cmd !== "pubrec") return false;
      const pubrecs = connection.packets.filter(({ cmd }) => cmd === "pubrec").length;
      if (pubrecs === 2) {
        connection.send({ cmd: "pubrel", messageId: 7 });
        connection.send({ cmd: "publish", topic: "t", payload: "next", qos: 2, messageId: 7 });
      }
      return pubrecs <= 2;
    }),
  );
  const texts = [];
  const client = clientFor(t, broker.url);
  await client.subscribe("t", { qos: 2 }, (_client, _userdata, message) => texts.push(message.text()));
  await until(() => texts.includes("next"), "the next message");
  assert.deepEqual(texts, ["once", "next"]);
});

test("a message that is never acknowledged makes a new connection, and is sent there", async (t) => {
  const broker = await fakeBroker(t, [
    scripts.accepts((packet) => packet.cmd === "publish"),
    scripts.accepts(),
  ]);
  const errors = [];
  const client = clientFor(
    t,
    { mqttserver: broker.url, acktimeout: 0.05, maxmqttreconnectdelay: 0.05 },
    { on_disconnect: (_client, _userdata, rc, error) => errors.push([rc, error.code]) },
  );
  await client.publish("a", "b", { qos: 1 });
  assert.equal(broker.connections.length, 2);
  assert.deepEqual(errors, [[7, "TIMEOUT"]]);
});
