// batch_publish: the items of a batch are published as one message, a JSON array in their order.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { MqttError } from "mqtt-lib";
import { scripts, startFakeBroker } from "../support/fake-broker.mjs";
import { startMosquitto } from "../support/mosquitto.mjs";
import { clientFor, collect, failure, freshTopic, until } from "./helpers.mjs";

let broker;

before(async () => {
  broker = await startMosquitto();
});

after(() => broker?.stop());

/** A subscriber, and a client whose batches are sent only when they are full. */
async function pair(t, credentials = {}) {
  const topic = freshTopic();
  const received = await collect(t, broker.url, `${topic}/#`, { qos: 2 });
  const client = clientFor(t, { mqttserver: broker.url, publishinterval: 3600, ...credentials });
  await client.start();
  return { topic, received, client };
}

test("the fifth item sends one message with all five, in order", async (t) => {
  const { topic, received, client } = await pair(t);
  const promises = [1, "two", null, [4], { five: 5 }].map((item) => client.batch_publish(topic, item));
  assert.equal(client.stats().sent, 0, "not before the turn ends");
  assert.deepEqual(await Promise.all(promises), Array(5).fill(undefined));
  await received.count(1);
  assert.equal(received[0].text(), '[1,"two",null,[4],{"five":5}]');
  assert.equal(client.stats().sent, 1);
  assert.equal(client.stats().queued, 0);
});

test("four items wait, and are counted as queued", async (t) => {
  const { topic, client } = await pair(t);
  let settled = false;
  for (let i = 0; i < 4; i++) {
    client.batch_publish(topic, i).then(() => {
      settled = true;
    });
  }
  await client.publish(topic, "another message is not held up", { qos: 1 });
  assert.equal(client.stats().queued, 4);
  assert.equal(client.stats().sent, 1);
  assert.equal(settled, false);
});

test("batchsize says how many, and items beyond a multiple of it wait for the next batch", async (t) => {
  const { topic, received, client } = await pair(t, { batchsize: 3 });
  const all = Array.from({ length: 8 }, (_, i) => client.batch_publish(topic, i));
  await Promise.all(all.slice(0, 6));
  assert.equal(client.stats().queued, 2);
  await client.flush();
  await received.count(3);
  assert.deepEqual(received.texts(), ["[0,1,2]", "[3,4,5]", "[6,7]"]);
  await Promise.all(all);
});

test("batchsize 1 sends every item as an array of one", async (t) => {
  const { topic, received, client } = await pair(t, { batchsize: 1 });
  await Promise.all([client.batch_publish(topic, "a"), client.batchPublish(topic, "b")]);
  await received.count(2);
  assert.deepEqual(received.texts(), ['["a"]', '["b"]']);
});

test("batches are kept by topic, by QoS and by retain", async (t) => {
  const { topic, received, client } = await pair(t);
  const kinds = [
    [`${topic}/a`, {}],
    [`${topic}/b`, {}],
    [`${topic}/a`, { qos: 1 }],
    [`${topic}/a`, { qos: 2 }],
    [`${topic}/a`, { qos: 1, retain: true }],
  ];
  const all = [];
  for (const item of [1, 2, 3]) {
    kinds.forEach(([to, options], kind) => {
      all.push(client.batch_publish(to, `${kind}-${item}`, options));
    });
  }
  assert.equal(client.stats().queued, 15);
  await client.flush();
  await Promise.all(all);
  await received.count(5);
  const shown = received.map((message) => [
    message.topic,
    message.qos,
    message.json()[0][0],
    message.json().length,
  ]);
  assert.deepEqual(shown.sort(), [
    [`${topic}/a`, 0, "0", 3],
    [`${topic}/a`, 1, "2", 3],
    [`${topic}/a`, 1, "4", 3],
    [`${topic}/a`, 2, "3", 3],
    [`${topic}/b`, 0, "1", 3],
  ]);
  const later = await collect(t, broker.url, `${topic}/#`);
  await later.count(1);
  assert.deepEqual(later[0].json(), ["4-1", "4-2", "4-3"]);
  await client.publish(`${topic}/a`, "", { retain: true, qos: 1 });
});

test("an item is serialised when the call is made", async (t) => {
  const { topic, received, client } = await pair(t, { batchsize: 2 });
  const item = { count: 1 };
  client.batch_publish(topic, item);
  item.count = 2;
  await client.batch_publish(topic, item);
  await received.count(1);
  assert.deepEqual(received[0].json(), [{ count: 1 }, { count: 2 }]);
});

test("an item is any JSON value, toJSON included", async (t) => {
  const { topic, received, client } = await pair(t);
  const items = [
    "",
    'quotes " and \\ and \n and \u2028',
    "grüße 世界 🌍",
    -0.5,
    true,
    false,
    null,
    [],
    {},
    [[["deep"]]],
    new Date(0),
    { toJSON: () => "mine" },
    Number.NaN,
    "x".repeat(400_000),
  ];
  for (const item of items) client.batch_publish(topic, item);
  await client.flush();
  await received.count(3);
  assert.deepEqual(
    received.flatMap((message) => message.json()),
    JSON.parse(JSON.stringify(items)),
  );
});

test("a batch goes out publishinterval after its first item", async (t) => {
  const { topic, received, client } = await pair(t, { publishinterval: 0.1 });
  await Promise.all([1, 2, 3].map((item) => client.batch_publish(topic, item)));
  await received.count(1);
  assert.deepEqual(received.texts(), ["[1,2,3]"]);
  await client.batch_publish(topic, 4);
  await received.count(2);
  assert.equal(received[1].text(), "[4]");
});

test("each topic has an interval of its own", async (t) => {
  const { topic, received, client } = await pair(t, { publishinterval: 0.1 });
  const order = [];
  const first = client.batch_publish(`${topic}/a`, 1).then(() => order.push("a"));
  await new Promise((resolve) => setTimeout(resolve, 50));
  const second = client.batch_publish(`${topic}/b`, 2).then(() => order.push("b"));
  await Promise.all([first, second]);
  await received.count(2);
  assert.deepEqual(order, ["a", "b"]);
  assert.deepEqual(received.texts(), ["[1]", "[2]"]);
});

test("flush() sends every batch now and resolves when all are published", async (t) => {
  const { topic, received, client } = await pair(t);
  let published = 0;
  for (const name of ["a", "b", "c"]) {
    client.batch_publish(`${topic}/${name}`, name, { qos: 1 }).then(() => published++);
  }
  await client.flush();
  assert.equal(published, 3);
  await received.count(3);
  assert.deepEqual(received.texts(), ['["a"]', '["b"]', '["c"]']);
  await client.flush();
});

test("stop() sends pending batches first", async (t) => {
  const { topic, received, client } = await pair(t);
  const all = [1, 2, 3].map((item) => client.batch_publish(topic, item));
  await client.stop();
  await Promise.all(all);
  await received.count(1);
  assert.deepEqual(received.texts(), ["[1,2,3]"]);
});

test("items of all promises of a batch end together, on PUBACK", async (t) => {
  const held = [];
  const fake = await startFakeBroker(
    scripts.accepts((packet, connection) => packet.cmd === "publish" && held.push([packet, connection])),
  );
  t.after(() => fake.stop());
  const client = clientFor(t, fake.url);
  await client.start();
  let ended = 0;
  const all = Array.from({ length: 5 }, (_, i) =>
    client.batch_publish("a", i, { qos: 1 }).then(() => ended++),
  );
  await until(() => held.length === 1, "PUBLISH");
  assert.equal(ended, 0);
  const [[{ messageId }, connection]] = held;
  connection.send({ cmd: "puback", messageId });
  await Promise.all(all);
  assert.equal(ended, 5);
});

test("a batch that was begun offline or before a lost connection goes out on the next one", async (t) => {
  const fake = await startFakeBroker();
  t.after(() => fake.stop());
  const client = clientFor(
    t,
    { mqttserver: fake.url, maxmqttreconnectdelay: 0.05, publishinterval: 3600 },
    { autostart: false },
  );
  client.batch_publish("a", 1);
  client.batch_publish("a", 2);
  await client.start();
  client.batch_publish("a", 3);
  (await fake.connection()).reset();
  await until(() => fake.connections.length === 2 && client.connected, "the second connection");
  client.batch_publish("a", 4);
  await client.batch_publish("a", 5, { qos: 0 });
  const publishes = () =>
    fake.connections.flatMap(({ packets }) => packets.filter(({ cmd }) => cmd === "publish"));
  await until(() => publishes().length > 0, "PUBLISH");
  assert.deepEqual(
    publishes().map(({ payload }) => payload.toString()),
    ["[1,2,3,4,5]"],
  );
});

test("an item that is too large for a batch is refused, and disturbs the batch in no way", async (t) => {
  const { topic, received, client } = await pair(t, { batchsize: 2 });
  const first = client.batch_publish(topic, 1);
  const error = await failure(client.batch_publish(topic, "x".repeat(17 << 20)));
  assert.ok(error instanceof MqttError, error.message);
  assert.equal(error.code, "PACKET_TOO_LARGE");
  assert.match(error.message, /16 MiB/);
  await Promise.all([first, client.batch_publish(topic, 2)]);
  await received.count(1);
  assert.deepEqual(received.texts(), ["[1,2]"]);
});

test("items whose options or length need another path join the batch that is there, and all promises settle", async (t) => {
  const { topic, received, client } = await pair(t);
  const large = "x".repeat(400_000);
  const orders = [
    [[1], [2, {}], [3, null], [4, undefined]],
    [[1, {}], [2], [3, null], [4, {}]],
    [[1], [large], [3], [large]],
    [[large], [2], [3, {}], [4, { qos: 0 }]],
  ];
  for (const [number, items] of orders.entries()) {
    const promises = items.map(([item, ...options]) =>
      client.batch_publish(`${topic}/${number}`, item, ...options),
    );
    client.flush();
    assert.deepEqual(await Promise.all(promises), Array(4).fill(undefined));
    await received.count(number + 1);
    assert.deepEqual(
      JSON.parse(received[number].text()),
      items.map(([item]) => item),
    );
  }
});
