// publish: each quality of service to its end, in order, offline and after a lost connection.

import assert from "node:assert/strict";
import { test } from "node:test";
import { MqttError } from "mqtt-lib";
import { startEmbedded } from "../support/embedded.mjs";
import { scripts, startFakeBroker } from "../support/fake-broker.mjs";
import { forTheFile } from "../support/for-the-file.mjs";
import { startMosquitto } from "../support/mosquitto.mjs";
import { clientFor, collect, failure, freshTopic, until } from "./helpers.mjs";

const shared = forTheFile({
  mosquitto: () => startMosquitto({ config: "max_queued_messages 0" }),
  aedes: startEmbedded,
});

async function fakeBroker(t, script) {
  const broker = await startFakeBroker(script);
  t.after(() => broker.stop());
  return broker;
}

const brokers = {
  "mosquitto over TCP": () => shared.mosquitto.url,
  "mosquitto over WebSocket": () => shared.mosquitto.wsUrl,
  "aedes over TCP": () => shared.aedes.url,
  "aedes over WebSocket": () => shared.aedes.wsUrl,
};

for (const [name, url] of Object.entries(brokers)) {
  for (const qos of [0, 1, 2]) {
    test(`100 messages at QoS ${qos} through ${name} arrive once each and in order`, async (t) => {
      const topic = freshTopic();
      const received = await collect(t, url(), topic, { qos });
      const client = clientFor(t, url());
      const sent = Array.from({ length: 100 }, (_, i) => `message ${i}`);
      const results = await Promise.all(sent.map((text) => client.publish(topic, text, { qos })));
      assert.deepEqual(new Set(results), new Set([undefined]));
      await received.count(100);
      assert.deepEqual(received.texts(), sent);
      assert.ok(received.every((message) => message.qos === qos && message.topic === topic));
      assert.equal(client.stats().inFlight, 0);
    });
  }
}

test("a publish of QoS 1 resolves on PUBACK, and one of QoS 2 on PUBCOMP", async (t) => {
  const held = [];
  const broker = await fakeBroker(
    t,
    scripts.accepts((packet, connection) => {
      if (!["publish", "pubrel"].includes(packet.cmd)) return false;
      held.push([packet, connection]);
      return true;
    }),
  );
  const client = clientFor(t, broker.url);
  await client.start();
  const done = [];
  const publishes = [1, 2].map((qos) => client.publish("a", `${qos}`, { qos }).then(() => done.push(qos)));
  await until(() => held.length === 2, "both PUBLISH packets");
  const [[one, connection], [two]] = held;
  assert.deepEqual([one.qos, two.qos], [1, 2]);
  assert.notEqual(one.messageId, two.messageId);
  assert.deepEqual(done, []);

  connection.send({ cmd: "pubrec", messageId: two.messageId });
  await until(() => held.length === 3, "PUBREL");
  assert.equal(held[2][0].messageId, two.messageId);
  assert.deepEqual(done, []);
  assert.equal(client.stats().inFlight, 2);

  connection.send({ cmd: "puback", messageId: one.messageId });
  await publishes[0];
  assert.deepEqual(done, [1]);
  connection.send({ cmd: "pubcomp", messageId: two.messageId });
  await publishes[1];
  assert.deepEqual(done, [1, 2]);
});

test("the promise of a QoS 0 publish resolves although nothing acknowledges it", async (t) => {
  const broker = await fakeBroker(t);
  const client = clientFor(t, broker.url);
  await client.start();
  assert.equal(await client.publish("a", "b"), undefined);
  await until(() => broker.connections[0].packets.length === 2, "PUBLISH");
});

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

test("messages of all qualities in one turn keep their order", async (t) => {
  const topic = freshTopic();
  const received = await collect(t, shared.mosquitto.url, topic, { qos: 0 });
  const client = clientFor(t, shared.mosquitto.url);
  await client.start();
  const sent = Array.from({ length: 60 }, (_, i) => String(i));
  await Promise.all(
    sent.map((text, i) => client.publish(topic, i % 2 ? text : Number(text), { qos: (i >> 1) % 2 })),
  );
  await received.count(60);
  assert.deepEqual(received.texts(), sent);
});

test("what a lost connection left unacknowledged is sent again as new when the session is lost", async (t) => {
  const ignore = (packet) => packet.cmd === "publish";
  const broker = await fakeBroker(t, [scripts.accepts(ignore), scripts.accepts()]);
  const client = clientFor(t, { mqttserver: broker.url, maxmqttreconnectdelay: 0.05 });
  await client.start();
  const publishes = ["a", "b", "c"].map((text, i) => client.publish("t", text, { qos: 1 + (i % 2) }));
  const published = (index) =>
    broker.connections[index]?.packets.filter(({ cmd }) => cmd === "publish") ?? [];
  await until(() => published(0).length === 3, "three PUBLISH packets");
  broker.connections[0].reset();
  await Promise.all(publishes);
  const again = published(1);
  assert.deepEqual(
    again.map(({ payload, qos, dup }) => [payload.toString(), qos, dup]),
    [
      ["a", 1, false],
      ["b", 2, false],
      ["c", 1, false],
    ],
  );
  assert.equal(client.stats().reconnects, 1);
});

test("what a lost connection left unacknowledged is sent again with DUP and its id when the session is kept", async (t) => {
  const broker = await fakeBroker(t, [
    scripts.accepts(({ cmd, qos }, connection) => {
      if (cmd === "publish" && qos === 2) connection.send({ cmd: "pubrec", messageId: 2 });
      return cmd === "publish" || cmd === "pubrel";
    }),
    scripts.accepts(undefined, { sessionPresent: true }),
  ]);
  const client = clientFor(t, {
    mqttserver: broker.url,
    mqttclientid: "kept",
    mqttcleansession: false,
    maxmqttreconnectdelay: 0.05,
  });
  await client.start();
  const publishes = [client.publish("t", "a", { qos: 1 }), client.publish("t", "b", { qos: 2 })];
  const packets = (index) =>
    (broker.connections[index]?.packets ?? []).filter(({ cmd }) => cmd === "publish" || cmd === "pubrel");
  await until(() => packets(0).length === 3, "PUBLISH twice and PUBREL");
  broker.connections[0].reset();
  await Promise.all(publishes);
  const first = packets(0);
  assert.deepEqual(
    packets(1).map(({ cmd, messageId, dup }) => [cmd, messageId, dup]),
    [
      ["publish", first[0].messageId, true],
      ["pubrel", first[2].messageId, false],
    ],
  );
});

test("a QoS 2 message that the broker repeats is delivered once", async (t) => {
  const broker = await fakeBroker(
    t,
    scripts.accepts((packet, connection) => {
      if (packet.cmd === "subscribe") {
        const message = { cmd: "publish", topic: "t", payload: "once", qos: 2, messageId: 7 };
        setImmediate(() => {
          connection.send(message);
          connection.send({ ...message, dup: true });
        });
      }
      if (packet.cmd !== "pubrec") return false;
      const pubrecs = connection.packets.filter(({ cmd }) => cmd === "pubrec").length;
      if (pubrecs === 2) {
        connection.send({ cmd: "pubrel", messageId: 7 });
        connection.send({ cmd: "publish", topic: "t", payload: "next", qos: 2, messageId: 7 });
      }
      return pubrecs <= 2;
    }),
  );
  const texts = [];
  const client = clientFor(t, broker.url);
  await client.subscribe("t", { qos: 2 }, (_client, _userdata, message) => texts.push(message.text()));
  await until(() => texts.includes("next"), "the next message");
  assert.deepEqual(texts, ["once", "next"]);
});

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

test("a message that is never acknowledged makes a new connection, and is sent there", async (t) => {
  const broker = await fakeBroker(t, [
    scripts.accepts((packet) => packet.cmd === "publish"),
    scripts.accepts(),
  ]);
  const errors = [];
  const client = clientFor(
    t,
    { mqttserver: broker.url, acktimeout: 0.05, maxmqttreconnectdelay: 0.05 },
    { on_disconnect: (_client, _userdata, rc, error) => errors.push([rc, error.code]) },
  );
  await client.publish("a", "b", { qos: 1 });
  assert.equal(broker.connections.length, 2);
  assert.deepEqual(errors, [[7, "TIMEOUT"]]);
});
