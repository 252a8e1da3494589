// Every name of the original library has a camelCase alias; callbacks can be set at any time.

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import * as imported from "mqtt-lib";
import { scripts, startFakeBroker } from "../support/fake-broker.mjs";
import { startMosquitto } from "../support/mosquitto.mjs";
import { clientFor, freshTopic, thrown, until } from "./helpers.mjs";

const { MqttCustom, MqttError } = imported;
let broker;

before(async () => {
  broker = await startMosquitto();
});

after(() => broker?.stop());

const METHODS = {
  batch_publish: "batchPublish",
  subscribe_topics: "subscribeTopics",
  publish_high_priority: "publishHighPriority",
};
const CALLBACKS = {
  on_connect: "onConnect",
  on_disconnect: "onDisconnect",
  on_message: "onMessage",
  on_error: "onError",
};

test("import and require give the same class", () => {
  const required = createRequire(import.meta.url)("mqtt-lib");
  assert.equal(required.MqttCustom, MqttCustom);
  assert.equal(required.MqttError, MqttError);
});

test("each snake_case method has its camelCase alias", () => {
  for (const [original, alias] of Object.entries(METHODS)) {
    assert.equal(typeof MqttCustom.prototype[original], "function", original);
    assert.equal(MqttCustom.prototype[alias], MqttCustom.prototype[original], alias);
  }
  assert.equal(typeof MqttCustom.publish_high_priority, "function");
  assert.equal(MqttCustom.publishHighPriority, MqttCustom.publish_high_priority);
});

test("every method of the contract is there and returns a promise", async (t) => {
  const client = clientFor(t, broker.url);
  const topic = freshTopic();
  const calls = {
    start: () => client.start(),
    publish: () => client.publish(topic, "x"),
    batch_publish: () => client.batch_publish(topic, "x"),
    batchPublish: () => client.batchPublish(topic, "x"),
    qpublish: () => client.qpublish(topic, "x"),
    subscribe: () => client.subscribe(topic),
    subscribe_topics: () => client.subscribe_topics([topic]),
    subscribeTopics: () => client.subscribeTopics([topic]),
    unsubscribe: () => client.unsubscribe(topic),
    publish_high_priority: () => client.publish_high_priority(topic, "x"),
    flush: () => client.flush(),
  };
  const promises = Object.entries(calls).map(([name, call]) => {
    const result = call();
    assert.ok(result instanceof Promise, name);
    return result;
  });
  await Promise.all(promises);
  const stopped = client.stop();
  assert.ok(stopped instanceof Promise, "stop");
  await stopped;
});

for (const style of ["snake_case", "camelCase"]) {
  const names = Object.entries(CALLBACKS).map(([original, alias]) =>
    style === "camelCase" ? alias : original,
  );

  test(`callbacks in the options may have ${style} names`, async (t) => {
    const topic = freshTopic();
    const calls = [];
    const fake = await startFakeBroker(
      scripts.accepts((packet, connection) => {
        if (packet.cmd === "publish") connection.send({ cmd: "publish", topic, payload: "back", qos: 0 });
      }),
    );
    t.after(() => fake.stop());
    const userdata = Symbol("mine");
    const options = Object.fromEntries(names.map((name) => [name, (...all) => calls.push([name, ...all])]));
    const client = clientFor(
      t,
      { mqttserver: fake.url, maxmqttreconnectdelay: 86400 },
      { userdata, ...options },
    );
    if (style === "camelCase") client.on_error = options.onError;
    await client.start();
    await client.publish(topic, "there");
    await until(() => calls.length === 2, "on_message");
    fake.connections[0].close();
    await until(() => calls.length === 3, "on_disconnect");
    assert.deepEqual(
      calls.map(([name, self, data]) => [name, self === client, data === userdata]),
      [names[0], names[2], names[1]].map((name) => [name, true, true]),
    );
    assert.deepEqual(
      calls.map((call) => call.length),
      [5, 4, 5],
      "name, client, userdata and what each callback is given",
    );
    assert.equal(calls[0][4], 0);
    assert.equal(calls[1][3].text(), "back");
    assert.equal(calls[2][3], 7);
  });

  test(`callbacks may be assigned later under ${style} names, exchanged, and taken away`, async (t) => {
    const topic = freshTopic();
    const on_message = names[2];
    const client = clientFor(t, broker.url);
    const seen = { first: [], second: [] };
    const say = (list) => (self, userdata, message) => list.push([self === client, userdata, message.text()]);
    await client.subscribe(topic);

    client[on_message] = say(seen.first);
    await client.publish(topic, "1", { qos: 1 });
    await until(() => seen.first.length === 1, "the first message");

    client[on_message] = say(seen.second);
    await client.publish(topic, "2", { qos: 1 });
    await until(() => seen.second.length === 1, "the second message");

    client[on_message] = null;
    await client.publish(topic, "3", { qos: 1 });
    await until(() => client.stats().received === 3, "the third message");
    assert.deepEqual(seen, { first: [[true, undefined, "1"]], second: [[true, undefined, "2"]] });
  });
}

test("a callback reads the same under both its names", (t) => {
  const client = clientFor(t, broker.url);
  for (const [original, alias] of Object.entries(CALLBACKS)) {
    const [one, two] = [() => {}, () => {}];
    client[original] = one;
    assert.equal(client[alias], one);
    client[alias] = two;
    assert.equal(client[original], two);
    client[alias] = undefined;
    assert.equal(client[original] ?? null, null);
  }
});

test("on_connect assigned in the turn of the constructor hears of the first connection", async (t) => {
  const client = clientFor(t, broker.url);
  const calls = [];
  client.on_connect = (self, userdata, flags, rc) =>
    calls.push([self === client, userdata, flags.sessionPresent, rc]);
  await client.start();
  assert.deepEqual(calls, [[true, undefined, false, 0]]);
});

test("a callback that is not a function is refused by name, and the old one stays", (t) => {
  const client = clientFor(t, broker.url);
  const old = () => {};
  for (const [original, alias] of Object.entries(CALLBACKS)) {
    client[original] = old;
    for (const name of [original, alias]) {
      const error = thrown(() => {
        client[name] = "later";
      });
      assert.ok(error instanceof TypeError);
      assert.match(error.message, new RegExp(`${original} must be a function; a string was given`));
    }
    assert.equal(client[original], old);
  }
});

test("a message has topic, payload, qos, retain, dup, text() and json()", async (t) => {
  const topic = freshTopic();
  let message;
  const client = clientFor(t, broker.url, {
    on_message: (_client, _userdata, received) => {
      message = received;
    },
  });
  await client.subscribe(topic, { qos: 2 });
  await client.publish(topic, '{"ä":[1,2]}', { qos: 2 });
  await until(() => message, "the message");
  assert.equal(message.topic, topic);
  assert.ok(message.payload instanceof Uint8Array);
  assert.equal(message.qos, 2);
  assert.equal(message.retain, false);
  assert.equal(message.dup, false);
  assert.equal(message.text(), '{"ä":[1,2]}');
  assert.deepEqual(message.json(), { ä: [1, 2] });
});
