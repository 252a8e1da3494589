// All methods can be called right after construction; nothing needs to be awaited first.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startMosquitto } from "../support/mosquitto.mjs";
import { clientFor, collect, freshTopic, until } from "./helpers.mjs";

let broker;

before(async () => {
  broker = await startMosquitto();
});

after(() => broker?.stop());

for (const transport of ["url", "wsUrl"]) {
  const over = transport === "url" ? "TCP" : "WebSocket";

  test(`subscribe and publish right after construction over ${over} work, in that order`, async (t) => {
    const topic = freshTopic();
    const texts = [];
    const client = clientFor(t, broker[transport], {
      on_message: (_client, _userdata, message) => texts.push(message.text()),
    });
    client.subscribe(topic);
    for (let i = 0; i < 10; i++) client.publish(topic, i, { qos: i % 2 });
    await until(() => texts.length === 10, "ten messages");
    assert.deepEqual(texts, "0123456789".split(""));
  });

  test(`all calls of the first turn over ${over} resolve`, async (t) => {
    const topic = freshTopic();
    const received = await collect(t, broker[transport], `${topic}/#`, { qos: 1 });
    const client = clientFor(t, { mqttserver: broker[transport], stoptimeout: 3600 });
    const results = await Promise.all([
      client.publish(`${topic}/a`, "publish"),
      client.publish(`${topic}/a`, "qos 2", { qos: 2 }),
      client.batch_publish(`${topic}/b`, "batch"),
      client.qpublish(`${topic}/c`, "queue"),
      client.flush(),
      client.subscribe(`${topic}/x`, { qos: 1 }),
      client.subscribe_topics([`${topic}/y`, `${topic}/z`]),
      client.unsubscribe(`${topic}/y`),
      client.start(),
      client.publish_high_priority(`${topic}/d`, "one-shot", { qos: 1 }),
    ]);
    assert.deepEqual(results[5], [1]);
    assert.deepEqual(results[6], [0, 0]);
    await received.count(5);
    assert.deepEqual(received.texts().sort(), ['["batch"]', "one-shot", "publish", "qos 2", "queue"]);
  });

  test(`stop() in the first turn over ${over} still sends what was published`, async (t) => {
    const topic = freshTopic();
    const received = await collect(t, broker[transport], topic);
    const client = clientFor(t, { mqttserver: broker[transport], stoptimeout: 3600 });
    const published = client.publish(topic, "only this");
    await client.stop();
    await published;
    await received.count(1);
    assert.deepEqual(received.texts(), ["only this"]);
  });
}

test("getters and stats() answer at once", (t) => {
  const client = clientFor(t, broker.url);
  assert.equal(client.connected, false);
  assert.equal(client.state, "connecting");
  assert.deepEqual(Object.keys(client.stats()).sort(), [
    "attempts",
    "bytesQueued",
    "bytesReceived",
    "bytesSent",
    "dropped",
    "inFlight",
    "queued",
    "received",
    "reconnects",
    "sent",
    "suspects",
    "unhandled",
  ]);
});

test("a loop over messages() may begin in the first turn", async (t) => {
  const topic = freshTopic();
  const client = clientFor(t, broker.url);
  client.subscribe(topic);
  client.publish(topic, "x");
  for await (const message of client.messages(topic)) {
    assert.equal(message.text(), "x");
    break;
  }
});
