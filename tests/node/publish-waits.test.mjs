// Messages that cannot be sent yet, before the connection or beyond `maxinflight`: they are queued within bounds, and stop()
// rejects those that could not be sent.

import assert from "node:assert/strict";
import { test } from "node:test";
import { MqttError } from "mqtt-lib";
import { fakeBroker, scripts } from "../support/fake-broker.mjs";
import { sharedFixtures } from "../support/fixtures.mjs";
import { startMosquitto } from "../support/mosquitto.mjs";
import { clientFor, collect, failure, freshTopic } from "./helpers.mjs";

const shared = sharedFixtures({ mosquitto: () => startMosquitto({ config: "max_queued_messages 0" }) });

for (const qos of [0, 1, 2]) {
  test(`QoS ${qos} messages published before the connection is there go out in order once it is`, async (t) => {
    const topic = freshTopic();
    const received = await collect(t, shared.mosquitto.url, topic, { qos: 2 });
    const client = clientFor(t, shared.mosquitto.url, { autostart: false });
    const all = [1, 2, 3].map((i) => client.publish(topic, i, { qos }));
    assert.equal(client.stats().queued, 3);
    let settled = false;
    Promise.race(all).then(() => {
      settled = true;
    });
    await new Promise(setImmediate);
    assert.equal(settled, false);
    await client.start();
    await Promise.all(all);
    await received.count(3);
    assert.deepEqual(received.texts(), ["1", "2", "3"]);
  });
}

test("publishing after stop() and what stop() could not send is refused with STOPPED", async (t) => {
  const broker = await fakeBroker(
    t,
    scripts.accepts((packet) => packet.cmd === "publish"),
  );
  const client = clientFor(t, { mqttserver: broker.url, stoptimeout: 0.05 });
  await client.start();
  const stuck = failure(client.publish("a", "b", { qos: 1 }));
  await client.stop();
  const late = [
    stuck,
    failure(client.publish("a", "b")),
    failure(client.publish("a", 1, { qos: 1 })),
    failure(client.qpublish("a", "b")),
    failure(client.batch_publish("a", "b")),
    failure(client.subscribe("a")),
    failure(client.unsubscribe("a")),
  ];
  for (const error of await Promise.all(late)) {
    assert.ok(error instanceof MqttError, error.message);
    assert.equal(error.name, "MqttError");
    assert.equal(error.code, "STOPPED");
    assert.match(error.message, /start\(\)/);
  }
});

test("while offline the queue is bounded: one more message is refused with QUEUE_FULL, the others go out", async (t) => {
  const topic = freshTopic();
  const received = await collect(t, shared.mosquitto.url, topic);
  const client = clientFor(t, { mqttserver: shared.mosquitto.url, offlinesize: 3 }, { autostart: false });
  const taken = [1, 2, 3].map((i) => client.publish(topic, i));
  for (const call of ["publish", "qpublish", "batch_publish"]) {
    const error = await failure(client[call](topic, "one too many"));
    assert.ok(error instanceof MqttError, error.message);
    assert.equal(error.code, "QUEUE_FULL");
    assert.match(error.message, /offlinesize 3/);
  }
  await client.start();
  await Promise.all(taken);
  await received.count(3);
  assert.deepEqual(received.texts(), ["1", "2", "3"]);
});

test("the bytes that wait offline are bounded too", async (t) => {
  const client = clientFor(t, { mqttserver: shared.mosquitto.url, offlinebytes: 1000 }, { autostart: false });
  client.publish("a", "x".repeat(900));
  const error = await failure(client.publish("a", "x".repeat(900)));
  assert.equal(error.code, "QUEUE_FULL");
  assert.match(error.message, /offlinebytes 1000/);
});

test("more messages than fit in the window wait their turn", async (t) => {
  const topic = freshTopic();
  const received = await collect(t, shared.mosquitto.url, topic, { qos: 1 });
  const client = clientFor(t, { mqttserver: shared.mosquitto.url, maxinflight: 2 });
  await client.start();
  const sent = Array.from({ length: 200 }, (_, i) => String(i));
  const all = sent.map((text) => client.publish(topic, text, { qos: 1 }));
  assert.equal(client.stats().inFlight, 2);
  assert.equal(client.stats().queued, 198);
  await Promise.all(all);
  await received.count(200);
  assert.deepEqual(received.texts(), sent);
});
