// Two handlers on filters that overlap: each is called once for a message, by subscription identifiers of the engine, where
// the broker has them. Against Mosquitto as Debian ships it, which sends a copy for each subscription, aedes 2, which sends one
// copy with one of the identifiers, and a broker without.

import assert from "node:assert/strict";
import { createServer } from "node:net";
import { test } from "node:test";
import { Aedes } from "aedes-mqtt5";
import mosquitto from "../brokers/brokers/mosquitto.mjs";
import { fakeBroker, scripts } from "../support/fake-broker.mjs";
import { sharedFixtures } from "../support/fixtures.mjs";
import { startProxy } from "../support/proxy.mjs";
import { clientFor, freshTopic, until } from "./helpers.mjs";

const shared = sharedFixtures({ stock: mosquitto.start, aedes: startAedes5 });
const five = (more = {}) => ({ mqttserver: shared.stock.nodes[0].urls[5].mqtt, mqttversion: 5, ...more });
/** Brokers of both kinds. */
const brokers = {
  mosquitto: () => five(),
  "aedes 2": () => ({ mqttserver: shared.aedes.url, mqttversion: 5 }),
};

/** Aedes 2: of several identifiers it sends one. */
async function startAedes5() {
  const broker = await Aedes.createBroker();
  const server = createServer(broker.handle);
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `mqtt://127.0.0.1:${server.address().port}`,
    stop: async () => {
      await new Promise((resolve) => broker.close(resolve));
      server.close();
    },
  };
}

/** Subscribes handlers that log their name and the text of each message. */
async function subscribed(client, filters, log, options) {
  for (const [name, filter] of Object.entries(filters)) {
    await client.subscribe(filter, options, (_client, _userdata, message) => {
      log.push(`${name} ${message.text()}`);
      log.messages?.push(message);
    });
  }
}

/** Publishes, and waits until a message behind it has arrived. */
async function published(client, topic, texts, options = { qos: 1 }) {
  const end = freshTopic();
  const loop = client.messages(end);
  await client.subscribe(end, { qos: 1 });
  for (const text of texts) await client.publish(topic, text, options);
  await client.publish(end, "end", { qos: 1 });
  await loop.next();
  await loop.return();
}

for (const [name, credentials] of Object.entries(brokers)) {
  for (const qos of [0, 1, 2]) {
    test(`${name}: each handler of three filters that overlap is called once for a message of QoS ${qos}`, async (t) => {
      const client = clientFor(t, credentials());
      const base = freshTopic();
      const log = [];
      await subscribed(client, { one: `${base}/a`, plus: `${base}/+`, all: `${base}/#` }, log, { qos });
      await published(client, `${base}/a`, ["first", "first", "second"], { qos });
      const expected = ["first", "first", "second"].flatMap((text) =>
        ["one", "plus", "all"].map((name) => `${name} ${text}`),
      );
      assert.deepEqual(log.toSorted(), expected.toSorted());
      assert.equal(client.errors.length, 0);
    });
  }

  test(`${name}: each handler that addHandler has added is called once, also beside one of subscribe`, async (t) => {
    const client = clientFor(t, credentials());
    const base = freshTopic();
    const log = [];
    const add = (handler, filter) =>
      client.addHandler(filter, (_client, _userdata, message) => log.push(`${handler} ${message.text()}`), {
        qos: 1,
      });
    const plus = add("plus", `${base}/+`);
    const all = add("all", `${base}/#`);
    const second = add("second", `${base}/#`);
    await Promise.all([plus.ready, all.ready, second.ready]);
    await subscribed(client, { one: `${base}/a` }, log, { qos: 1 });
    await published(client, `${base}/a`, ["x", "y"]);
    const expected = (...names) => ["x", "y"].flatMap((text) => names.map((name) => `${name} ${text}`));
    assert.deepEqual(log.toSorted(), expected("all", "one", "plus", "second").toSorted());
    log.length = 0;
    await plus.remove();
    await published(client, `${base}/a`, ["x", "y"]);
    assert.deepEqual(log.toSorted(), expected("all", "one", "second").toSorted());
  });

  test(`${name}: a subscription without a handler brings the handler of another one no further call`, async (t) => {
    const client = clientFor(t, credentials());
    const base = freshTopic();
    const log = [];
    const others = [];
    client.on_message = (_client, _userdata, message) => {
      if (message.topic.startsWith(base)) others.push(message.text());
    };
    await client.subscribe(`${base}/#`, { qos: 1 });
    await subscribed(client, { plus: `${base}/+` }, log, { qos: 1 });
    await published(client, `${base}/a`, ["x", "y"]);
    await published(client, `${base}/a/b`, ["z"]);
    assert.deepEqual(log, ["plus x", "plus y"]);
    assert.deepEqual(others, ["z"]);
    assert.equal(client.errors.length, 0);
  });
}

test("the topic and the properties of such a message are the publisher's", async (t) => {
  const client = clientFor(t, five());
  const base = freshTopic();
  const log = Object.assign([], { messages: [] });
  await subscribed(client, { plus: `${base}/+`, all: `${base}/#` }, log, { qos: 1 });
  await published(client, `${base}/a`, ["bare"]);
  await published(client, `${base}/a`, ["typed"], { qos: 1, properties: { contentType: "text/plain" } });
  assert.equal(log.length, 4);
  for (const message of log.messages) {
    assert.equal(message.topic, `${base}/a`);
    const typed = message.text() === "typed";
    assert.deepEqual({ ...message.properties }, typed ? { contentType: "text/plain" } : {});
    assert.equal(message.properties === undefined, !typed);
  }
});

test("an identifier that the user gives is in the properties, and no other", async (t) => {
  const client = clientFor(t, five());
  const base = freshTopic();
  const log = Object.assign([], { messages: [] });
  await client.subscribe(`${base}/a`, { qos: 1, properties: { subscriptionIdentifier: 7 } });
  await subscribed(client, { plus: `${base}/+`, all: `${base}/#` }, log, { qos: 1 });
  await published(client, `${base}/a`, ["x"]);
  const ids = log.messages.map((message) => message.properties?.subscriptionIdentifier);
  for (const id of ids) assert.ok(id === undefined || id === 7, `${id}`);
});

test("retained messages come once for each subscription, also to the filter that is subscribed again", async (t) => {
  const client = clientFor(t, five());
  const base = freshTopic();
  await client.publish(`${base}/a`, "kept", { qos: 1, retain: true });
  const log = [];
  await subscribed(client, { plus: `${base}/+` }, log, { qos: 1 });
  await until(() => log.length === 1);
  await subscribed(client, { all: `${base}/#` }, log, { qos: 1 });
  await published(client, freshTopic(), []);
  assert.deepEqual(log.toSorted(), ["all kept", "plus kept"]);
  await client.publish(`${base}/a`, "", { qos: 1, retain: true });
});

for (const kept of [true, false]) {
  test(`after a reconnect, in a session that is ${kept ? "kept" : "lost"}, each handler is called once`, async (t) => {
    const proxy = await startProxy({ port: Number(new URL(shared.stock.nodes[0].urls[5].mqtt).port) });
    t.after(() => proxy.stop());
    const mqttclientid = `overlapping-${process.pid}`;
    const credentials = {
      mqttserver: proxy.url,
      mqttclientid,
      mqttcleansession: !kept,
      maxmqttreconnectdelay: 0.05,
    };
    const client = clientFor(t, five(credentials));
    const base = freshTopic();
    const log = [];
    await subscribed(client, { plus: `${base}/+`, all: `${base}/#` }, log, { qos: 1 });
    proxy.cutAll(true);
    await until(() => client.stats().reconnects === 1 && client.connected, "the next connection");
    await published(client, `${base}/a`, ["x"]);
    assert.deepEqual(log.toSorted(), ["all x", "plus x"]);
  });
}

test("after unsubscribe of one filter the handler of the other still gets each message once", async (t) => {
  const client = clientFor(t, five());
  const base = freshTopic();
  const log = [];
  await subscribed(client, { plus: `${base}/+`, all: `${base}/#` }, log, { qos: 1 });
  await client.unsubscribe(`${base}/#`);
  await published(client, `${base}/a`, ["x"]);
  assert.deepEqual(log, ["plus x"]);
});

test("with a broker without subscription identifiers none is sent, and each handler gets every copy", async (t) => {
  const subscribes = [];
  const hook = (packet, connection) => {
    if (packet.cmd !== "subscribe") return false;
    subscribes.push(packet);
    connection.send({ cmd: "suback", messageId: packet.messageId, granted: [0] });
    return true;
  };
  const connack = { properties: { subscriptionIdentifiersAvailable: false } };
  const broker = await fakeBroker(t, scripts.accepts(hook, connack));
  const client = clientFor(t, { mqttserver: broker.url, mqttversion: 5 });
  const log = [];
  await subscribed(client, { plus: "a/+", all: "a/#" }, log);
  assert.deepEqual(
    subscribes.map(({ subscriptions, properties }) => [
      subscriptions[0].topic,
      properties?.subscriptionIdentifier,
    ]),
    [
      ["a/+", undefined],
      ["a/#", undefined],
    ],
  );
  for (const payload of ["x", "x"])
    broker.connections[0].send({ cmd: "publish", topic: "a/b", payload, qos: 0 });
  await until(() => log.length === 4);
});

test("MQTT 3.1.1 with one copy of a message calls each handler once", async (t) => {
  const client = clientFor(t, { mqttserver: shared.stock.nodes[0].urls[4].mqtt });
  const base = freshTopic();
  const log = [];
  await subscribed(client, { plus: `${base}/+`, all: `${base}/#` }, log, { qos: 1 });
  await published(client, `${base}/a`, ["x"]);
  assert.deepEqual(log.toSorted(), ["all x", "plus x"]);
});
