// Delivery of messages: to the handler of the subscription, to on_message, to loops over messages().

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import mqttPacket from "mqtt-packet";
import { scripts, startFakeBroker } from "../support/fake-broker.mjs";
import { startMosquitto } from "../support/mosquitto.mjs";
import { clientFor, freshTopic, thrown, until } from "./helpers.mjs";

let broker;

before(async () => {
  broker = await startMosquitto();
});

after(() => broker?.stop());

/** A client, and a log of which handler got which message. */
function logged(t, options = {}) {
  const log = [];
  const handler = (name) => (_client, _userdata, message) => log.push(`${name}: ${message.text()}`);
  const client = clientFor(t, broker.url, { on_message: handler("on_message"), ...options });
  const send = async (topic, ...texts) => {
    for (const text of texts) await client.publish(topic, text, { qos: 1 });
  };
  return { log, handler, client, send, count: (n) => until(() => log.length >= n, `${n} calls; ${log}`) };
}

test("a handler gets the messages of its subscription, on_message those of all others", async (t) => {
  const topic = freshTopic();
  const { log, handler, client, send, count } = logged(t);
  await client.subscribe(`${topic}/a`, {}, handler("a"));
  await client.subscribe(`${topic}/b`);
  await send(`${topic}/a`, "1");
  await send(`${topic}/b`, "2");
  await send(`${topic}/a`, "3");
  await count(3);
  assert.deepEqual(log, ["a: 1", "on_message: 2", "a: 3"]);
});

test("a handler is given client, userdata and message, as on_message is", async (t) => {
  const topic = freshTopic();
  const userdata = { mine: true };
  const { client, send } = logged(t, { userdata });
  let given;
  await client.subscribe(topic, {}, (...all) => {
    given = all;
  });
  await send(topic, "x");
  await until(() => given, "the handler");
  assert.equal(given.length, 3);
  assert.equal(given[0], client);
  assert.equal(given[1], userdata);
  assert.equal(given[2].topic, topic);
});

test("the handler may stand right behind the topic", async (t) => {
  const topic = freshTopic();
  const { log, handler, client, send, count } = logged(t);
  assert.deepEqual(await client.subscribe(topic, handler("second argument")), [0]);
  await send(topic, "x");
  await count(1);
  assert.deepEqual(log, ["second argument: x"]);
});

test("a handler serves all filters of its call, wildcards included", async (t) => {
  const topic = freshTopic();
  const { log, handler, client, send, count } = logged(t);
  await client.subscribe_topics([`${topic}/+/x`, `${topic}/deep/#`], { qos: 1 }, handler("both"));
  await send(`${topic}/1/x`, "1");
  await send(`${topic}/deep/er`, "2");
  await count(2);
  assert.deepEqual(log, ["both: 1", "both: 2"]);
});

test("when filters overlap every handler that matches is called, once for each message that comes", async (t) => {
  const { log, handler, client } = logged(t);
  const fake = await startFakeBroker();
  t.after(() => fake.stop());
  await client.stop();
  const other = clientFor(t, fake.url, { on_message: handler("on_message") });
  await other.subscribe("a/+", handler("plus"));
  await other.subscribe("a/#", handler("hash"));
  await other.subscribe("#");
  fake.connections[0].send({ cmd: "publish", topic: "a/b", payload: "1", qos: 0 });
  fake.connections[0].send({ cmd: "publish", topic: "b", payload: "2", qos: 0 });
  await until(() => log.length >= 3, "three calls");
  assert.deepEqual(log, ["plus: 1", "hash: 1", "on_message: 2"]);
});

test("subscribing again adds a handler; without one nothing changes", async (t) => {
  const topic = freshTopic();
  const { log, handler, client, send, count } = logged(t);
  await client.subscribe(topic, handler("first"));
  await send(topic, "1");
  await count(1);
  await client.subscribe(topic, handler("second"));
  await send(topic, "2");
  await count(3);
  await client.subscribe(topic);
  await send(topic, "3");
  await count(5);
  assert.deepEqual(log, ["first: 1", "first: 2", "second: 2", "first: 3", "second: 3"]);
});

test("unsubscribe forgets the handler", async (t) => {
  const topic = freshTopic();
  const { log, handler, client, send, count } = logged(t);
  await client.subscribe(topic, handler("gone"));
  await client.unsubscribe(topic);
  await client.subscribe(`${topic}/#`);
  await send(topic, "1");
  await count(1);
  assert.deepEqual(log, ["on_message: 1"]);
});

test("handlers live on after a reconnect", async (t) => {
  const fake = await startFakeBroker();
  t.after(() => fake.stop());
  const texts = [];
  const client = clientFor(t, { mqttserver: fake.url, maxmqttreconnectdelay: 0.05 });
  await client.subscribe("a", (_client, _userdata, message) => texts.push(message.text()));
  fake.connections[0].reset();
  const second = await until(
    () => fake.connections[1]?.packets.length === 2 && fake.connections[1],
    "SUBSCRIBE",
  );
  second.send({ cmd: "publish", topic: "a", payload: "again", qos: 0 });
  await until(() => texts.length > 0, "the message");
  assert.deepEqual(texts, ["again"]);
});

test("messages() gives every message to a loop, on_message and handlers get them too", async (t) => {
  const topic = freshTopic();
  const { log, handler, client, send } = logged(t);
  const all = client.messages();
  await client.subscribe(`${topic}/a`);
  await client.subscribe(`${topic}/b`, handler("handler"));
  await send(`${topic}/a`, "1", "2");
  await send(`${topic}/b`, "3");
  const seen = [];
  for await (const message of all) {
    seen.push([message.topic, message.text()]);
    if (seen.length === 3) break;
  }
  assert.deepEqual(seen, [
    [`${topic}/a`, "1"],
    [`${topic}/a`, "2"],
    [`${topic}/b`, "3"],
  ]);
  assert.deepEqual(log, ["on_message: 1", "on_message: 2", "handler: 3"]);
});

test("messages(filter) gives those that match, to each of several loops", async (t) => {
  const topic = freshTopic();
  const { client, send } = logged(t);
  const some = client.messages(`${topic}/+/x`);
  const same = client.messages(`${topic}/+/x`);
  await client.subscribe(`${topic}/#`, { qos: 1 });
  await send(`${topic}/1/x`, "1");
  await send(`${topic}/1/y`, "2");
  await send(`${topic}/2/x`, "3");
  for (const iterator of [some, same]) {
    assert.equal((await iterator.next()).value.text(), "1");
    assert.equal((await iterator.next()).value.text(), "3");
  }
});

test("a loop that breaks gets no more, and other loops go on", async (t) => {
  const topic = freshTopic();
  const { client, send } = logged(t);
  const loops = [client.messages(), client.messages(topic), client.messages(topic)];
  await client.subscribe(topic);
  await send(topic, "1");
  for (const loop of loops.slice(0, 2)) {
    for await (const message of loop) {
      assert.equal(message.text(), "1");
      break;
    }
  }
  await send(topic, "2");
  assert.equal((await loops[2].next()).value.text(), "1");
  assert.equal((await loops[2].next()).value.text(), "2");
  for (const loop of loops.slice(0, 2)) assert.deepEqual(await loop.next(), { done: true, value: undefined });
});

test("stop() ends the loops, after what has come already", async (t) => {
  const topic = freshTopic();
  const { client, send } = logged(t);
  const [read, unread, filtered] = [client.messages(), client.messages(), client.messages("nothing/such")];
  const waiting = read.next();
  await client.subscribe(topic);
  await send(topic, "1");
  assert.equal((await waiting).value.text(), "1");
  const [open, other] = [read.next(), filtered.next()];
  await client.stop();
  assert.deepEqual(await open, { done: true, value: undefined });
  assert.deepEqual(await other, { done: true, value: undefined });
  const left = [];
  for await (const message of unread) left.push(message.text());
  assert.deepEqual(left, ["1"]);
});

test("several next() calls at once are answered in their order", async (t) => {
  const topic = freshTopic();
  const { client, send } = logged(t);
  await client.subscribe(topic);
  const loop = client.messages();
  const asked = [loop.next(), loop.next(), loop.next()];
  await send(topic, "1", "2", "3");
  const answers = await Promise.all(asked);
  assert.deepEqual(
    answers.map(({ value }) => value.text()),
    ["1", "2", "3"],
  );
});

test("messages() may be asked for before the client is started, and lives through reconnects", async (t) => {
  const fake = await startFakeBroker();
  t.after(() => fake.stop());
  const client = clientFor(t, { mqttserver: fake.url, maxmqttreconnectdelay: 0.05 }, { autostart: false });
  const loop = client.messages("a/#");
  client.subscribe("a/#");
  await client.start();
  const send = (connection, payload) => connection.send({ cmd: "publish", topic: "a/b", payload, qos: 0 });
  send(fake.connections[0], "first");
  assert.equal((await loop.next()).value.text(), "first");
  fake.connections[0].reset();
  await until(() => fake.connections[1] && client.connected, "the second connection");
  send(fake.connections[1], "second");
  assert.equal((await loop.next()).value.text(), "second");
});

test("a loop that is too slow loses nothing: the socket is not read until the loop goes on", async (t) => {
  const fake = await startFakeBroker();
  t.after(() => fake.stop());
  const client = clientFor(t, fake.url);
  const loop = client.messages();
  await client.subscribe("t");
  for (let i = 0; i < 10_003; i++) {
    fake.connections[0].send({ cmd: "publish", topic: "t", payload: String(i), qos: 0 });
  }
  await until(() => client.stats().unhandled >= 1_000, "the bound is reached");
  for (let i = 0; i < 10_003; i++) assert.equal((await loop.next()).value.text(), String(i));
  assert.equal(client.stats().dropped, 0);
  assert.deepEqual(client.errors, []);
});

test("messages() with what is no filter throws a TypeError that names it", async (t) => {
  const { client } = logged(t);
  for (const [filter, word] of [
    ["a+", /"a\+"/],
    ["a/#/b", /"a\/#\/b"/],
    ["", /empty/],
    [7, /a number was given/],
  ]) {
    const error = thrown(() => client.messages(filter));
    assert.ok(error instanceof TypeError, error.message);
    assert.equal(error.code, "INVALID_TOPIC");
    assert.match(error.message, word);
  }
});

test("calls made from a handler leave the other messages of the same chunk as they are", async (t) => {
  const fake = await startFakeBroker(scripts.accepts(({ cmd }) => cmd === "publish"));
  t.after(() => fake.stop());
  const seen = [];
  const large = new Uint8Array(1 << 20);
  const client = clientFor(
    t,
    { mqttserver: fake.url, stoptimeout: 0.05 },
    {
      on_message(self, _userdata, message) {
        seen.push(`${message.topic} ${message.text()}`);
        // Changes the routes, makes the memory grow, and sends bytes.
        self.subscribe(`other/${seen.length}`, () => {});
        self.messages("some/+");
        self.publish("t", large, { qos: 1 });
        self.unsubscribe(`other/${seen.length - 1}`);
      },
    },
  );
  await client.subscribe("#");
  const acknowledged = [1, 2, 3].map((i) => client.publish("t", i, { qos: 1 }));
  const [connection] = fake.connections;
  const published = () => connection.packets.filter(({ cmd }) => cmd === "publish");
  await until(() => published().length === 3, "three PUBLISH packets");
  const parts = published().flatMap(({ messageId }, i) => [
    mqttPacket.generate({ cmd: "publish", topic: `topic/${i}`, payload: `first ${i}`, qos: 0 }),
    mqttPacket.generate({ cmd: "puback", messageId }),
    mqttPacket.generate({ cmd: "publish", topic: `topic/${i}/more`, payload: `second ${i}`, qos: 0 }),
  ]);
  connection.write(Buffer.concat(parts));
  await Promise.all(acknowledged);
  await until(() => seen.length >= 6, "six messages");
  assert.deepEqual(
    seen,
    [0, 1, 2].flatMap((i) => [`topic/${i} first ${i}`, `topic/${i}/more second ${i}`]),
  );
  assert.deepEqual(client.errors, []);
});
