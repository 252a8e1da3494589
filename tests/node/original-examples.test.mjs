// The examples of the original library's README, in JavaScript: the numbers of messages are those that it promises.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { MqttCustom } from "mqtt-lib";
import { startEmbedded } from "../support/embedded.mjs";
import { sharedFixtures } from "../support/fixtures.mjs";
import { startMosquitto } from "../support/mosquitto.mjs";
import { collect, until } from "./helpers.mjs";

const shared = sharedFixtures({ mosquitto: startMosquitto, aedes: startEmbedded });

const brokers = {
  "mosquitto over TCP": () => shared.mosquitto.url,
  "mosquitto over WebSocket": () => shared.mosquitto.wsUrl,
  "aedes over TCP": () => shared.aedes.url,
  "aedes over WebSocket": () => shared.aedes.wsUrl,
};

for (const [name, url] of Object.entries(brokers)) {
  describe(`through ${name}`, () => {
    const credentials = (more) => ({
      mqttclientid: "",
      mqttserver: url(),
      maxmqttreconnectdelay: 256,
      willsettopic: "",
      willsetpayload: "",
      mqttkeepalive: 60,
      queuesize: 5,
      batchsize: 5,
      publishinterval: 60,
      ...more,
    });
    /** A last message after the others proves that nothing else was sent. */
    const settled = async (received, client, count) => {
      await client.publish("test/topic", "the end", { qos: 1 });
      await received.count(count + 1);
      assert.equal(received.pop().text(), "the end");
      return received.texts();
    };

    test("subscribe in on_connect, print in on_message, publish", async (t) => {
      const printed = [];
      function on_connect(client, _userdata, _flags, rc) {
        printed.push(`Connected with result code ${rc}`);
        client.subscribe("test/topic");
      }
      function on_message(_client, _userdata, message) {
        printed.push(`${message.topic} ${message.text()}`);
      }
      const client = new MqttCustom({ credentials: credentials(), on_connect, on_message });
      t.after(() => client.stop());
      await client.start();
      await client.publish("test/topic", "payload", { qos: 1 });
      await until(() => printed.length === 2, "the message");
      assert.deepEqual(printed, ["Connected with result code 0", "test/topic payload"]);
    });

    test("five batch_publish are exactly one message with five payloads", async (t) => {
      const received = await collect(t, url(), "test/topic");
      const client = new MqttCustom({ credentials: credentials() });
      t.after(() => client.stop());
      for (let i = 0; i < 5; i++) client.batch_publish("test/topic", "payload");
      const texts = await settled(received, client, 1);
      assert.deepEqual(texts, ['["payload","payload","payload","payload","payload"]']);
    });

    test("five qpublish are five messages in order", async (t) => {
      const received = await collect(t, url(), "test/topic");
      const client = new MqttCustom({ credentials: credentials() });
      t.after(() => client.stop());
      for (let i = 0; i < 5; i++) client.qpublish("test/topic", `payload ${i}`);
      const texts = await settled(received, client, 5);
      assert.deepEqual(
        texts,
        [0, 1, 2, 3, 4].map((i) => `payload ${i}`),
      );
    });

    for (const end of ["after publishinterval", "on stop()"]) {
      test(`three batch_publish and three qpublish go out ${end}, and not before`, async (t) => {
        const received = await collect(t, url(), "test/topic");
        const publishinterval = end === "on stop()" ? 3600 : 0.3;
        const client = new MqttCustom({ credentials: credentials({ publishinterval }) });
        t.after(() => client.stop());
        await client.start();
        for (let i = 0; i < 3; i++) {
          client.batch_publish("test/topic", "payload");
          client.qpublish("test/topic", `payload ${i}`);
        }
        assert.equal(client.stats().queued, 6);
        assert.equal(client.stats().sent, 0);
        if (end === "on stop()") await client.stop();
        await received.count(4);
        assert.deepEqual(received.texts().sort(), [
          '["payload","payload","payload"]',
          "payload 0",
          "payload 1",
          "payload 2",
        ]);
      });
    }

    test("subscribe_topics takes a list, and start() and stop() frame it", async (t) => {
      const printed = [];
      const client = new MqttCustom({ credentials: credentials(), autostart: false });
      t.after(() => client.stop());
      client.on_message = (_client, _userdata, message) => printed.push(message.topic);
      await client.start();
      await client.subscribe_topics(["test/one", "test/two"]);
      await client.publish("test/two", "payload", { qos: 1 });
      await client.publish("test/one", "payload", { qos: 1 });
      await until(() => printed.length === 2, "both messages");
      assert.deepEqual(printed, ["test/two", "test/one"]);
      await client.stop();
    });

    test("publish_high_priority needs no client", async (t) => {
      const received = await collect(t, url(), "test/topic");
      await MqttCustom.publish_high_priority("test/topic", "payload", { hostname: url() });
      await received.count(1);
      assert.deepEqual(received.texts(), ["payload"]);
    });
  });
}
