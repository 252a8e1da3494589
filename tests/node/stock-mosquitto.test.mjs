// Mosquitto as Debian ships it: 20 messages in flight, 1,000 queued. One row of the matrix of `npm run test:brokers`;
// the other tests of this folder use a Mosquitto without these limits.

import assert from "node:assert/strict";
import { test } from "node:test";
import mosquitto from "../brokers/brokers/mosquitto.mjs";
import { sharedFixtures } from "../support/fixtures.mjs";
import { clientFor, collect, freshTopic, until } from "./helpers.mjs";

const shared = sharedFixtures({ stock: mosquitto.start });

/** Publishes `count` messages at once and waits until all have arrived, exactly once each. */
async function allArrive(t, { version, transport, qos, count }) {
  const mqttserver = shared.stock.nodes[0].urls[version][transport];
  const topic = freshTopic();
  const received = await collect(t, mqttserver, topic, { qos });
  const client = clientFor(t, { mqttserver, mqttversion: version });
  const sent = Array.from({ length: count }, (_, i) => `message ${i}`);
  await Promise.all(sent.map((text) => client.publish(topic, text, { qos })));
  await received.count(count);
  assert.deepEqual(received.texts(), sent);
}

for (const version of [4, 5]) {
  for (const transport of ["mqtt", "ws"]) {
    for (const qos of [0, 1, 2]) {
      test(`20 messages at QoS ${qos} arrive once each, MQTT ${version}, over ${transport}`, (t) =>
        allArrive(t, { version, transport, qos, count: 20 }));
    }
  }
  test(`500 QoS 2 publishes at once arrive exactly once each and in order, MQTT ${version}`, (t) =>
    allArrive(t, { version, transport: "mqtt", qos: 2, count: 500 }));
}

test("of 5,000 acknowledged QoS 1 messages for a session that is away it keeps about 1,000, as docs/brokers.md says", async (t) => {
  const mqttserver = shared.stock.nodes[0].urls[4].mqtt;
  const topic = freshTopic();
  const credentials = { mqttserver, mqttclientid: `away-${process.pid}`, mqttcleansession: false };
  const away = clientFor(t, credentials);
  await away.subscribe(topic, { qos: 1 });
  await away.stop();
  const publisher = clientFor(t, mqttserver);
  await Promise.all(Array.from({ length: 5000 }, (_, i) => publisher.publish(topic, `${i}`, { qos: 1 })));
  const kept = [];
  const back = clientFor(t, credentials, {
    on_message: (_client, _userdata, message) => kept.push(message.text()),
  });
  await back.start();
  await until(() => kept.length >= 1000, "what it kept");
  await publisher.publish(topic, "end", { qos: 1 });
  await until(() => kept.includes("end"), "a message behind them");
  assert.ok(kept.length - 1 < 1100, `${kept.length - 1} messages`);
});
