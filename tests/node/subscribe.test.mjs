// subscribe, subscribe_topics, unsubscribe: granted QoS, delivery, and restoration after the connection was lost.

import assert from "node:assert/strict";
import { test } from "node:test";
import { MqttError } from "mqtt-lib";
import { startEmbedded } from "../support/embedded.mjs";
import { fakeBroker, scripts } from "../support/fake-broker.mjs";
import { sharedFixtures } from "../support/fixtures.mjs";
import { startMosquitto } from "../support/mosquitto.mjs";
import { clientFor, failure, freshTopic, until } from "./helpers.mjs";

const shared = sharedFixtures({ mosquitto: startMosquitto, aedes: startEmbedded });

/** A client that records topic and text of all messages. */
function listener(t, url, options = {}) {
  const seen = [];
  const client = clientFor(t, url, {
    on_message: (_client, _userdata, message) => seen.push(`${message.topic} ${message.text()}`),
    ...options,
  });
  return { client, seen, count: (n) => until(() => seen.length >= n, `${n} messages, ${seen.length} came`) };
}

const brokers = {
  "mosquitto over TCP": () => shared.mosquitto.url,
  "mosquitto over WebSocket": () => shared.mosquitto.wsUrl,
  "aedes over TCP": () => shared.aedes.url,
  "aedes over WebSocket": () => shared.aedes.wsUrl,
};

for (const [name, url] of Object.entries(brokers)) {
  test(`subscribe on ${name} resolves with the granted QoS of each filter`, async (t) => {
    const { client } = listener(t, url());
    assert.deepEqual(await client.subscribe("a"), [0]);
    assert.deepEqual(await client.subscribe("a", { qos: 2 }), [2]);
    // Of several calls the largest QoS counts.
    assert.deepEqual(await client.subscribe(["a", "b/+", "c/#"], { qos: 1 }), [2, 1, 1]);
    assert.deepEqual(await client.subscribe({ d: 0, "b/+": 1, "c/#": 2 }), [0, 1, 2]);
    assert.deepEqual(await client.subscribe({ a: { qos: 2 }, b: {}, c: undefined }, { qos: 1 }), [2, 1, 1]);
    assert.deepEqual(await client.subscribe_topics(["x", "y"]), [0, 0]);
    assert.deepEqual(await client.subscribeTopics(["x", "y"], { qos: 2 }), [2, 2]);
  });

  test(`unsubscribe on ${name} ends the messages`, async (t) => {
    const topic = freshTopic();
    const { client, seen, count } = listener(t, url());
    await client.subscribe([`${topic}/a`, `${topic}/b`, `${topic}/c`]);
    assert.equal(await client.unsubscribe(`${topic}/a`), undefined);
    for (const name of ["a", "b", "c"]) await client.publish(`${topic}/${name}`, 1, { qos: 1 });
    await count(2);
    await client.unsubscribe([`${topic}/b`, `${topic}/c`]);
    for (const name of ["a", "b", "c"]) await client.publish(`${topic}/${name}`, 2, { qos: 1 });
    await client.subscribe(`${topic}/end`);
    await client.publish(`${topic}/end`, 3, { qos: 1 });
    await count(3);
    assert.deepEqual(seen, [`${topic}/b 1`, `${topic}/c 1`, `${topic}/end 3`]);
  });
}

test("wildcards + and # match as MQTT says", async (t) => {
  const base = freshTopic();
  const { client, seen, count } = listener(t, shared.mosquitto.url);
  await client.subscribe([`${base}/+/end`, `${base}/deep/#`]);
  for (const topic of ["one/end", "/end", "one/two/end", "deep", "deep/er", "deep/er/still", "deeper"]) {
    client.publish(`${base}/${topic}`, "x");
  }
  await client.subscribe(`${base}/done`);
  client.publish(`${base}/done`, "x");
  await count(6);
  assert.deepEqual(
    seen,
    ["one/end", "/end", "deep", "deep/er", "deep/er/still", "done"].map((topic) => `${base}/${topic} x`),
  );
});

test("a shared subscription gives each message to one of the group", async (t) => {
  const topic = freshTopic();
  const group = [listener(t, shared.mosquitto.url), listener(t, shared.mosquitto.url)];
  for (const { client } of group) await client.subscribe(`$share/group/${topic}`, { qos: 1 });
  const { client } = listener(t, shared.mosquitto.url);
  const sent = Array.from({ length: 20 }, (_, i) => `${topic} ${i}`);
  for (let i = 0; i < 20; i++) client.publish(topic, i, { qos: 1 });
  const all = () => group.flatMap(({ seen }) => seen);
  await until(() => all().length === 20, "20 messages");
  assert.deepEqual(all().sort(), sent.sort());
  assert.ok(group.every(({ seen }) => seen.length > 0));
});

test("topics under $SYS come only to those who ask for them", async (t) => {
  const everything = listener(t, shared.mosquitto.url);
  const system = listener(t, shared.mosquitto.url);
  await everything.client.subscribe("#");
  await system.client.subscribe("$SYS/#");
  await system.count(1);
  const topic = freshTopic();
  await everything.client.publish(topic, "x", { qos: 1 });
  await everything.count(1);
  assert.deepEqual(everything.seen, [`${topic} x`]);
});

test("a subscription made before the connection is there is made as soon as it is", async (t) => {
  const topic = freshTopic();
  const { client, seen, count } = listener(t, shared.mosquitto.url, { autostart: false });
  const granted = client.subscribe(topic, { qos: 1 });
  const published = client.publish(topic, "first", { qos: 1 });
  await client.start();
  assert.deepEqual(await granted, [1]);
  await published;
  await count(1);
  assert.deepEqual(seen, [`${topic} first`]);
});

test("a filter that the broker refuses rejects with its name and reason code 128", async (t) => {
  const broker = await fakeBroker(
    t,
    scripts.accepts((packet, connection) => {
      if (packet.cmd !== "subscribe") return false;
      const granted = packet.subscriptions.map(({ topic }) => (topic.startsWith("secret") ? 128 : 1));
      connection.send({ cmd: "suback", messageId: packet.messageId, granted });
      return true;
    }),
  );
  const { client } = listener(t, broker.url);
  assert.deepEqual(await client.subscribe("open", { qos: 2 }), [1], "less than was asked for is no error");
  const error = await failure(client.subscribe(["open/too", "secret/a"]));
  assert.ok(error instanceof MqttError, error.message);
  assert.equal(error.code, "SUBSCRIBE_FAILED");
  assert.equal(error.reasonCode, 128);
  assert.match(error.message, /"secret\/a"/);
  assert.equal(client.connected, true);
});

test("a subscription that is never answered rejects with TIMEOUT and leaves the client connected", async (t) => {
  const broker = await fakeBroker(
    t,
    scripts.accepts(({ cmd }) => cmd === "subscribe" || cmd === "unsubscribe"),
  );
  const { client } = listener(t, { mqttserver: broker.url, acktimeout: 0.05 });
  for (const promise of [client.subscribe("a"), client.unsubscribe("b")]) {
    const error = await failure(promise);
    assert.ok(error instanceof MqttError, error.message);
    assert.equal(error.code, "TIMEOUT");
    assert.match(error.message, new RegExp(`${broker.port}.*0\\.05 s \\(acktimeout\\)`));
  }
  assert.equal(client.connected, true);
});

test("a call with many filters becomes packets that a broker takes which closes at more than 8", async (t) => {
  const most = (list) => list !== undefined && list.length > 8;
  const broker = await fakeBroker(
    t,
    scripts.accepts((packet, connection) => {
      const isTooLong = most(packet.subscriptions) || most(packet.unsubscriptions);
      if (isTooLong) connection.reset();
      return isTooLong;
    }),
  );
  const { client } = listener(t, broker.url);
  const filters = Array.from({ length: 20 }, (_, i) => `filter/${i}/+`);
  assert.deepEqual(await client.subscribe_topics(filters, { qos: 1 }), Array(20).fill(1));
  await client.unsubscribe(filters);
  assert.equal(broker.connections.length, 1);
  const sizes = broker.connections[0].packets.map((packet) => packet.subscriptions?.length);
  assert.deepEqual(sizes.slice(1, 4), [8, 8, 4]);
});

test("maxfilters is how many filters one SUBSCRIBE or UNSUBSCRIBE has", async (t) => {
  const broker = await fakeBroker(t);
  const { client } = listener(t, { mqttserver: broker.url, maxfilters: 500 });
  const filters = Array.from({ length: 500 }, (_, i) => `filter/${i}/+`);
  assert.deepEqual(await client.subscribe_topics(filters, { qos: 1 }), Array(500).fill(1));
  await client.unsubscribe(filters);
  const kinds = broker.connections[0].packets.map(({ cmd }) => cmd);
  assert.deepEqual(kinds, ["connect", "subscribe", "unsubscribe"]);
});

test("after a lost session all subscriptions are made again, those that were ended are not", async (t) => {
  const broker = await fakeBroker(t);
  const { client } = listener(t, { mqttserver: broker.url, maxmqttreconnectdelay: 0.05 });
  await client.subscribe({ a: 1, "b/#": 2, c: 0 });
  await client.unsubscribe("c");
  broker.connections[0].reset();
  const again = await until(
    () => broker.connections[1]?.packets.find(({ cmd }) => cmd === "subscribe"),
    "the second SUBSCRIBE",
  );
  assert.deepEqual(
    again.subscriptions.map(({ topic, qos }) => [topic, qos]),
    [
      ["a", 1],
      ["b/#", 2],
    ],
  );
});

test("after a kept session subscriptions are not made again", async (t) => {
  const broker = await fakeBroker(t, [
    scripts.accepts(),
    scripts.accepts(undefined, { sessionPresent: true }),
  ]);
  const { client } = listener(t, {
    mqttserver: broker.url,
    mqttclientid: "kept",
    mqttcleansession: false,
    maxmqttreconnectdelay: 0.05,
  });
  await client.subscribe("a");
  broker.connections[0].reset();
  await until(() => broker.connections[1] && client.connected, "the second connection");
  await client.publish("b", "c", { qos: 1 });
  assert.deepEqual(
    broker.connections[1].packets.map(({ cmd }) => cmd),
    ["connect", "publish"],
  );
});

test("a SUBSCRIBE that a lost connection left unanswered is sent again and then resolves", async (t) => {
  const broker = await fakeBroker(t, [
    scripts.accepts(({ cmd }, connection) => {
      if (cmd === "subscribe") connection.reset();
      return cmd === "subscribe";
    }),
    scripts.accepts(),
  ]);
  const { client } = listener(t, { mqttserver: broker.url, maxmqttreconnectdelay: 0.05 });
  assert.deepEqual(await client.subscribe("a", { qos: 2 }), [2]);
  assert.equal(broker.connections.length, 2);
});

test("subscribing in on_connect, as the original's examples do, works on every connection", async (t) => {
  const broker = await fakeBroker(t);
  const { client } = listener(
    t,
    { mqttserver: broker.url, maxmqttreconnectdelay: 0.05 },
    { on_connect: (self) => self.subscribe("test/topic") },
  );
  await client.start();
  const subscribed = (index) => broker.connections[index]?.packets.some(({ cmd }) => cmd === "subscribe");
  await until(() => subscribed(0), "SUBSCRIBE");
  broker.connections[0].reset();
  await until(() => subscribed(1), "SUBSCRIBE again");
  broker.connections[1].send({ cmd: "publish", topic: "test/topic", payload: "x", qos: 0 });
  await until(() => client.stats().received === 1, "the message");
});
