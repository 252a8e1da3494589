// MQTT 5 with real brokers: subscription options, and the reason codes of results and errors.

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { sharedFixtures } from "../support/fixtures.mjs";
import { startMosquitto } from "../support/mosquitto.mjs";
import { startRumqttd } from "../support/rumqttd.mjs";
import { clientFor, failure, freshTopic, until } from "./helpers.mjs";

/** Allows only topics below test/. */
function withAcl(folder) {
  const path = join(folder, "acl");
  writeFileSync(path, "topic readwrite test/#\ntopic readwrite mqttlib/#\n");
  return `acl_file ${path}`;
}

const brokers = sharedFixtures({
  mosquitto: () => startMosquitto({ config: withAcl }),
  rumqttd: startRumqttd,
});

const five = (t, name, credentials = {}) =>
  clientFor(t, { mqttserver: brokers[name].url, mqttversion: 5, ...credentials });

async function listen(client, filter, options) {
  const messages = [];
  messages.granted = await client.subscribe(filter, options, (_client, _userdata, message) => {
    messages.push(message);
  });
  messages.texts = () => messages.map((message) => message.text());
  messages.count = (count) => until(() => messages.length >= count, `${count} messages on ${filter}`);
  return messages;
}

for (const name of ["mosquitto", "rumqttd"]) {
  describe(name, () => {
    test("a subscription identifier comes with the messages of its subscription, and no other", async (t) => {
      const client = five(t, name);
      const [first, second] = [freshTopic(), freshTopic()];
      const properties = { subscriptionIdentifier: 268_435_455 };
      const identified = await listen(client, first, { qos: 1, properties });
      const bare = await listen(client, second, { qos: 1 });
      await client.publish(first, "x", { qos: 1 });
      await client.publish(second, "x", { qos: 1 });
      await Promise.all([identified.count(1), bare.count(1)]);
      assert.equal(identified[0].properties.subscriptionIdentifier, 268_435_455);
      assert.equal(bare[0].properties?.subscriptionIdentifier, undefined);
    });
  });
}

describe("mosquitto", () => {
  test("retain handling: 0 sends what is kept, 2 does not", async (t) => {
    const publisher = five(t, "mosquitto");
    const topic = freshTopic();
    await publisher.publish(topic, "kept", { qos: 1, retain: true });
    const [always, never] = [five(t, "mosquitto"), five(t, "mosquitto")];
    const none = await listen(never, topic, { qos: 1, retainHandling: 2 });
    const all = await listen(always, topic, { qos: 1, retainHandling: 0 });
    await all.count(1);
    await publisher.publish(topic, "new", { qos: 1 });
    await Promise.all([all.count(2), none.count(1)]);
    assert.deepEqual(all.texts(), ["kept", "new"]);
    assert.deepEqual(none.texts(), ["new"]);
    assert.deepEqual(
      all.map((message) => message.retain),
      [true, false],
    );
  });

  test("retain handling 1 sends what is kept at a new subscription only", async (t) => {
    const client = five(t, "mosquitto");
    const topic = freshTopic();
    await client.publish(topic, "kept", { qos: 1, retain: true });
    const received = await listen(client, topic, { qos: 1, retainHandling: 1 });
    await received.count(1);
    const again = await listen(client, topic, { qos: 1, retainHandling: 1 });
    await client.publish(topic, "new", { qos: 1 });
    await again.count(1);
    assert.deepEqual(again.texts(), ["new"]);
    const repeated = await listen(client, topic, { qos: 1, retainHandling: 0 });
    await repeated.count(1);
    assert.deepEqual(repeated.texts(), ["kept"]);
  });

  test("no local: what a client publishes itself does not come back, what others publish does", async (t) => {
    const client = five(t, "mosquitto");
    const topic = freshTopic();
    const received = await listen(client, topic, { qos: 1, noLocal: true });
    await client.publish(topic, "own", { qos: 1 });
    await five(t, "mosquitto").publish(topic, "other", { qos: 1 });
    await received.count(1);
    assert.deepEqual(received.texts(), ["other"]);
  });

  test("retain as published: the flag of the message stays, and without it falls", async (t) => {
    const client = five(t, "mosquitto");
    const topic = freshTopic();
    const kept = await listen(client, topic, { qos: 1, retainAsPublished: true });
    const plain = await listen(five(t, "mosquitto"), topic, { qos: 1 });
    await client.publish(topic, "retained", { qos: 1, retain: true });
    await client.publish(topic, "not", { qos: 1 });
    await Promise.all([kept.count(2), plain.count(2)]);
    assert.deepEqual(
      kept.map((message) => message.retain),
      [true, false],
    );
    assert.deepEqual(
      plain.map((message) => message.retain),
      [false, false],
    );
  });

  test("each filter of a map has its own options", async (t) => {
    const client = five(t, "mosquitto");
    const [own, all] = [freshTopic(), freshTopic()];
    const received = await listen(client, { [own]: { qos: 1, noLocal: true }, [all]: 2 });
    assert.deepEqual([...received.granted], [1, 2]);
    await client.publish(own, "own", { qos: 1 });
    await client.publish(all, "all", { qos: 1 });
    await received.count(1);
    assert.deepEqual(received.texts(), ["all"]);
  });

  test("two identifiers come with a message that two subscriptions match", async (t) => {
    const client = five(t, "mosquitto");
    const topic = freshTopic();
    const identified = (subscriptionIdentifier) => ({ qos: 1, properties: { subscriptionIdentifier } });
    const ids = [];
    client.on_message = (_client, _userdata, message) => {
      ids.push(message.properties.subscriptionIdentifier);
    };
    await client.subscribe(topic, identified(1));
    await client.subscribe(`${topic}/#`, identified(2));
    await client.publish(topic, "x", { qos: 1 });
    // The specification allows the broker to send it once for each, or once with both.
    await until(() => ids.flat().length >= 2);
    assert.deepEqual(ids.flat().sort(), [1, 2]);
  });

  test("reason codes: no subscriber, nothing to unsubscribe from, not authorised", async (t) => {
    const client = five(t, "mosquitto");
    const topic = freshTopic();
    assert.deepEqual(await client.publish(topic, "x", { qos: 1 }), { reasonCode: 16 });
    assert.deepEqual(await client.publish(topic, "x", { qos: 2 }), undefined);
    assert.deepEqual([...(await client.unsubscribe([topic, `${topic}/2`]))], [17, 17]);
    await client.subscribe(topic, { qos: 2 });
    assert.deepEqual(await client.publish(topic, "x", { qos: 1 }), undefined);
    assert.deepEqual([...(await client.unsubscribe([topic, `${topic}/2`]))], [0, 17]);

    for (const qos of [1, 2]) {
      const refused = await failure(client.publish("forbidden", "x", { qos }));
      assert.deepEqual([refused.code, refused.reasonCode], ["PUBLISH_REFUSED", 135]);
    }
    assert.equal(client.stats().inFlight, 0);
    assert.equal(client.connected, true);
  });

  test("a refused connection says the broker's reason", async (t) => {
    const strict = await startMosquitto({
      config: (folder) => {
        writeFileSync(join(folder, "users"), "");
        return `allow_anonymous false\npassword_file ${join(folder, "users")}`;
      },
    });
    t.after(() => strict.stop());
    const client = clientFor(t, { mqttserver: strict.url, mqttversion: 5, mqttusername: "nobody" });
    const error = await failure(client.start());
    assert.deepEqual([error.code, error.reasonCode], ["NOT_AUTHORIZED", 135]);
  });
});
