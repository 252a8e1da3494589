// mqtt-lib/mqttjs: stores that are given to reconnect(), in the place of others or of none.

import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import mqtt from "mqtt-lib/mqttjs";
import { clients } from "../support/mqttjs-clients.mjs";
import { freshTopic, until } from "./helpers.mjs";

const { shared, clientOf, connected } = clients();

const kept = () => new mqtt.Store({ clean: false });

/** The texts that come to a topic. */
async function receivedOn(t, topic) {
  const receiver = await connected(t);
  await receiver.subscribeAsync(topic, { qos: 1 });
  const texts = [];
  receiver.on("message", (_topic, payload) => texts.push(`${payload}`));
  return texts;
}

test("a client without stores that is given some by reconnect connects, and they keep its messages", async (t) => {
  const topic = freshTopic();
  const texts = await receivedOn(t, topic);
  const client = await connected(t, { clean: false, clientId: freshTopic("c") });
  const errors = [];
  client.on("error", (error) => errors.push(error.message));
  await client.endAsync();
  const stores = { incomingStore: kept(), outgoingStore: kept() };
  const again = once(client, "connect");
  client.reconnect(stores);
  await again;
  await client.publishAsync(topic, "connected", { qos: 1 });
  client.options.port = 1;
  client.stream.destroy();
  await once(client, "close");
  client.publish(topic, "kept", { qos: 1 });
  await client.endAsync(true);
  client.options.port = shared.mosquitto.port;
  client.reconnect(stores);
  await until(() => texts.length === 2);
  assert.deepEqual(texts, ["connected", "kept"]);
  assert.deepEqual(errors, []);
});

test("reconnect without stores leaves what the stores before it keep", async (t) => {
  const topic = freshTopic();
  const texts = await receivedOn(t, topic);
  const outgoingStore = kept();
  const client = clientOf(t, shared.mosquitto.url, {
    clean: false,
    clientId: freshTopic("c"),
    outgoingStore,
    manualConnect: true,
  });
  client.publish(topic, "left", { qos: 1 });
  await client.endAsync(true);
  const again = once(client, "connect");
  client.reconnect();
  await again;
  await client.publishAsync(topic, "sent", { qos: 1 });
  await until(() => texts.length > 0);
  assert.deepEqual(texts, ["sent"]);
  assert.notEqual(client.outgoingStore, outgoingStore);
});

test("subscriptions go on with other stores, where the broker has no session", async (t) => {
  const topic = freshTopic();
  const client = await connected(t, { clean: false, clientId: freshTopic("c"), protocolVersion: 5 });
  await client.subscribeAsync(topic, { qos: 1 });
  await client.endAsync();
  const again = once(client, "connect");
  client.reconnect({ outgoingStore: kept() });
  assert.equal((await again)[0].sessionPresent, false);
  const message = once(client, "message");
  await client.publishAsync(topic, "a", { qos: 1 });
  await message;
  // From here on the core restores them.
  client.stream.destroy();
  await once(client, "connect");
  const another = once(client, "message");
  await client.publishAsync(topic, "b", { qos: 1 });
  assert.equal(`${(await another)[1]}`, "b");
});

test("stores can be given while the client is connected", async (t) => {
  const client = await connected(t, { clean: false, clientId: freshTopic("c") });
  const again = once(client, "connect");
  client.reconnect({ outgoingStore: kept() });
  await again;
  await client.publishAsync(freshTopic(), "a", { qos: 1 });
});

test("a store of another package is refused by reconnect, too", async (t) => {
  const client = await connected(t);
  assert.throws(() => client.reconnect({ outgoingStore: { put() {} } }), /^Error: outgoingStore: mqtt-lib/);
});

for (const method of ["put", "get", "del", "createStream"]) {
  test(`a Store with a ${method} of its own is refused: nothing would call it`, async (t) => {
    class Own extends mqtt.Store {}
    Own.prototype[method] = () => {};
    const sentence = new RegExp(`outgoingStore: .* calls no ${method}\\(\\) .*native: \\{ store`);
    const options = { clean: false, clientId: "c", manualConnect: true };
    assert.throws(
      () => mqtt.connect(shared.mosquitto.url, { ...options, outgoingStore: new Own() }),
      sentence,
    );
    const client = await connected(t);
    assert.throws(() => client.reconnect({ outgoingStore: new Own() }), sentence);
  });
}

test("a Store whose close is its own is used", async (t) => {
  let closed = 0;
  class Own extends mqtt.Store {
    close(done) {
      closed += 1;
      super.close(done);
    }
  }
  const client = await connected(t, { outgoingStore: new Own(), incomingStore: new Own() });
  await client.endAsync();
  assert.equal(closed, 2);
});
