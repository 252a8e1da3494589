// Messages in the offline queue: bounds, policies, expiry, time limits; and the network events of the platform.

import assert from "node:assert/strict";
import { test } from "node:test";
import { scripts, startFakeBroker } from "../support/fake-broker.mjs";
import { startMosquitto } from "../support/mosquitto.mjs";
import { freePort } from "../support/ports.mjs";
import { clientFor, freshTopic, pause, until } from "./helpers.mjs";

/** A client whose broker is started later; it receives its own messages. */
async function early(t, credentials) {
  const port = await freePort();
  const received = [];
  const topic = freshTopic();
  const client = clientFor(t, {
    mqttserver: `mqtt://127.0.0.1:${port}`,
    maxmqttreconnectdelay: 0.2,
    ...credentials,
  });
  client.subscribe(`${topic}/#`, { qos: 2 }, (_client, _userdata, message) => received.push(message.text()));
  return {
    client,
    topic,
    received,
    async connect() {
      const broker = await startMosquitto({ port });
      t.after(() => broker.stop());
      await until(() => client.connected);
    },
  };
}

const codes = async (promises) =>
  (await Promise.allSettled(promises)).map(({ status, reason }) =>
    status === "rejected" ? reason.code : "done",
  );

test("refuse: queued messages are kept, a further message rejects with QUEUE_FULL", async (t) => {
  const { client, topic, received, connect } = await early(t, { offlinesize: 3 });
  const promises = Array.from({ length: 5 }, (_, i) => client.publish(`${topic}/a`, i, { qos: 1 }));
  assert.equal(client.stats().queued, 3);
  await connect();
  assert.deepEqual(await codes(promises), ["done", "done", "done", "QUEUE_FULL", "QUEUE_FULL"]);
  await until(() => received.length === 3);
  assert.deepEqual(received, ["0", "1", "2"]);
  assert.equal(client.stats().dropped, 0);
});

test("drop-oldest: the newest are kept, each dropped one rejects, queue and batches count too", async (t) => {
  const { client, topic, received, connect } = await early(t, {
    offlinesize: 3,
    offlinepolicy: "drop-oldest",
  });
  const promises = [
    client.qpublish(`${topic}/a`, 0, { qos: 1 }),
    client.batch_publish(`${topic}/b`, 1, { qos: 1 }),
    ...[2, 3, 4].map((i) => client.publish(`${topic}/a`, i, { qos: 1 })),
  ];
  assert.deepEqual(await codes(promises.slice(0, 2)), ["DROPPED", "DROPPED"]);
  assert.deepEqual([client.stats().queued, client.stats().dropped], [3, 2]);
  await connect();
  assert.deepEqual(await codes(promises.slice(2)), ["done", "done", "done"]);
  await until(() => received.length === 3);
  assert.deepEqual(received, ["2", "3", "4"]);
});

test("latest: one message a topic is kept, the last one", async (t) => {
  const { client, topic, received, connect } = await early(t, { offlinepolicy: "latest" });
  const promises = Array.from({ length: 3_000 }, (_, i) =>
    client.publish(`${topic}/${i % 3}`, i, { qos: i % 3 }),
  );
  await connect();
  const all = await codes(promises);
  assert.equal(all.filter((code) => code === "DROPPED").length, 2_997);
  assert.deepEqual(all.slice(-3), ["done", "done", "done"]);
  await until(() => received.length === 3);
  assert.deepEqual(received, ["2997", "2998", "2999"]);
  assert.equal(client.stats().dropped, 2_997);
});

test("offlineexpiry: what waited longer rejects with EXPIRED and is not sent", async (t) => {
  const { client, topic, received, connect } = await early(t, { offlineexpiry: 0.5 });
  const old = client.publish(`${topic}/a`, "old", { qos: 1 });
  const [code] = await codes([old]);
  assert.equal(code, "EXPIRED");
  const connecting = connect();
  await pause(100);
  const keepFresh = setInterval(() => client.publish(`${topic}/a`, "young", { qos: 1 }), 100);
  t.after(() => clearInterval(keepFresh));
  await connecting;
  await until(() => received.length > 0);
  clearInterval(keepFresh);
  assert.ok(received.every((text) => text === "young"));
});

test("publishtimeout: offline the message is withdrawn", async (t) => {
  const { client, topic, received, connect } = await early(t, { publishtimeout: 0.2 });
  const begun = performance.now();
  assert.deepEqual(await codes([0, 1, 2].map((qos) => client.publish(`${topic}/a`, "late", { qos }))), [
    "TIMEOUT",
    "TIMEOUT",
    "TIMEOUT",
  ]);
  assert.ok(performance.now() - begun >= 190);
  assert.equal(client.stats().queued, 0);
  await connect();
  await client.publish(`${topic}/a`, "now", { qos: 1 });
  await until(() => received.length > 0);
  assert.deepEqual(received, ["now"]);
});

test("publishtimeout: on the wire the message stays in flight until it is acknowledged", async (t) => {
  const held = [];
  const broker = await startFakeBroker(
    scripts.accepts((packet) => packet.cmd === "publish" && held.push(packet)),
  );
  t.after(() => broker.stop());
  const client = clientFor(t, { mqttserver: broker.url, publishtimeout: 0.2 });
  await client.start();
  assert.deepEqual(await codes([client.publish("a", "x", { qos: 1 })]), ["TIMEOUT"]);
  assert.deepEqual([client.stats().inFlight, client.stats().dropped], [1, 0]);
  (await broker.connection(0)).send({ cmd: "puback", messageId: held[0].messageId });
  await until(() => client.stats().inFlight === 0);
  assert.deepEqual([client.connected, client.errors], [true, []]);
});

test("maxpacketsize: a larger message is passed over and told, the connection lives, the session is not stuck", async (t) => {
  const broker = await startMosquitto();
  t.after(() => broker.stop());
  for (const [transport, qos] of ["url", "wsUrl"].flatMap((url) => [0, 1, 2].map((qos) => [url, qos]))) {
    // The WebSocket listener of Mosquitto is very slow after a short write.
    const size = transport === "url" ? 3_000_000 : 20_000;
    const topic = freshTopic();
    const received = [];
    const disconnects = [];
    const client = clientFor(
      t,
      {
        mqttserver: broker[transport],
        mqttclientid: topic,
        mqttcleansession: false,
        maxpacketsize: 1_000,
      },
      {
        on_message: (_client, _userdata, message) => received.push(message.text()),
        on_disconnect: (_client, _userdata, rc) => disconnects.push(rc),
      },
    );
    await client.subscribe(topic, { qos });
    const publisher = clientFor(t, broker.url);
    await publisher.publish(topic, "before", { qos });
    await publisher.publish(topic, new Uint8Array(size), { qos });
    await publisher.publish(topic, "after", { qos });
    await until(() => received.length === 2);
    assert.deepEqual(received, ["before", "after"]);
    assert.deepEqual(
      client.errors.map((error) => error.code),
      ["PACKET_TOO_LARGE"],
    );
    assert.match(client.errors[0].message, new RegExp(`"${topic}" of ${size / 100}\\d\\d bytes`));
    assert.deepEqual([client.stats().dropped, client.stats().received], [1, 2]);
    assert.deepEqual(disconnects, []);
    await client.stop();
    await client.start();
    await publisher.publish(topic, "again", { qos });
    await until(() => received.length === 3);
    assert.equal(client.errors.length, 1);
  }
});

test("online tries at once, offline pauses, and nothing listens after stop()", async (t) => {
  const events = new EventTarget();
  const listeners = [];
  globalThis.addEventListener = (type, listener) => {
    listeners.push([type, listener]);
    events.addEventListener(type, listener);
  };
  globalThis.removeEventListener = (type, listener) => {
    listeners.splice(
      listeners.findIndex(([a, b]) => a === type && b === listener),
      1,
    );
    events.removeEventListener(type, listener);
  };
  t.after(() => {
    delete globalThis.addEventListener;
    delete globalThis.removeEventListener;
  });
  const broker = await startFakeBroker();
  t.after(() => broker.stop());
  const client = clientFor(t, { mqttserver: broker.url, maxmqttreconnectdelay: 0.05 });
  await client.start();
  const types = ["offline", "online", "pagehide", "pageshow"];
  assert.deepEqual(listeners.map(([type]) => type).sort(), types);
  events.dispatchEvent(new Event("offline"));
  assert.equal(client.connected, true);
  broker.connections[0].reset();
  await until(() => !client.connected);
  await pause(500);
  assert.equal(broker.connections.length, 1);
  events.dispatchEvent(new Event("online"));
  await until(() => client.connected);
  assert.equal(broker.connections.length, 2);
  assert.equal(listeners.length, types.length);
  await client.stop();
  assert.deepEqual(listeners, []);
});
