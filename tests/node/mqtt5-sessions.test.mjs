// MQTT 5 with Mosquitto: the lifetime of sessions, of messages (in the queues of the broker and the client), and of wills.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startMosquitto } from "../support/mosquitto.mjs";
import { startTap } from "../support/tap.mjs";
import { clientFor, collect, failure, freshTopic, pause, until } from "./helpers.mjs";

let broker;

before(async () => {
  broker = await startMosquitto();
});

after(() => broker?.stop());

let names = 0;
const freshName = () => `session-${process.pid}-${++names}`;

const five = (t, credentials = {}) =>
  clientFor(t, { mqttserver: broker.url, mqttversion: 5, maxmqttreconnectdelay: 0.2, ...credentials });

/** Whether the broker has a session of this client id. */
async function hasSession(t, mqttclientid) {
  const client = five(t, { mqttclientid, mqttcleansession: false, properties: { sessionExpiryInterval: 0 } });
  const present = new Promise((resolve) => {
    client.on_connect = (_client, _userdata, flags) => resolve(flags.sessionPresent);
  });
  await client.start();
  await client.stop();
  return present;
}

test("a session lasts as long as sessionExpiryInterval says: not at all, for a second, on", async (t) => {
  for (const [sessionExpiryInterval, wait, present] of [
    [0, 0, false],
    [1, 4000, false],
    [100, 0, true],
  ]) {
    const mqttclientid = freshName();
    const client = five(t, { mqttclientid, properties: { sessionExpiryInterval } });
    await client.subscribe(freshTopic(), { qos: 1 });
    await client.stop();
    await pause(wait);
    assert.equal(await hasSession(t, mqttclientid), present, `${sessionExpiryInterval} s`);
  }
});

test("stop() changes how long the session lasts", async (t) => {
  const mqttclientid = freshName();
  const client = five(t, { mqttclientid, properties: { sessionExpiryInterval: 100 } });
  await client.start();
  await client.stop({ properties: { sessionExpiryInterval: 0 } });
  assert.equal(await hasSession(t, mqttclientid), false);
});

test("what came while the client was away is there when its session resumes", async (t) => {
  const [mqttclientid, topic] = [freshName(), freshTopic()];
  const credentials = { mqttclientid, mqttcleansession: false, properties: { sessionExpiryInterval: 100 } };
  const first = five(t, credentials);
  await first.subscribe(topic, { qos: 2 });
  await first.stop();
  const publisher = five(t);
  const properties = { contentType: "text/plain" };
  for (const qos of [1, 2]) await publisher.publish(topic, `at ${qos}`, { qos, properties });
  const received = [];
  const second = five(t, credentials);
  second.on_message = (_client, _userdata, message) => received.push(message);
  await until(() => received.length === 2);
  assert.deepEqual(
    received.map((message) => [message.text(), message.qos, message.properties]),
    [
      ["at 1", 1, properties],
      ["at 2", 2, properties],
    ],
  );
});

test("a message that expires in the broker's queue does not come; one that does not has what is left", async (t) => {
  const [mqttclientid, topic] = [freshName(), freshTopic()];
  const credentials = { mqttclientid, mqttcleansession: false, properties: { sessionExpiryInterval: 100 } };
  const first = five(t, credentials);
  await first.subscribe(topic, { qos: 1 });
  await first.stop();
  const publisher = five(t);
  const lasting = (messageExpiryInterval) => ({ qos: 1, properties: { messageExpiryInterval } });
  await publisher.publish(topic, "short", lasting(1));
  await publisher.publish(topic, "long", lasting(1000));
  await pause(3000);
  const received = [];
  const second = five(t, credentials);
  second.on_message = (_client, _userdata, message) => received.push(message);
  await until(() => received.length >= 1);
  await publisher.publish(topic, "last", { qos: 1 });
  await until(() => received.length >= 2);
  assert.deepEqual(
    received.map((message) => message.text()),
    ["long", "last"],
  );
  const left = received[0].properties.messageExpiryInterval;
  assert.ok(left >= 900 && left <= 998, `${left} s are left of 1000`);
});

test("a message that expires while it waits here is not sent; one that does not is sent with what is left", async (t) => {
  const topic = freshTopic();
  const received = await collect(t, { mqttserver: broker.url, mqttversion: 5 }, topic, { qos: 1 });
  const tap = await startTap(broker.port);
  t.after(() => tap.stop());
  const client = five(t, { mqttserver: tap.url });
  await client.start();
  await client.stop();
  const away = clientFor(t, { mqttserver: tap.url, mqttversion: 5 }, { autostart: false });
  const lasting = (messageExpiryInterval) => ({ qos: 1, properties: { messageExpiryInterval } });
  const short = away.publish(topic, "short", lasting(1));
  const long = away.publish(topic, "long", lasting(1000));
  const error = failure(short);
  await pause(2500);
  await away.start();
  assert.equal((await error).code, "EXPIRED");
  await long;
  await received.count(1);
  assert.deepEqual(received.texts(), ["long"]);
  const [sent] = tap.of("client", "publish");
  const left = sent.properties.messageExpiryInterval;
  assert.ok(left >= 900 && left <= 998, `${left} s are left of 1000`);
  assert.equal(away.stats().dropped, 1);
});

test("a will waits for its delay, and a client that comes back in time has none", async (t) => {
  const topic = freshTopic("will");
  const received = await collect(t, broker.url, topic, { qos: 1 });
  const tap = await startTap(broker.port);
  t.after(() => tap.stop());
  const dying = (willDelayInterval, willsetpayload) =>
    five(t, {
      mqttserver: tap.url,
      mqttclientid: freshName(),
      willsettopic: topic,
      willsetpayload,
      willsetqos: 1,
      properties: { sessionExpiryInterval: 100 },
      willProperties: { willDelayInterval },
    });
  const back = dying(2, "came back");
  const now = dying(0, "at once");
  await Promise.all([back.start(), now.start()]);
  tap.cut();
  await received.count(1);
  await until(() => back.connected);
  // The delay has passed by then, including the interval in which Mosquitto checks.
  await pause(4000);
  assert.deepEqual(received.texts(), ["at once"]);
  await Promise.all([back.stop(), now.stop()]);

  const gone = dying(1, "delayed");
  await gone.start();
  tap.cut();
  await tap.stop();
  await received.count(2);
  assert.equal(received.texts()[1], "delayed");
});

test("stop() with reason 4 has the will published, a plain stop() not", async (t) => {
  const topic = freshTopic("will");
  const received = await collect(t, broker.url, topic, { qos: 1 });
  const mortal = (willsetpayload) =>
    five(t, { willsettopic: topic, willsetpayload, willsetqos: 1, mqttclientid: freshName() });
  const plain = mortal("plain");
  await plain.start();
  await plain.stop();
  const willing = mortal("with will");
  await willing.start();
  await willing.stop({ reasonCode: 4 });
  await received.count(1);
  assert.deepEqual(received.texts(), ["with will"]);
});
