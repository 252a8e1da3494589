// MQTT 5 with Mosquitto: the client respects the limits of the broker, and the broker those of the client.

import assert from "node:assert/strict";
import { test } from "node:test";
import mqttPacket from "mqtt-packet";
import { scripts, startFakeBroker } from "../support/fake-broker.mjs";
import { startMosquitto } from "../support/mosquitto.mjs";
import { startTap } from "../support/tap.mjs";
import { clientFor, collect, failure, freshTopic, until } from "./helpers.mjs";

/** A broker of this test, and a client with MQTT 5 that is connected through a tap. */
async function start(t, config = "", credentials = {}) {
  const broker = await startMosquitto({ config });
  t.after(() => broker.stop());
  const tap = await startTap(broker.port);
  t.after(() => tap.stop());
  let connack;
  const client = clientFor(
    t,
    { mqttserver: tap.url, mqttversion: 5, ...credentials },
    {
      on_connect(_client, _userdata, _flags, _rc, properties) {
        connack = properties ?? {};
      },
    },
  );
  await client.start();
  await until(() => connack);
  return { broker, tap, client, connack };
}

/** The highest number of unacknowledged QoS 1 and 2 messages that one side had published. */
function mostUnderWay(seen, from) {
  const open = new Set();
  let most = 0;
  for (const packet of seen) {
    if (packet.from === from && packet.cmd === "publish" && packet.qos > 0) open.add(packet.messageId);
    if (packet.from !== from && ["puback", "pubcomp"].includes(packet.cmd)) open.delete(packet.messageId);
    if (packet.from !== from && packet.cmd === "pubrec" && packet.reasonCode >= 128)
      open.delete(packet.messageId);
    most = Math.max(most, open.size);
  }
  return most;
}

for (const maximum of [1, 10]) {
  test(`the broker's receive maximum of ${maximum} is kept, and reached`, async (t) => {
    const { tap, client, connack, broker } = await start(t, `max_inflight_messages ${maximum}`);
    assert.equal(connack.receiveMaximum, maximum);
    const topic = freshTopic();
    const received = await collect(t, broker.url, topic, { qos: 2 });
    const sent = Array.from({ length: 200 }, (_, i) => client.publish(topic, i, { qos: 1 + (i % 2) }));
    await Promise.all(sent);
    await received.count(200);
    assert.deepEqual(
      received
        .texts()
        .map(Number)
        .sort((a, b) => a - b),
      Array.from({ length: 200 }, (_, i) => i),
    );
    assert.equal(mostUnderWay(tap.seen, "client"), maximum);
  });
}

test("our receive maximum of 1 is kept by the broker", async (t) => {
  const { tap, client, broker } = await start(t, "", { properties: { receiveMaximum: 1 } });
  const topic = freshTopic();
  const received = [];
  await client.subscribe(topic, { qos: 1 }, (_client, _userdata, message) => received.push(message.text()));
  const publisher = clientFor(t, { mqttserver: broker.url, mqttversion: 5 });
  const numbers = Array.from({ length: 100 }, (_, i) => String(i));
  await Promise.all(numbers.map((number) => publisher.publish(topic, number, { qos: 1 })));
  await until(() => received.length === 100);
  assert.deepEqual(received, numbers);
  assert.equal(mostUnderWay(tap.seen, "broker"), 1);
});

for (const qos of [1, 2]) {
  // Mosquitto 2.0.11 respects it until the first acknowledgement (../support/mosquitto.mjs): therefore packets are held
  // back, and only one message has to wait.
  test(`our receive maximum of 10 is kept by the broker while nothing is acknowledged, QoS ${qos}`, async (t) => {
    const { tap, client, broker } = await start(t, "", { properties: { receiveMaximum: 10 } });
    const topic = freshTopic();
    const received = [];
    await client.subscribe(topic, { qos }, (_client, _userdata, message) => received.push(message.text()));
    const unlimited = await collect(t, broker.url, topic, { qos });
    tap.hold();
    const numbers = Array.from({ length: 11 }, (_, i) => String(i));
    const publisher = clientFor(t, { mqttserver: broker.url, mqttversion: 5 });
    await Promise.all(numbers.map((number) => publisher.publish(topic, number, { qos })));
    await unlimited.count(11);
    await until(() => received.length === 10);
    assert.equal(tap.of("broker", "publish").length, 10);
    tap.release();
    await until(() => received.length === 11);
    assert.deepEqual(received, numbers);
    assert.equal(mostUnderWay(tap.seen, "broker"), 10);
    assert.equal(client.stats().reconnects, 0);
  });
}

test("a broker may fill our receive maximum of 10, and one message more ends the connection with reason 147", async (t) => {
  const burst = (first, count) =>
    Array.from({ length: count }, (_, i) =>
      mqttPacket.generate(
        { cmd: "publish", topic: "a", payload: String(first + i), qos: 1, messageId: first + i },
        { protocolVersion: 5 },
      ),
    );
  let acknowledged = 0;
  const broker = await startFakeBroker(
    scripts.accepts((packet, connection) => {
      if (packet.cmd === "connect" && connection.index === 0) {
        setImmediate(() => connection.write(Buffer.concat(burst(1, 10))));
      }
      if (packet.cmd === "puback" && ++acknowledged === 10) connection.write(Buffer.concat(burst(11, 11)));
      return false;
    }),
  );
  t.after(() => broker.stop());
  const client = clientFor(t, {
    mqttserver: broker.url,
    mqttversion: 5,
    maxmqttreconnectdelay: 0.1,
    properties: { receiveMaximum: 10 },
  });
  const received = [];
  client.on_message = (_client, _userdata, message) => received.push(Number(message.text()));
  const ended = new Promise((resolve) => {
    client.on_disconnect = (_client, _userdata, rc, error) => resolve([rc, error.code, error.reasonCode]);
  });
  assert.deepEqual(await ended, [2, "PROTOCOL_ERROR", 147]);
  assert.deepEqual(received.slice(0, 10), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  await until(() => broker.connections[0].packets.at(-1).cmd === "disconnect");
  assert.equal(broker.connections[0].packets.at(-1).reasonCode, 147);
});

test("a message over the broker's packet limit fails alone, before it is sent, and the connection lives", async (t) => {
  const { tap, client, connack, broker } = await start(t, "max_packet_size 1000");
  assert.equal(connack.maximumPacketSize, 1000);
  const topic = freshTopic();
  const received = await collect(t, { mqttserver: broker.url, mqttversion: 5 }, topic, { qos: 1 });
  const large = "x".repeat(1000);
  for (const qos of [0, 1, 2]) {
    const error = await failure(client.publish(topic, large, { qos }));
    assert.deepEqual([error.code, error.reasonCode], ["PACKET_TOO_LARGE", 0x95]);
    assert.match(error.message, /1,?000/);
  }
  const queued = failure(client.qpublish(topic, large, { qos: 1 }));
  client.flush();
  assert.equal((await queued).code, "PACKET_TOO_LARGE");
  // The largest possible one: its header has 3 + 2 + topic + 2 + 1 bytes.
  const most = 1000 - (3 + 2 + topic.length + 2 + 1);
  await client.publish(topic, "y".repeat(most), { qos: 1 });
  assert.equal(
    (await failure(client.publish(topic, "y".repeat(most + 1), { qos: 1 }))).code,
    "PACKET_TOO_LARGE",
  );
  await received.count(1);
  assert.equal(received[0].payload.length, most);
  assert.equal(client.connected, true);
  assert.equal(client.stats().reconnects, 0);
  assert.equal(tap.of("client", "publish").length, 1);
});

test("what we allow as the largest packet the broker keeps to", async (t) => {
  const { client, broker } = await start(t, "", { properties: { maximumPacketSize: 200 } });
  const topic = freshTopic();
  const received = [];
  await client.subscribe(topic, { qos: 1 }, (_client, _userdata, message) => received.push(message.text()));
  const publisher = clientFor(t, broker.url);
  await publisher.publish(topic, "x".repeat(300), { qos: 1 });
  await publisher.publish(topic, "small", { qos: 1 });
  await until(() => received.length === 1);
  assert.deepEqual(received, ["small"]);
  assert.equal(client.stats().reconnects, 0);
});

test("repeated topics become aliases within the broker's limit, and that saves bytes", async (t) => {
  const topics = Array.from({ length: 12 }, (_, i) => freshTopic(`building/7/floor/3/room/${i}/temperature`));
  const figures = {};
  for (const topicAliases of [false, true]) {
    const { tap, client, connack, broker } = await start(t, "max_topic_alias 10", { topicAliases });
    assert.equal(connack.topicAliasMaximum, 10);
    const received = await collect(t, broker.url, "building/#", { qos: 1 });
    const before = tap.bytes.client;
    for (let i = 0; i < 1200; i++) client.publish(topics[i % 12], String(i), { qos: i % 2 });
    await received.count(1200);
    assert.deepEqual(
      received.map((message) => message.topic),
      received.map((message) => topics[Number(message.text()) % 12]),
    );
    figures[topicAliases] = tap.bytes.client - before;
    const aliased = tap.of("client", "publish").filter((packet) => packet.properties?.topicAlias);
    const numbers = new Set(aliased.map((packet) => packet.properties.topicAlias));
    assert.deepEqual(
      [...numbers].sort((a, b) => a - b),
      topicAliases ? [1, 2, 3, 4, 5, 6, 7, 8, 9, 10] : [],
    );
  }
  const saved = 1 - figures.true / figures.false;
  t.diagnostic(
    `1,200 messages: ${figures.false} bytes without aliases, ${figures.true} with, ${(saved * 100).toFixed(1)} % saved`,
  );
  assert.ok(figures.true < figures.false / 2, `${figures.true} of ${figures.false} bytes`);
});

test("an alias of one's own is sent as it is, and one beyond the limit is refused alone", async (t) => {
  const { tap, client, broker } = await start(t, "max_topic_alias 10");
  const topic = freshTopic();
  const received = await collect(t, broker.url, topic, { qos: 1 });
  await client.publish(topic, "1", { qos: 1, properties: { topicAlias: 10 } });
  const error = await failure(client.publish(topic, "2", { qos: 1, properties: { topicAlias: 11 } }));
  assert.deepEqual([error.code, error.reasonCode], ["NOT_SUPPORTED", 0x94]);
  await received.count(1);
  assert.equal(tap.of("client", "publish")[0].properties.topicAlias, 10);
});

test("the keep alive of the broker takes the place of ours", async (t) => {
  const { tap, client, connack } = await start(t, "max_keepalive 10", { mqttkeepalive: 60 });
  assert.equal(connack.serverKeepAlive, 10);
  assert.equal(tap.of("client", "connect")[0].keepalive, 60);
  await until(
    () => tap.of("client", "pingreq").length > 0,
    "a PINGREQ within the broker's keep alive",
    20_000,
  );
  assert.equal(client.stats().reconnects, 0);
});

test("the client identifier that the broker assigns is reported, and used on the next connection", async (t) => {
  const { tap, client, connack } = await start(t, "", { mqttclientid: "", maxmqttreconnectdelay: 0.1 });
  assert.ok(connack.assignedClientIdentifier.length > 0);
  tap.cut();
  await until(() => client.stats().reconnects === 1);
  const used = tap.of("client", "connect").map((packet) => packet.clientId);
  assert.deepEqual(used, ["", connack.assignedClientIdentifier]);
});

test("a QoS beyond the broker's is refused before it is sent, and a retained message too", async (t) => {
  const { tap, client, connack } = await start(t, "retain_available false");
  assert.equal(connack.retainAvailable, false);
  const error = await failure(client.publish(freshTopic(), "x", { qos: 1, retain: true }));
  assert.deepEqual([error.code, error.reasonCode], ["NOT_SUPPORTED", 0x9a]);
  await client.publish(freshTopic(), "x", { qos: 1 });
  assert.equal(tap.of("client", "publish").length, 1);
});
