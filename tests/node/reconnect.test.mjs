// A broker that is killed and restarted: the client reconnects automatically, and no QoS 1 or 2 message is lost.

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { scripts, startFakeBroker } from "../support/fake-broker.mjs";
import { startMosquitto } from "../support/mosquitto.mjs";
import { clientFor, freshTopic, until } from "./helpers.mjs";

/** A broker that keeps sessions after a crash, without a limit of unacknowledged messages. */
async function persistentBroker(t) {
  const broker = await startMosquitto({
    persistence: true,
    config: "max_inflight_messages 0\nmax_queued_messages 0",
  });
  t.after(() => broker.stop());
  return broker;
}

/** Publishes a number every 10 ms until the returned function is called. */
function publishSteadily(client, topic, qos) {
  const promises = [];
  const timer = setInterval(() => promises.push(client.publish(topic, promises.length, { qos })), 10);
  return {
    get count() {
      return promises.length;
    },
    async end() {
      clearInterval(timer);
      await Promise.all(promises);
      return promises.length;
    },
  };
}

const missing = (numbers, count) => {
  const seen = new Set(numbers);
  return Array.from({ length: count }, (_, i) => i).filter((i) => !seen.has(i));
};

for (const transport of ["url", "wsUrl"]) {
  const over = transport === "url" ? "TCP" : "WebSocket";

  test(`over ${over}, killed and restarted while publishing every 10 ms: all numbers come back on the subscription`, async (t) => {
    const broker = await persistentBroker(t);
    const topic = freshTopic();
    const numbers = [];
    const rcs = [];
    const client = clientFor(
      t,
      { mqttserver: broker[transport], maxmqttreconnectdelay: 0.1 },
      {
        on_connect: (_client, _userdata, _flags, rc) => rcs.push(`connect ${rc}`),
        on_disconnect: (_client, _userdata, rc) => rcs.push(`disconnect ${rc}`),
        on_message: (_client, _userdata, message) => numbers.push(Number(message.text())),
      },
    );
    await client.subscribe(topic, { qos: 1 });
    const publishing = publishSteadily(client, topic, 1);
    for (const round of [1, 2]) {
      const before = numbers.length;
      await until(() => numbers.length >= before + 30, "30 messages");
      await broker.kill("SIGKILL");
      await until(() => !client.connected, "the loss");
      const down = publishing.count;
      await until(() => publishing.count >= down + 20, "20 messages while the broker is down");
      await broker.start();
      await until(() => client.connected, "reconnected");
      assert.equal(client.stats().reconnects, round);
    }
    const after = publishing.count;
    await until(() => publishing.count >= after + 30, "30 more messages");
    const count = await publishing.end();
    await until(() => missing(numbers, count).length === 0, `missing: ${missing(numbers, count)}`);
    assert.deepEqual(rcs, ["connect 0", "disconnect 7", "connect 0", "disconnect 7", "connect 0"]);
    const firsts = [...new Set(numbers)];
    assert.deepEqual(
      firsts,
      firsts.toSorted((a, b) => a - b),
      "in the order they were published, repeated ones aside",
    );
    assert.equal(client.stats().inFlight, 0);
    assert.equal(client.stats().queued, 0);
  });
}

test("another client with a kept session misses nothing either", async (t) => {
  const broker = await persistentBroker(t);
  const topic = freshTopic();
  const numbers = [];
  const fast = { mqttserver: broker.url, maxmqttreconnectdelay: 0.1 };
  const subscriber = clientFor(
    t,
    { ...fast, mqttclientid: "keeps-its-session", mqttcleansession: false },
    { on_message: (_client, _userdata, message) => numbers.push(Number(message.text())) },
  );
  await subscriber.subscribe(topic, { qos: 1 });
  const file = join(broker.folder, "mosquitto.db");
  await until(
    () => existsSync(file) && readFileSync(file, "latin1").includes(topic),
    "the broker has saved the subscription",
  );
  const publisher = clientFor(t, fast);
  await publisher.start();
  const publishing = publishSteadily(publisher, topic, 1);
  await until(() => numbers.length >= 50, "50 messages");
  await broker.kill("SIGKILL");
  const down = publishing.count;
  await until(() => publishing.count >= down + 20, "20 messages while the broker is down");
  await broker.start();
  await until(() => publisher.connected && subscriber.connected, "both reconnected");
  const after = publishing.count;
  await until(() => publishing.count >= after + 50, "50 more messages");
  const count = await publishing.end();
  await until(() => missing(numbers, count).length === 0, `missing: ${missing(numbers, count)}`);
});

test("batches and queue go on through a restart, and each item comes", async (t) => {
  const broker = await persistentBroker(t);
  const topic = freshTopic();
  const items = [];
  const client = clientFor(
    t,
    { mqttserver: broker.url, maxmqttreconnectdelay: 0.1, batchsize: 7, queuesize: 3, publishinterval: 3600 },
    { on_message: (_client, _userdata, message) => items.push(...[message.json()].flat()) },
  );
  await client.subscribe(`${topic}/#`, { qos: 1 });
  const all = [];
  const work = (from, to) => {
    for (let i = from; i < to; i++) {
      all.push(client.batch_publish(`${topic}/batch`, i, { qos: 1 }));
      all.push(client.qpublish(`${topic}/queue`, 1000 + i, { qos: 1 }));
    }
  };
  work(0, 20);
  await broker.kill("SIGKILL");
  work(20, 40);
  await until(() => !client.connected, "the loss");
  work(40, 60);
  await broker.start();
  await client.flush();
  await Promise.all(all);
  const wanted = Array.from({ length: 60 }, (_, i) => [i, 1000 + i]).flat();
  await until(() => wanted.every((item) => items.includes(item)), "all items");
});

test("a connection that is cut again and again in the middle of QoS 2 delivers each message exactly once", async (t) => {
  // The broker keeps the session: only messages with a new packet identifier are counted.
  const known = new Map();
  const delivered = [];
  let packets = 0;
  const script = (sessionPresent) =>
    scripts.accepts(
      (packet, connection) => {
        if (connection.cut) return true;
        packets += 1;
        if (packet.cmd === "connect") return false;
        if (packets % 7 === 0) {
          connection.cut = true;
          connection.reset();
          return true;
        }
        if (packet.cmd === "publish" && !known.has(packet.messageId)) {
          known.set(packet.messageId, true);
          delivered.push(Number(packet.payload.toString()));
        }
        if (packet.cmd === "pubrel") known.delete(packet.messageId);
        return false;
      },
      { sessionPresent },
    );
  const broker = await startFakeBroker([script(false), script(true)]);
  t.after(() => broker.stop());
  const client = clientFor(t, {
    mqttserver: broker.url,
    mqttclientid: "exactly-once",
    mqttcleansession: false,
    maxmqttreconnectdelay: 0.01,
  });
  const all = Array.from({ length: 30 }, (_, i) => client.publish("t", i, { qos: 2 }));
  await Promise.all(all);
  assert.deepEqual(
    delivered,
    Array.from({ length: 30 }, (_, i) => i),
  );
  assert.ok(broker.connections.length > 5, `${broker.connections.length} connections`);
});

test("reconnecting goes on for as long as the broker is away, with delays up to maxmqttreconnectdelay", async (t) => {
  const broker = await startFakeBroker([
    ...Array.from({ length: 20 }, () => scripts.resetsAtOnce),
    scripts.accepts(),
  ]);
  t.after(() => broker.stop());
  const client = clientFor(t, { mqttserver: broker.url, maxmqttreconnectdelay: 0.02 });
  const published = client.publish("a", "b", { qos: 1 });
  await published;
  assert.equal(broker.connections.length, 21);
  assert.equal(client.state, "connected");
});

test("stats() counts down to the next attempt, and start() makes it at once", async (t) => {
  const broker = await startFakeBroker([scripts.resetsAtOnce, scripts.accepts()]);
  t.after(() => broker.stop());
  const client = clientFor(t, { mqttserver: broker.url, maxmqttreconnectdelay: 3600 });
  assert.equal(client.stats().reconnectIn, undefined);
  await assert.rejects(client.start(), { code: "CONNECTION_REFUSED" });
  const { reconnectIn } = client.stats();
  assert.ok(reconnectIn >= 0 && reconnectIn <= 1, `${reconnectIn}`);
  await client.start();
  assert.equal(client.connected, true);
  assert.equal(client.stats().reconnectIn, undefined);
});
