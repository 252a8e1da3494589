// MQTT 5 with two real brokers, Mosquitto and rumqttd: the properties of messages, wills and subscriptions arrive unchanged.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { sharedFixtures } from "../support/fixtures.mjs";
import { startMosquitto } from "../support/mosquitto.mjs";
import { startRumqttd } from "../support/rumqttd.mjs";
import { startTap } from "../support/tap.mjs";
import { clientFor, freshTopic, until } from "./helpers.mjs";

const STARTS = { mosquitto: () => startMosquitto({ config: "max_topic_alias 10" }), rumqttd: startRumqttd };
const brokers = sharedFixtures(STARTS);

const BYTES = Uint8Array.of(0, 1, 127, 128, 255);
/** Compares properties; of the expiry the remaining time arrives. */
const MESSAGE = {
  payloadFormatIndicator: true,
  messageExpiryInterval: 1000,
  contentType: "text/grüße; charset=utf-8",
  responseTopic: "to/somebody",
  correlationData: BYTES,
  userProperties: { one: "1", several: ["a", "", "a"], "": "empty name", 世界: "🌍" },
};

/** Ignores the topic alias, which rumqttd uses; Mosquitto 2.0.11 does not. */
function assertProperties(received = {}, sent = {}) {
  const { messageExpiryInterval: left, topicAlias, ...rest } = received;
  const { messageExpiryInterval: given, ...wanted } = sent;
  assert.deepEqual(rest, wanted);
  if (given === undefined) return assert.equal(left, undefined);
  assert.ok(left > given - 60 && left <= given, `${left} of ${given} seconds are left`);
}

async function receiver(t, url, filter, options, credentials = {}) {
  const messages = [];
  const client = clientFor(t, { mqttserver: url, mqttversion: 5, ...credentials });
  const granted = await client.subscribe(filter, options, (_client, _userdata, message) => {
    messages.push(message);
  });
  messages.client = client;
  messages.granted = granted;
  messages.count = (count) => until(() => messages.length >= count, `${count} messages on ${filter}`);
  return messages;
}

for (const name of Object.keys(STARTS)) {
  describe(name, () => {
    test("each property of a message arrives as it was given, alone and with the others, at each QoS", async (t) => {
      const { url } = brokers[name];
      const topic = freshTopic();
      const received = await receiver(t, url, topic, { qos: 2 });
      const client = clientFor(t, { mqttserver: url, mqttversion: 5 });
      const all = [...Object.entries(MESSAGE).map(([key, value]) => ({ [key]: value })), MESSAGE];
      for (const properties of all) {
        for (const qos of [0, 1, 2]) await client.publish(topic, "x", { qos, properties });
      }
      await received.count(all.length * 3);
      for (const [at, message] of received.entries()) {
        // rumqttd delivers with the QoS of the subscription, not the smaller one.
        assert.equal(message.qos, name === "rumqttd" ? 2 : at % 3);
        assertProperties(message.properties, all[Math.floor(at / 3)]);
      }
      await client.publish(topic, "bare", { qos: 1 });
      await received.count(all.length * 3 + 1);
      assertProperties(received.at(-1).properties, {});
    });

    test("a retained message keeps its properties for a later subscriber", async (t) => {
      const { url } = brokers[name];
      const topic = freshTopic();
      const client = clientFor(t, { mqttserver: url, mqttversion: 5 });
      await client.publish(topic, "kept", { qos: 1, retain: true, properties: MESSAGE });
      const received = await receiver(t, url, topic, { qos: 1 });
      await received.count(1);
      assert.equal(received[0].retain, true);
      assertProperties(received[0].properties, MESSAGE);
    });

    test("batches and queued messages carry their properties", async (t) => {
      const { url } = brokers[name];
      const topic = freshTopic();
      const received = await receiver(t, url, topic, { qos: 1 });
      const client = clientFor(t, { mqttserver: url, mqttversion: 5 });
      const properties = { contentType: "application/json", userProperties: { unit: "C" } };
      client.batch_publish(topic, 1, { qos: 1, properties });
      client.batch_publish(topic, 2, { qos: 1, properties });
      client.qpublish(topic, "3", { qos: 1, properties });
      await client.flush();
      await received.count(2);
      const texts = received.map((message) => message.text()).sort();
      assert.deepEqual(texts, ["3", "[1,2]"]);
      for (const message of received) assertProperties(message.properties, properties);
    });

    test("what stands in CONNECT, SUBSCRIBE, UNSUBSCRIBE and DISCONNECT is what the broker is sent, and takes", async (t) => {
      const tap = await startTap(brokers[name].port);
      t.after(() => tap.stop());
      const credentials = {
        mqttserver: tap.url,
        mqttversion: 5,
        mqttkeepalive: 30,
        properties: {
          sessionExpiryInterval: 60,
          receiveMaximum: 20,
          maximumPacketSize: 100_000,
          topicAliasMaximum: 5,
          requestResponseInformation: true,
          requestProblemInformation: true,
          userProperties: { a: ["1", "2"] },
        },
        willsettopic: freshTopic(),
        willsetpayload: "gone",
        willProperties: { ...MESSAGE, willDelayInterval: 7 },
      };
      const client = clientFor(t, credentials);
      const topic = freshTopic();
      const userProperties = { why: "because" };
      await client.subscribe(topic, { qos: 1, properties: { userProperties } });
      await client.unsubscribe(topic, { properties: { userProperties } });
      await client.stop({ properties: { sessionExpiryInterval: 0, userProperties } });
      await until(() => tap.of("client", "disconnect").length > 0);
      const [connect] = tap.of("client", "connect");
      assert.deepEqual({ ...connect.properties }, plain(credentials.properties));
      assert.deepEqual({ ...connect.will.properties }, plain(credentials.willProperties));
      for (const cmd of ["subscribe", "unsubscribe"]) {
        assert.deepEqual({ ...tap.of("client", cmd)[0].properties }, plain({ userProperties }));
      }
      const [disconnect] = tap.of("client", "disconnect");
      assert.deepEqual({ ...disconnect.properties }, plain({ sessionExpiryInterval: 0, userProperties }));
      assert.deepEqual(
        tap.seen.filter((packet) => packet.cmd === "error"),
        [],
      );
    });

    test("a will is published with its payload, QoS and properties", async (t) => {
      const { url } = brokers[name];
      const topic = freshTopic("will");
      const received = await receiver(t, url, topic, { qos: 1 });
      const tap = await startTap(brokers[name].port);
      t.after(() => tap.stop());
      const client = clientFor(t, {
        mqttserver: tap.url,
        mqttversion: 5,
        maxmqttreconnectdelay: 0.1,
        willsettopic: topic,
        willsetpayload: "gone",
        willsetqos: 1,
        willProperties: MESSAGE,
      });
      await client.start();
      tap.cut();
      await received.count(1);
      assert.equal(received[0].text(), "gone");
      assertProperties(received[0].properties, MESSAGE);
    });

    test("a request is answered to its response topic, with its correlation data", async (t) => {
      const { url } = brokers[name];
      const topic = freshTopic();
      const responder = clientFor(t, { mqttserver: url, mqttversion: 5 });
      await responder.respond(topic, (message) => Number(message.text()) * 2);
      const requester = clientFor(t, { mqttserver: url, mqttversion: 5 });
      const asked = Array.from({ length: 50 }, (_, i) =>
        requester.request(topic, i, { qos: 1, timeout: 30 }),
      );
      const answers = await Promise.all(asked);
      assert.deepEqual(
        answers.map((answer) => Number(answer.text())),
        asked.map((_, i) => i * 2),
      );
      assert.ok(answers.every((answer) => answer.properties.correlationData instanceof Uint8Array));
    });
  });
}

/** In the form of mqtt-packet: no prototype, bytes as a Buffer. */
function plain({ correlationData, ...properties }) {
  const all = { ...properties };
  if (correlationData) all.correlationData = Buffer.from(correlationData);
  if (all.userProperties) all.userProperties = Object.assign(Object.create(null), all.userProperties);
  return all;
}
