// A received message is a plain value: its fields are own properties, so that it can be printed, copied, sent to a worker,
// and wrapped in a reactive proxy.

import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import { fakeBroker, scripts } from "../support/fake-broker.mjs";
import { clientFor, until } from "./helpers.mjs";

const PROPERTIES = {
  contentType: "application/json",
  correlationData: Uint8Array.of(1, 2, 3),
  userProperties: { unit: "C", several: ["a", "b"] },
};
const PLAIN = {
  topic: "a/b",
  payload: new TextEncoder().encode('{"n":1}'),
  qos: 0,
  retain: true,
  dup: false,
  properties: PROPERTIES,
};

/** The messages that a client receives from packets sent in one chunk. */
async function receive(t, mqttversion, packets) {
  const fake = await fakeBroker(t, scripts.accepts());
  const messages = [];
  const client = clientFor(
    t,
    { mqttserver: fake.url, mqttversion },
    { on_message: (_client, _userdata, message) => messages.push(message) },
  );
  await client.start();
  const [connection] = fake.connections;
  for (const packet of packets) connection.send({ cmd: "publish", qos: 0, ...packet });
  await until(() => messages.length === packets.length, `${packets.length} messages`);
  return messages;
}

const one = async (t) => {
  const { topic, payload, retain } = PLAIN;
  const properties = { ...PROPERTIES, correlationData: Buffer.from(PROPERTIES.correlationData) };
  const [message] = await receive(t, 5, [{ topic, payload: Buffer.from(payload), retain, properties }]);
  return message;
};

test("each field of a message is an own, enumerable, writable property", async (t) => {
  const message = await one(t);
  const own = Object.getOwnPropertyDescriptors(message);
  assert.deepEqual(Object.keys(own), Object.keys(PLAIN));
  for (const [name, { value, enumerable, writable, configurable }] of Object.entries(own)) {
    assert.deepEqual(value, PLAIN[name]);
    assert.deepEqual([enumerable, writable, configurable], [true, true, true], name);
  }
});

test("spread, Object.entries, JSON and structuredClone of a message have its properties", async (t) => {
  const message = await one(t);
  assert.deepEqual({ ...message }, PLAIN);
  assert.deepEqual(Object.fromEntries(Object.entries(message)), PLAIN);
  assert.deepEqual(structuredClone(message), PLAIN);
  assert.deepEqual(JSON.parse(JSON.stringify(message)), JSON.parse(JSON.stringify(PLAIN)));
});

test("console.log of a message shows its properties", async (t) => {
  const shown = inspect(await one(t));
  assert.match(shown, /^Message \{/);
  assert.match(shown, /properties: \{[^}]*contentType: 'application\/json'/);
  assert.doesNotMatch(shown, /\[Getter/);
});

/** As reactive frameworks create it: every read goes through the proxy, which is `this` in methods and getters. */
const reactive = (target) =>
  new Proxy(target, {
    get(object, key, receiver) {
      const value = Reflect.get(object, key, receiver);
      return Object.prototype.toString.call(value) === "[object Object]" ? reactive(value) : value;
    },
  });

for (const [name, wrap] of Object.entries({
  "new Proxy(message, {})": (message) => new Proxy(message, {}),
  "a reactive proxy": reactive,
  "Object.create(message)": (message) => Object.create(message),
})) {
  test(`through ${name} everything can be read, text() and json() too`, async (t) => {
    const message = wrap(await one(t));
    assert.equal(message.topic, "a/b");
    assert.equal(message.properties.contentType, "application/json");
    assert.equal(message.properties.userProperties.unit, "C");
    assert.equal(message.text(), '{"n":1}');
    assert.deepEqual(message.json(), { n: 1 });
  });
}

test("messages of one chunk, with properties and without, each have their own", async (t) => {
  const packets = Array.from({ length: 300 }, (_, i) => ({
    topic: `t/${i % 7}`,
    payload: `${i}`,
    ...(i % 3 > 0 && { properties: { userProperties: { i: `${i}`, long: "x".repeat(i * 10) } } }),
  }));
  const messages = await receive(t, 5, packets);
  for (const [i, message] of messages.entries()) {
    assert.equal(message.topic, `t/${i % 7}`);
    assert.equal(message.text(), `${i}`);
    if (i % 3 > 0) assert.deepEqual(message.properties, packets[i].properties);
    else assert.equal(message.properties, undefined);
  }
});

for (const mqttversion of [4, 5]) {
  test(`a message without properties has them as undefined (mqttversion ${mqttversion})`, async (t) => {
    const [message] = await receive(t, mqttversion, [{ topic: "a", payload: "x" }]);
    assert.equal(message.properties, undefined);
    assert.ok(Object.hasOwn(message, "properties"));
  });
}
