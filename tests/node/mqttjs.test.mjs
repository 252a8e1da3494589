// mqtt-lib/mqttjs: the interface of MQTT.js. What applications of MQTT.js do: connect, events, callbacks and promises, acknowledging
// after handling, reconnects, ends.

import assert from "node:assert/strict";
import { EventEmitter, once } from "node:events";
import { createServer } from "node:net";
import { createRequire } from "node:module";
import { describe, test } from "node:test";
import mqtt, { connect, connectAsync, ErrorWithReasonCode, MqttClient, ReasonCodes } from "mqtt-lib/mqttjs";
import { sharedFixtures } from "../support/fixtures.mjs";
import { startMosquitto } from "../support/mosquitto.mjs";
import { freshTopic, until } from "./helpers.mjs";

const shared = sharedFixtures({ mosquitto: () => startMosquitto() });

function clientOf(t, url, options) {
  const client = connect(url, options);
  t.after(() => client.endAsync(true));
  return client;
}

async function connected(t, options, url = shared.mosquitto.url) {
  const client = clientOf(t, url, options);
  await once(client, "connect");
  return client;
}

describe("what is exported", () => {
  test("names and default are those of the package mqtt, and require gives the same objects", () => {
    const required = createRequire(import.meta.url)("mqtt-lib/mqttjs");
    assert.equal(required.MqttClient, MqttClient);
    assert.equal(mqtt.connect, connect);
    for (const name of ["Client", "Store", "UniqueMessageIdProvider", "DefaultMessageIdProvider"]) {
      assert.equal(mqtt[name], required[name], name);
    }
    assert.equal(ReasonCodes[135], "Not authorized");
    assert.equal(ReasonCodes[16], "No matching subscribers");
    assert.equal(new ErrorWithReasonCode("a", 5).code, 5);
  });

  test("all that the package mqtt exports is there", async () => {
    const theirs = await import("mqtt");
    const internal = ["applyMixin", "nextTick", "module.exports", "default", "__esModule"];
    for (const name of Object.keys(theirs.default).filter((one) => !internal.includes(one))) {
      assert.equal(typeof mqtt[name], typeof theirs[name], name);
    }
  });
});

describe("connect", () => {
  test("a client is an EventEmitter, and connect gives it before it is connected", (t) => {
    const client = clientOf(t, shared.mosquitto.url);
    assert.ok(client instanceof MqttClient);
    assert.ok(client instanceof EventEmitter);
    assert.equal(client.connected, false);
    assert.match(client.options.clientId, /^mqttjs_[0-9a-f]+$/);
  });

  test("connect has the CONNACK packet", async (t) => {
    const client = clientOf(t, shared.mosquitto.url);
    const [packet] = await once(client, "connect");
    assert.equal(packet.cmd, "connack");
    assert.equal(packet.returnCode, 0);
    assert.equal(packet.sessionPresent, false);
    assert.equal(client.connected, true);
  });

  test("a URL, a URL with options, and options alone", async (t) => {
    const { port } = shared.mosquitto;
    await connected(t, { clientId: "one" }, `mqtt://127.0.0.1:${port}`);
    await connected(t, { port, host: "127.0.0.1", protocol: "tcp" }, undefined);
    const client = await connected(t, undefined, `mqtt://user:secret@127.0.0.1:${port}?clientId=two`);
    assert.equal(client.options.username, "user");
    assert.equal(client.options.password, "secret");
    assert.equal(client.options.clientId, "two");
  });

  test("over WebSocket, and with options of the package ws", async (t) => {
    const client = await connected(t, {}, shared.mosquitto.wsUrl);
    const topic = freshTopic();
    await client.subscribeAsync(topic);
    const message = once(client, "message");
    await client.publishAsync(topic, "a");
    assert.equal(`${(await message)[1]}`, "a");
    await connected(t, { wsOptions: { handshakeTimeout: 5000 } }, shared.mosquitto.wsUrl);
  });

  test("connectAsync resolves with the client, and rejects with the first error", async () => {
    const client = await connectAsync(shared.mosquitto.url);
    assert.equal(client.connected, true);
    await client.endAsync();
    await assert.rejects(connectAsync("mqtt://127.0.0.1:1", { reconnectPeriod: 10 }), {
      code: "ECONNREFUSED",
    });
  });

  test("what is wrong throws at once", () => {
    assert.throws(() => connect("localhost"), /Missing protocol/);
    assert.throws(
      () => connect("mqtt://localhost", { clean: false }),
      /Missing clientId for unclean clients/,
    );
    assert.throws(
      () => connect("mqtt://localhost", { protocolVersion: 3, protocolId: "MQIsdp" }),
      /MQTT 3\.1/,
    );
    assert.throws(
      () => connect("mqtt://localhost", { socksProxy: "socks5://a" }),
      /socksProxy is not supported/,
    );
    const outgoingStore = { put() {} };
    assert.throws(() => connect("mqtt://localhost", { outgoingStore }), /store: "persistent"/);
  });

  test("a refusal is an error with its code, and no reconnect follows", async (t) => {
    const broker = createServer((socket) =>
      socket.once("data", () => socket.write(Buffer.of(0x20, 2, 0, 5))),
    );
    await new Promise((resolve) => broker.listen(0, "127.0.0.1", resolve));
    t.after(() => broker.close());
    const client = clientOf(t, `mqtt://127.0.0.1:${broker.address().port}`, { reconnectPeriod: 10 });
    let reconnects = 0;
    client.on("reconnect", () => {
      reconnects += 1;
    });
    const closed = new Promise((resolve) => client.once("close", resolve));
    const [error] = await once(client, "error");
    assert.ok(error instanceof ErrorWithReasonCode);
    assert.equal(error.message, "Connection refused: Not authorized");
    assert.equal(error.code, 5);
    await closed;
    await new Promise((resolve) => setTimeout(resolve, 100));
    assert.equal(reconnects, 0);
  });

  test("a broker that is silent is a connack timeout", async (t) => {
    const broker = createServer(() => {});
    await new Promise((resolve) => broker.listen(0, "127.0.0.1", resolve));
    t.after(() => broker.close());
    const url = `mqtt://127.0.0.1:${broker.address().port}`;
    const client = clientOf(t, url, { connectTimeout: 50, reconnectPeriod: 0 });
    const [error] = await once(client, "error");
    assert.equal(error.message, "connack timeout");
  });
});

describe("messages", () => {
  for (const protocolVersion of [4, 5]) {
    test(`payloads are Buffers, packets have what MQTT.js has, in MQTT ${protocolVersion}`, async (t) => {
      const client = await connected(t, { protocolVersion });
      const topic = freshTopic();
      const granted = await client.subscribeAsync({ [topic]: { qos: 2 } });
      assert.equal(granted[0].topic, topic);
      assert.equal(granted[0].qos, 2);
      for (const qos of [0, 1, 2]) {
        const message = once(client, "message");
        const properties = {
          contentType: "text/plain",
          correlationData: Buffer.from("x"),
          userProperties: { a: "1" },
        };
        client.publish(topic, Buffer.from("grüße"), { qos, properties });
        const [on, payload, packet] = await message;
        assert.equal(on, topic);
        assert.ok(Buffer.isBuffer(payload));
        assert.equal(payload.toString(), "grüße");
        assert.equal(packet.cmd, "publish");
        assert.equal(packet.qos, qos);
        assert.equal(typeof packet.messageId, qos > 0 ? "number" : "undefined");
        if (protocolVersion === 5) {
          assert.equal(packet.properties.contentType, "text/plain");
          assert.ok(Buffer.isBuffer(packet.properties.correlationData));
          assert.deepEqual({ ...packet.properties.userProperties }, { a: "1" });
        }
      }
    });
  }

  test("callbacks of publish: nothing for QoS 0, the packet for QoS 1 and 2", async (t) => {
    const client = await connected(t);
    const topic = freshTopic();
    const calls = [];
    for (const qos of [0, 1, 2]) client.publish(topic, "a", { qos }, (...args) => calls.push([qos, args]));
    await until(() => calls.length === 3);
    assert.deepEqual(calls[0], [0, []]);
    assert.equal(calls[1][1][0], null);
    assert.equal(calls[1][1][1].cmd, "publish");
    assert.equal(calls[2][1][1].messageId, client.getLastMessageId());
  });

  test("a message is acknowledged when handleMessage calls back, and the next one is handled then", async (t) => {
    const client = await connected(t);
    const topic = freshTopic();
    const log = [];
    let release;
    client.handleMessage = (packet, done) => {
      log.push(`handle ${packet.payload}`);
      release = done;
    };
    client.on("packetsend", ({ cmd }) => cmd === "puback" && log.push(cmd));
    await client.subscribeAsync(topic, { qos: 1 });
    const other = await connected(t);
    for (const text of ["a", "b"]) await other.publishAsync(topic, text, { qos: 1 });
    await until(() => release !== undefined);
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.deepEqual(log, ["handle a"]);
    const first = release;
    release = undefined;
    first();
    await until(() => release !== undefined);
    release();
    await until(() => log.filter((line) => line === "puback").length === 2);
    assert.deepEqual(log.toSorted(), ["handle a", "handle b", "puback", "puback"]);
  });

  test("a message whose handleMessage failed comes again on the next connection of the session", async (t) => {
    const topic = freshTopic();
    const client = await connected(t, { clean: false, clientId: freshTopic("c"), reconnectPeriod: 20 });
    const seen = [];
    client.handleMessage = (packet, done) => {
      seen.push(packet.dup);
      done(seen.length === 1 ? new Error("no") : undefined);
    };
    await client.subscribeAsync(topic, { qos: 1 });
    client.publish(topic, "a", { qos: 1 });
    await until(() => seen.length === 1);
    client.stream.destroy();
    await until(() => seen.length === 2);
    assert.deepEqual(seen, [false, true]);
  });

  test("customHandleAcks decides the reason code, MQTT 5", async (t) => {
    const topic = freshTopic();
    const codes = [];
    const client = await connected(t, {
      protocolVersion: 5,
      customHandleAcks: (_topic, message, _packet, done) => done(`${message}` === "no" ? 135 : 0),
    });
    const texts = [];
    client.on("message", (_topic, payload) => texts.push(`${payload}`));
    client.on("packetsend", ({ cmd, reasonCode }) => cmd === "puback" && codes.push(reasonCode));
    await client.subscribeAsync(topic, { qos: 1 });
    for (const text of ["no", "yes"]) await client.publishAsync(topic, text, { qos: 1 });
    await until(() => codes.length === 2);
    assert.deepEqual(codes, [135, 0]);
    assert.deepEqual(texts, ["yes"]);
  });

  test("an exception in a listener is an uncaught exception, as in MQTT.js", async (t) => {
    const client = await connected(t);
    const topic = freshTopic();
    await client.subscribeAsync(topic);
    const uncaught = new Promise((resolve) => process.once("uncaughtException", resolve));
    const others = process.listeners("uncaughtException").slice(0, -1);
    for (const other of others) process.removeListener("uncaughtException", other);
    client.on("message", () => {
      throw new Error("mine");
    });
    client.publish(topic, "a");
    assert.equal((await uncaught).message, "mine");
    for (const other of others) process.on("uncaughtException", other);
  });
});

describe("subscriptions", () => {
  test("a filter that is subscribed is not subscribed again, unless with a larger QoS", async (t) => {
    const client = await connected(t);
    const topic = freshTopic();
    assert.equal((await client.subscribeAsync(topic, { qos: 1 })).length, 1);
    assert.deepEqual(await client.subscribeAsync(topic, { qos: 1 }), []);
    assert.equal((await client.subscribeAsync(topic, { qos: 2 })).length, 1);
    await client.unsubscribeAsync(topic);
    assert.equal((await client.subscribeAsync(topic)).length, 1);
  });

  test("wrong filters are errors of the callback", async (t) => {
    const client = await connected(t);
    for (const filter of ["#/a", "a#", "a/+b"]) {
      await assert.rejects(client.subscribeAsync(filter), { message: `Invalid topic ${filter}` });
    }
    await assert.rejects(client.subscribeAsync([]), { message: "Invalid topic empty_topic_list" });
  });

  test("subscribeBatchSize is the number of filters of a packet", async (t) => {
    const client = await connected(t, { subscribeBatchSize: 2 });
    const sizes = [];
    client.on(
      "packetsend",
      ({ cmd, subscriptions }) => cmd === "subscribe" && sizes.push(subscriptions.length),
    );
    await client.subscribeAsync([freshTopic(), freshTopic(), freshTopic()]);
    assert.deepEqual(sizes, [2, 1]);
  });
});

describe("reconnects and ends", () => {
  test("offline, close, reconnect and connect, in the order of MQTT.js, and subscriptions are restored", async (t) => {
    const client = await connected(t, { reconnectPeriod: 30 });
    const topic = freshTopic();
    await client.subscribeAsync(topic);
    const log = [];
    for (const event of ["close", "offline", "reconnect", "connect"]) client.on(event, () => log.push(event));
    client.stream.destroy();
    await until(() => log.includes("connect"));
    assert.deepEqual(log, ["offline", "close", "reconnect", "connect"]);
    const message = once(client, "message");
    await client.publishAsync(topic, "a");
    await message;
  });

  test("resubscribe: false, and what a listener of connect subscribes again is subscribed", async (t) => {
    const client = clientOf(t, shared.mosquitto.url, { reconnectPeriod: 30, resubscribe: false });
    const topic = freshTopic();
    const texts = [];
    client.on("message", (_topic, payload) => texts.push(`${payload}`));
    for (const text of ["a", "b", "c"]) {
      await once(client, "connect");
      await client.subscribeAsync(topic, { qos: 1 });
      await client.publishAsync(topic, text, { qos: 1 });
      await until(() => texts.includes(text));
      client.stream.destroy();
    }
  });

  test("a return code that MQTT 3.1.1 does not have is a refusal", async (t) => {
    let code = 135;
    const broker = createServer((socket) => {
      socket.once("data", () => socket.write(Buffer.of(0x20, 2, 0, code)));
      socket.on("error", () => {});
    });
    await new Promise((resolve) => broker.listen(0, "127.0.0.1", resolve));
    t.after(() => broker.close());
    const url = `mqtt://127.0.0.1:${broker.address().port}`;
    const client = clientOf(t, url, { reconnectPeriod: 10, reconnectOnConnackError: true });
    const [error] = await once(client, "error");
    assert.equal(error.code, 135);
    assert.equal(error.message, "Connection refused: Not authorized");
    code = 0;
    await new Promise((resolve) => client.once("connect", resolve));
  });

  test("resubscribe: false: nothing is subscribed after a reconnect", async (t) => {
    const client = await connected(t, { reconnectPeriod: 30, resubscribe: false });
    const topic = freshTopic();
    await client.subscribeAsync(topic);
    const ended = new Promise((resolve) => {
      client.on("packetreceive", ({ cmd }) => cmd === "unsuback" && resolve());
    });
    client.stream.destroy();
    await ended;
    client.on("message", () => assert.fail("it is subscribed"));
    await client.publishAsync(topic, "a", { qos: 1 });
    await client.publishAsync(topic, "b", { qos: 1 });
  });

  test("messages that are published offline are sent later; without queueQoSZero QoS 0 is an error", async (t) => {
    const topic = freshTopic();
    const receiver = await connected(t);
    await receiver.subscribeAsync(topic, { qos: 1 });
    const texts = [];
    receiver.on("message", (_topic, payload) => texts.push(`${payload}`));
    const client = clientOf(t, shared.mosquitto.url, { manualConnect: true, queueQoSZero: false });
    await assert.rejects(client.publishAsync(topic, "zero"), { message: "No connection to broker" });
    const published = client.publishAsync(topic, "one", { qos: 1 });
    client.connect();
    await published;
    await until(() => texts.length === 1);
    assert.deepEqual(texts, ["one"]);
  });

  test("end waits for acknowledgements, emits close and end, and calls back", async (t) => {
    const client = await connected(t);
    const log = [];
    for (const event of ["close", "end", "outgoingEmpty"]) client.on(event, () => log.push(event));
    client.publish(freshTopic(), "a", { qos: 2 }, () => log.push("published"));
    await client.endAsync();
    assert.deepEqual(log, ["published", "outgoingEmpty", "close", "end"]);
    assert.equal(client.disconnected, true);
    const refused = await new Promise((resolve) => client.publish("a", "b", resolve));
    assert.equal(refused.message, "client disconnecting");
  });

  test("end(true) ends at once, also while there is no connection", async () => {
    const client = connect("mqtt://127.0.0.1:1", { reconnectPeriod: 50 });
    client.publish("a", "b", { qos: 1 });
    await new Promise((resolve) => client.once("close", resolve));
    await client.endAsync(true);
    assert.equal(client.connected, false);
  });

  test("without reconnects and a session, what has no answer at end(true) is an error", async (t) => {
    const broker = createServer((socket) =>
      socket.once("data", () => socket.write(Buffer.of(0x20, 2, 0, 0))),
    );
    await new Promise((resolve) => broker.listen(0, "127.0.0.1", resolve));
    t.after(() => broker.close());
    const client = await connected(t, { reconnectPeriod: 0 }, `mqtt://127.0.0.1:${broker.address().port}`);
    const published = client.publishAsync("a", "b", { qos: 1 });
    const subscribed = client.subscribeAsync("a");
    client.end(true);
    await assert.rejects(published, { message: "Connection closed" });
    await assert.rejects(subscribed, { message: "Connection closed" });
  });

  test("reconnect after end connects again", async (t) => {
    const client = await connected(t);
    await client.endAsync();
    const again = once(client, "connect");
    client.reconnect();
    await again;
    const topic = freshTopic();
    await client.subscribeAsync(topic);
    const message = once(client, "message");
    client.publish(topic, "a", { qos: 1 });
    await message;
  });

  test("what a Store with clean: false keeps is sent after end and reconnect", async (t) => {
    const topic = freshTopic();
    const receiver = await connected(t);
    await receiver.subscribeAsync(topic, { qos: 1 });
    const message = once(receiver, "message");
    const outgoingStore = new mqtt.Store({ clean: false });
    const options = { clean: false, clientId: freshTopic("c"), outgoingStore, reconnectPeriod: 0 };
    const client = clientOf(t, "mqtt://127.0.0.1:1", options);
    await new Promise((resolve) => client.once("close", resolve));
    client.publish(topic, "kept", { qos: 1 });
    await client.endAsync(true);
    client.options.port = shared.mosquitto.port;
    client.reconnect({ outgoingStore });
    assert.equal(`${(await message)[1]}`, "kept");
  });

  test("native gives options of the native client, also a store", async (t) => {
    const native = { store: new mqtt.Store().records, offlinesize: 1 };
    const client = await connected(t, { clean: false, clientId: freshTopic("c"), native });
    await client.publishAsync(freshTopic(), "a", { qos: 1 });
    client.stream.destroy();
    await new Promise((resolve) => client.once("close", resolve));
    client.publish("a", "b", { qos: 1 });
    await assert.rejects(client.publishAsync("a", "b", { qos: 1 }), { code: "QUEUE_FULL" });
  });

  test("the will is published when the connection is dropped", async (t) => {
    const topic = freshTopic();
    const receiver = await connected(t);
    await receiver.subscribeAsync(topic);
    const message = once(receiver, "message");
    const client = await connected(t, {
      will: { topic, payload: "gone", qos: 1, retain: false },
      reconnectPeriod: 0,
    });
    client.stream.destroy();
    assert.equal(`${(await message)[1]}`, "gone");
  });
});
