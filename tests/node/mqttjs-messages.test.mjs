// mqtt-lib/mqttjs: messages, what acknowledges them, and subscriptions.

import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, test } from "node:test";
import { fakeBroker, scripts } from "../support/fake-broker.mjs";
import { startMosquitto } from "../support/mosquitto.mjs";
import { clients } from "../support/mqttjs-clients.mjs";
import { freshTopic, until } from "./helpers.mjs";

const { connected } = clients();

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

  test("a message has its own identifier behind one of QoS 2 that came twice", async (t) => {
    const message = (messageId, payload, dup) => ({
      cmd: "publish",
      topic: "a",
      payload,
      qos: 2,
      messageId,
      dup,
    });
    const broker = await fakeBroker(
      t,
      scripts.accepts((packet, connection) => {
        if (packet.cmd === "subscribe") {
          connection.send({ cmd: "suback", messageId: packet.messageId, granted: [2] });
          connection.send(message(5, "first", false));
          connection.send(message(5, "first", true));
          connection.send(message(6, "second", false));
        }
        return packet.cmd === "subscribe";
      }),
    );
    const client = await connected(t, {}, broker.url);
    const seen = [];
    client.on("message", (_topic, payload, packet) => seen.push([String(payload), packet.messageId]));
    await client.subscribeAsync("a", { qos: 2 });
    await until(() => seen.length === 2);
    assert.deepEqual(seen, [
      ["first", 5],
      ["second", 6],
    ]);
  });

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

  test("a refused publish gives the packet that refused it, MQTT 5", async (t) => {
    const broker = await fakeBroker(
      t,
      scripts.accepts(({ cmd, qos, messageId }, connection) => {
        if (cmd === "publish")
          connection.send({ cmd: qos === 1 ? "puback" : "pubrec", messageId, reasonCode: 135 });
      }),
      { protocolVersion: 5 },
    );
    const client = await connected(t, { protocolVersion: 5 }, broker.url);
    for (const qos of [1, 2]) {
      const [error, packet] = await new Promise((resolve) =>
        client.publish("a", "b", { qos }, (...given) => resolve(given)),
      );
      assert.equal(error.code, 135);
      assert.deepEqual([packet.cmd, packet.reasonCode], [qos === 1 ? "puback" : "pubrec", 135]);
    }
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

  for (const later of [false, true]) {
    test(`an error of handleMessage, given ${later ? "later" : "at once"}, stops no other message`, async (t) => {
      const topic = freshTopic();
      const client = await connected(t);
      const seen = [];
      client.handleMessage = ({ payload }, done) => {
        seen.push(`${payload}`);
        const end = () => done(`${payload}` === "bad" ? new Error("no") : undefined);
        if (later) setTimeout(end, 1);
        else end();
      };
      await client.subscribeAsync(topic, { qos: 1 });
      for (const text of ["a", "bad", "b", "c"]) client.publish(topic, text, { qos: 1 });
      client.publish(topic, "q0");
      await until(() => seen.length === 5);
      assert.deepEqual(seen, ["a", "bad", "b", "c", "q0"]);
    });
  }

  for (const protocolVersion of [4, 5]) {
    test(`behind a failed message come more than the broker sends ahead, MQTT ${protocolVersion}`, async (t) => {
      const broker = await startMosquitto({ config: "max_inflight_messages 20" });
      t.after(() => broker.stop());
      const client = await connected(t, { protocolVersion }, broker.url);
      let count = 0;
      client.handleMessage = (_packet, done) => {
        count += 1;
        done(count === 3 ? new Error("no") : undefined);
      };
      await client.subscribeAsync("a", { qos: 1 });
      for (let i = 0; i < 200; i++) client.publish("a", `${i}`, { qos: 1 });
      await until(() => count === 200);
    });
  }

  test("an error of customHandleAcks stops no other message", async (t) => {
    const topic = freshTopic();
    const client = await connected(t, {
      protocolVersion: 5,
      customHandleAcks: (_topic, message, _packet, done) =>
        done(`${message}` === "bad" ? new Error("no") : 0),
    });
    const [texts, errors] = [[], []];
    client.on("message", (_topic, payload) => texts.push(`${payload}`));
    client.on("error", ({ message }) => errors.push(message));
    await client.subscribeAsync(topic, { qos: 1 });
    for (const text of ["a", "bad", "b", "c"]) client.publish(topic, text, { qos: 1 });
    await until(() => texts.length === 3);
    assert.deepEqual([texts, errors], [["a", "b", "c"], ["no"]]);
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

  test("an alias of the application stands for its topic, MQTT 5; one that the broker does not take is an error", async (t) => {
    const client = await connected(t, { protocolVersion: 5 });
    const topic = freshTopic();
    await client.subscribeAsync(topic, { qos: 1 });
    const properties = { topicAlias: 1 };
    for (const name of [topic, ""]) {
      const message = once(client, "message");
      await client.publishAsync(name, "a", { qos: 1, properties });
      assert.equal((await message)[0], topic);
    }
    await assert.rejects(client.publishAsync(topic, "a", { properties: { topicAlias: 60_000 } }), {
      message: "Sending Topic Alias out of range",
    });
  });

  for (const where of ["a listener", "a callback of publish"]) {
    test(`an exception in ${where} is an uncaught exception, as in MQTT.js`, async (t) => {
      const client = await connected(t);
      const topic = freshTopic();
      await client.subscribeAsync(topic);
      const uncaught = new Promise((resolve) =>
        process.once("uncaughtException", (error, origin) => resolve([error.message, origin])),
      );
      const others = process.listeners("uncaughtException").slice(0, -1);
      for (const other of others) process.removeListener("uncaughtException", other);
      const fail = () => {
        throw new Error("mine");
      };
      if (where === "a listener") client.on("message", fail);
      client.publish(topic, "a", { qos: 1 }, where === "a listener" ? undefined : fail);
      assert.deepEqual(await uncaught, ["mine", "uncaughtException"]);
      for (const other of others) process.on("uncaughtException", other);
    });
  }
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

describe("arguments of publish", () => {
  for (const payload of [{ a: 1 }, [1], 5n, Symbol("a"), new Date(0)]) {
    test(`a payload that is none is an exception, as in MQTT.js: ${typeof payload}`, async (t) => {
      const client = await connected(t);
      assert.throws(() => client.publish("a", payload), /^TypeError: the payload must be/);
      await assert.rejects(client.publishAsync("a", payload), TypeError);
    });
  }

  test("topics that are none are an error of the callback, and nothing is remembered of them", async (t) => {
    const client = await connected(t);
    for (const topics of [undefined, 5, () => {}, []])
      await assert.rejects(client.subscribeAsync(topics), { message: "Invalid topic empty_topic_list" });
    await assert.rejects(client.subscribeAsync(""), { code: "INVALID_TOPIC" });
    assert.deepEqual(client._resubscribeTopics, {});
    assert.equal(client.connected, true);
  });

  test("what is no filter is an error of unsubscribe's callback", async (t) => {
    const client = await connected(t);
    for (const topic of [5, null, undefined, {}, ["a", undefined]]) {
      await assert.rejects(client.unsubscribeAsync(topic), /^Error: Invalid topic/);
      await assert.rejects(
        client.subscribeAsync(Array.isArray(topic) ? topic : [topic]),
        /^Error: Invalid topic/,
      );
    }
  });

  test("what MQTT.js takes is taken: QoS null, retain 0, a topic in a Buffer", async (t) => {
    const client = await connected(t);
    const topic = freshTopic();
    await client.subscribeAsync(topic);
    const message = once(client, "message");
    client.publish(Buffer.from(topic), "a", { qos: null, retain: 0 });
    assert.equal((await message)[0], topic);
  });

  test("properties of a message can be those of another one, and numbers as user properties are texts, MQTT 5", async (t) => {
    const client = await connected(t, { protocolVersion: 5 });
    const [first, second] = [freshTopic(), freshTopic()];
    const properties = { subscriptionIdentifier: 7, userProperties: { a: 1 } };
    await client.subscribeAsync([first, second], { properties });
    const other = new Promise((resolve) => {
      client.on("message", (topic, payload, packet) => {
        if (topic === second) resolve(packet);
        else client.publish(second, payload, { properties: packet.properties });
      });
    });
    await client.publishAsync(first, "a", {
      qos: 1,
      properties: { userProperties: { n: 1, all: [true, 2n] } },
    });
    const { userProperties, subscriptionIdentifier } = (await other).properties;
    assert.deepEqual({ ...userProperties }, { n: "1", all: ["true", "2"] });
    assert.equal(subscriptionIdentifier, 7);
    await client.unsubscribeAsync(first, { properties: { userProperties: { a: 1 } } });
    await client.endAsync(false, { reasonCode: 4, properties: { userProperties: { a: 1 } } });
  });
});
