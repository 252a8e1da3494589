// A loop of publishes results in few sends: one for about 64 KiB, not one for each message.

import assert from "node:assert/strict";
import { Socket } from "node:net";
import { test } from "node:test";
import { startEmbedded } from "../support/embedded.mjs";
import { sharedFixtures } from "../support/fixtures.mjs";
import { startMosquitto } from "../support/mosquitto.mjs";
import { clientFor, collect, freshTopic } from "./helpers.mjs";

const shared = sharedFixtures({
  mosquitto: () => startMosquitto({ config: "max_queued_messages 0\nmax_inflight_messages 0" }),
  aedes: startEmbedded,
});

/** Counts the writes of this process to the port until the test ends. */
function countWrites(t, port) {
  const counts = { writes: 0, bytes: 0 };
  const write = Socket.prototype.write;
  t.mock.method(Socket.prototype, "write", function (data, ...rest) {
    if (this.remotePort === port) {
      counts.writes += 1;
      counts.bytes += data.length;
    }
    return write.call(this, data, ...rest);
  });
  return counts;
}

const COUNT = 10_000;
const sent = Array.from({ length: COUNT }, (_, i) => `message ${i}`);

const brokers = {
  "mosquitto over TCP": () => [shared.mosquitto.url, shared.mosquitto.url, shared.mosquitto.port],
  "mosquitto over WebSocket": () => [shared.mosquitto.wsUrl, shared.mosquitto.url, shared.mosquitto.wsPort],
  "aedes over TCP": () => [shared.aedes.url, shared.aedes.url, shared.aedes.port],
  "aedes over WebSocket": () => [shared.aedes.wsUrl, shared.aedes.url, shared.aedes.port],
};

for (const [name, where] of Object.entries(brokers)) {
  test(`10,000 publishes in a loop to ${name} are fewer than 100 sends, and all arrive in order`, async (t) => {
    const [url, subscriberUrl, port] = where();
    const topic = freshTopic();
    const received = await collect(t, subscriberUrl, topic);
    const client = clientFor(t, url);
    await client.start();
    const counts = countWrites(t, port);
    for (const text of sent) client.publish(topic, text);
    await client.flush();
    await received.count(COUNT);
    assert.deepEqual(received.texts(), sent);
    assert.ok(counts.writes < 100, `${counts.writes} writes`);
    assert.ok(counts.bytes > COUNT * topic.length, "it is this client's writes that were counted");
    assert.equal(client.stats().sent, COUNT);
  });
}

test("10,000 publishes of QoS 1 in one turn fill the window with fewer than 100 sends", async (t) => {
  const topic = freshTopic();
  const received = await collect(t, shared.mosquitto.url, topic, { qos: 1 });
  const client = clientFor(t, { mqttserver: shared.mosquitto.wsUrl, maxinflight: 10_000 });
  await client.start();
  const counts = countWrites(t, shared.mosquitto.wsPort);
  const all = sent.map((text) => client.publish(topic, text, { qos: 1 }));
  await Promise.all(all);
  assert.ok(counts.writes < 100, `${counts.writes} writes`);
  await received.count(COUNT);
  assert.deepEqual(received.texts(), sent);
});

test("publishes made before the connection is there go out as few sends too", async (t) => {
  const topic = freshTopic();
  const received = await collect(t, shared.mosquitto.url, topic);
  const client = clientFor(t, shared.mosquitto.wsUrl, { autostart: false });
  const counts = countWrites(t, shared.mosquitto.wsPort);
  for (const text of sent) client.publish(topic, text);
  await client.start();
  await client.flush();
  await received.count(COUNT);
  assert.deepEqual(received.texts(), sent);
  assert.ok(counts.writes < 100, `${counts.writes} writes`);
});

test("publishes of one turn share one promise's fate: each resolves", async (t) => {
  const client = clientFor(t, shared.mosquitto.url);
  await client.start();
  const results = await Promise.all(sent.map((text) => client.publish("a", text)));
  assert.equal(results.length, COUNT);
  assert.ok(results.every((result) => result === undefined));
});
