// Sizes that fit no client: what a broker announces is judged by its first bytes, and what other publishers send through it
// is passed over. Other clients of the process go on meanwhile.

import assert from "node:assert/strict";
import { test } from "node:test";
import mqttPacket from "mqtt-packet";
import { fakeBroker, scripts } from "../support/fake-broker.mjs";
import { clientFor, failure, until } from "./helpers.mjs";

/** A variable byte integer (§1.5.5). */
function varint(value) {
  const bytes = [];
  do {
    bytes.push((value & 0x7f) | (value > 0x7f ? 0x80 : 0));
    value >>>= 7;
  } while (value > 0);
  return bytes;
}

/** A packet with `count` user properties behind `head`, each as short as it can be, in pieces. */
function* packet(first, head, count) {
  const list = varint(5 * count);
  yield Uint8Array.of(first, ...varint(head.length + list.length + 5 * count), ...head, ...list);
  const many = Buffer.alloc(1_000_000, Uint8Array.of(38, 0, 0, 0, 0));
  for (let left = 5 * count; left > 0; left -= many.length) yield many.subarray(0, left);
}

for (const kind of ["mqtt", "ws"]) {
  test(`a CONNACK of 200 MB ends the attempt by its header, and the others go on (${kind})`, async (t) => {
    const good = await fakeBroker(t);
    const other = clientFor(t, good.url);
    await other.start();
    let written = 0;
    const hostile = await fakeBroker(t, (connection) => {
      connection.onPacket = () => {
        for (const bytes of packet(0x20, [0, 0], 40_000_000)) {
          if (!connection.open || written > 20_000_000) return;
          connection.write(bytes);
          written += bytes.length;
        }
      };
    });
    const credentials = {
      mqttserver: kind === "ws" ? hostile.wsUrl : hostile.url,
      mqttversion: 5,
      maxpacketsize: 268_435_460,
      connecttimeout: 120,
    };
    const client = clientFor(t, credentials);
    const error = await failure(client.start());
    assert.equal(error.code, "PROTOCOL_ERROR");
    assert.match(error.message, /than 256 KiB and no PUBLISH/);
    await other.publish("still/there", "x", { qos: 1 });
    assert.equal(other.connected, true);
    await client.stop();
  });
}

test("a CONNACK of as many user properties as are taken is shown to on_connect", async (t) => {
  const broker = await fakeBroker(t, (connection) => {
    connection.onPacket = ({ cmd }) => {
      if (cmd !== "connect") return;
      for (const bytes of packet(0x20, [0, 0], 50_000)) connection.write(bytes);
    };
  });
  const connected = [];
  const client = clientFor(
    t,
    { mqttserver: broker.url, mqttversion: 5 },
    { on_connect: (...all) => connected.push(all) },
  );
  await client.start();
  assert.equal(connected[0][4].userProperties[""].length, 50_000);
});

test("CONNECT of MQTT 5 says 16 MiB, and what maxpacketsize says otherwise", async (t) => {
  for (const [maxpacketsize, said] of [
    [undefined, 16 << 20],
    [1_000, 1_000],
    [268_435_460, undefined],
  ]) {
    const broker = await fakeBroker(t);
    const client = clientFor(t, { mqttserver: broker.url, mqttversion: 5, maxpacketsize });
    await client.start();
    const [{ properties }] = broker.connections[0].packets;
    assert.equal(properties?.maximumPacketSize, said);
    await client.stop();
  }
});

test("a message of 20 MB is passed over in 3.1.1 and told; with a larger maxpacketsize it arrives", async (t) => {
  const payload = Buffer.alloc(20_000_000, "x");
  const large = mqttPacket.generate({ cmd: "publish", topic: "large", payload, qos: 1, messageId: 7 });
  for (const [maxpacketsize, topics] of [
    [undefined, ["next"]],
    [30_000_000, ["large", "next"]],
  ]) {
    const broker = await fakeBroker(t);
    const got = [];
    const client = clientFor(
      t,
      { mqttserver: broker.url, maxpacketsize },
      { on_message: (_client, _userdata, { topic, payload }) => got.push([topic, payload.length]) },
    );
    await client.start();
    const [connection] = broker.connections;
    connection.write(large);
    connection.send({ cmd: "publish", topic: "next", payload: "x", qos: 0 });
    await until(() => got.some(([topic]) => topic === "next"), "the next message");
    assert.deepEqual(
      got.map(([topic]) => topic),
      topics,
    );
    await until(() => connection.packets.some(({ cmd }) => cmd === "puback"), "PUBACK");
    assert.deepEqual(
      client.errors.map(({ code }) => code),
      topics.length === 2 ? [] : ["PACKET_TOO_LARGE"],
    );
    await client.stop();
  }
});

test("a message with a million user properties is skipped, acknowledged and told once", async (t) => {
  const broker = await fakeBroker(t, scripts.accepts());
  const topics = [];
  const client = clientFor(
    t,
    { mqttserver: broker.url, mqttversion: 5 },
    { on_message: (_client, _userdata, { topic }) => topics.push(topic) },
  );
  await client.start();
  const [connection] = broker.connections;
  const head = [0, 4, ...Buffer.from("many"), 0, 7];
  for (const bytes of packet(0x32, head, 1_000_000)) connection.write(bytes);
  connection.send({ cmd: "publish", topic: "next", payload: "x", qos: 0 });
  await until(() => topics.length > 0, "the next message");
  assert.deepEqual(topics, ["next"]);
  await until(() => connection.packets.some(({ cmd }) => cmd === "puback"), "PUBACK");
  assert.equal(client.errors.length, 1);
  assert.match(client.errors[0].message, /"many" was skipped: .*its properties have more than 256 KiB/);
  assert.equal(client.connected, true);
});
