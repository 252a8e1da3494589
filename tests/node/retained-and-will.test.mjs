// Messages that the broker publishes later: retained messages, and the will.

import assert from "node:assert/strict";
import { test } from "node:test";
import { sharedFixtures } from "../support/fixtures.mjs";
import { startMosquitto } from "../support/mosquitto.mjs";
import { clientFor, collect, freshTopic } from "./helpers.mjs";

const shared = sharedFixtures({ mosquitto: () => startMosquitto({ config: "max_queued_messages 0" }) });

test("a retained message greets later subscribers, and an empty one takes it away", async (t) => {
  const topic = freshTopic();
  const client = clientFor(t, shared.mosquitto.url);
  await client.publish(topic, "kept", { qos: 1, retain: true });
  const first = await collect(t, shared.mosquitto.url, topic);
  await first.count(1);
  assert.equal(first[0].text(), "kept");
  assert.equal(first[0].retain, true);

  await client.publish(topic, null, { qos: 1, retain: true });
  await first.count(2);
  assert.equal(first[1].retain, false, "a subscriber that is there gets it as any message");
  const second = await collect(t, shared.mosquitto.url, topic);
  await client.publish(topic, "live", { qos: 1 });
  await second.count(1);
  assert.deepEqual(second.texts(), ["live"]);
});

test("the will is published when the connection breaks, and not after stop()", async (t) => {
  const topic = freshTopic();
  const wills = await collect(t, shared.mosquitto.url, topic, { qos: 1 });
  const credentials = {
    mqttserver: shared.mosquitto.url,
    mqttclientid: "has-a-will",
    willsettopic: topic,
    willsetpayload: "gone",
    willsetqos: 1,
    maxmqttreconnectdelay: 86400,
  };
  const orderly = clientFor(t, credentials);
  await orderly.start();
  await orderly.stop();

  const broken = clientFor(t, { ...credentials, willsetpayload: "taken over" });
  await broken.start();
  const usurper = clientFor(t, { ...credentials, willsettopic: "" });
  await usurper.start();
  await wills.count(1);
  assert.deepEqual(wills.texts(), ["taken over"]);
});
