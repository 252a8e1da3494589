// When a received message is acknowledged: when its handlers are done, and in the order of arrival. The broker is simulated,
// because the order of packets counts; tests/node/handling-brokers.test.mjs has real ones.

import assert from "node:assert/strict";
import { test } from "node:test";
import mqttPacket from "mqtt-packet";
import { scripts } from "../support/fake-broker.mjs";
import { deferred, subscribed, VERSIONS } from "../support/subscribed.mjs";
import { pause, until } from "./helpers.mjs";

for (const version of VERSIONS) {
  test(`a message is acknowledged when its promise has settled, and none before an earlier one, MQTT ${version}`, async (t) => {
    const ends = new Map();
    const handler = (_client, _userdata, message) => {
      const end = deferred();
      ends.set(message.text(), end);
      return end.promise;
    };
    const { client, send, acks } = await subscribed(t, version, { handler });
    send(1);
    send(2, "2", 2);
    send(3);
    await until(() => ends.size === 3, "three messages");
    assert.equal(client.stats().unhandled, 3);
    assert.ok(client.stats().oldestUnhandled >= 0);
    ends.get("2").resolve();
    ends.get("3").resolve();
    await pause(50);
    assert.deepEqual(acks(), []);
    ends.get("1").resolve();
    await until(() => acks().length === 3, "three acknowledgements");
    assert.deepEqual(acks(), ["puback 1 0", "pubrec 2 0", "puback 3 0"]);
    assert.equal(client.stats().unhandled, 0);
    assert.equal(client.stats().oldestUnhandled, undefined);
  });

  test(`a handler that rejects is reported, and its message acknowledged, MQTT ${version}`, async (t) => {
    const handler = async () => {
      throw new Error("broken");
    };
    const { client, send, acks } = await subscribed(t, version, { handler });
    send(1);
    await until(() => acks().length === 1, "an acknowledgement");
    assert.equal(client.errors[0].code, "CALLBACK_FAILED");
    assert.match(client.errors[0].message, /broken/);
  });

  test(`ack: "manual" waits for message.ack(), of which a second call does nothing, MQTT ${version}`, async (t) => {
    const messages = [];
    const handler = (_client, _userdata, message) => messages.push(message);
    const { send, acks } = await subscribed(t, version, { options: { qos: 1, ack: "manual" }, handler });
    send(1);
    send(2);
    await until(() => messages.length === 2, "two messages");
    messages[1].ack();
    await pause(50);
    assert.deepEqual(acks(), []);
    // A proxy of the message serves as well.
    new Proxy(messages[0], {}).ack();
    await until(() => acks().length === 2, "two acknowledgements");
    messages[0].ack();
    assert.deepEqual(acks(), ["puback 1 0", "puback 2 0"]);
  });

  test(`message.ack() within the handler, before anything is awaited, MQTT ${version}`, async (t) => {
    const handler = (_client, _userdata, message) => message.ack();
    const { client, send, acks } = await subscribed(t, version, {
      options: { qos: 1, ack: "manual" },
      handler,
    });
    // Without the option it changes nothing.
    client.on_message = handler;
    await client.subscribe("u", { qos: 1 });
    send(1);
    send(2, "2", 1, { topic: "u" });
    await until(() => acks().length === 2, "two acknowledgements");
    assert.equal(client.stats().unhandled, 0);
  });

  test(`message.reject() within the handler, and later, MQTT ${version}`, async (t) => {
    const later = [];
    const handler = (_client, _userdata, message) => {
      if (message.text() === "now") return message.reject(153, "no JSON");
      later.push(message);
      return new Promise(() => {});
    };
    const { client, send, acks, connection } = await subscribed(t, version, { handler });
    send(1, "now");
    send(2, "later", 2);
    send(3, "now", 2);
    await until(() => later.length === 1, "a message");
    assert.throws(() => later[0].reject(1), { name: "RangeError", code: "OUT_OF_RANGE" });
    later[0].reject(151);
    await until(() => acks().length === 3, "three acknowledgements");
    if (version === 5) {
      assert.deepEqual(acks(), ["puback 1 153", "pubrec 2 151", "pubrec 3 153"]);
      const [first] = connection().packets.filter(({ cmd }) => cmd === "puback");
      assert.equal(first.properties.reasonString, "no JSON");
      assert.deepEqual(client.errors, []);
    } else {
      assert.deepEqual(acks(), ["puback 1 0", "pubrec 2 0", "pubrec 3 0"]);
      assert.equal(client.errors.length, 3);
      assert.equal(client.errors[0].code, "NOT_SUPPORTED");
    }
  });

  test(`stop() waits for handlers, sends what they publish, and acknowledges before DISCONNECT, MQTT ${version}`, async (t) => {
    const end = deferred();
    const handler = async (client) => {
      await end.promise;
      await client.publish("result", "done", { qos: 1 });
      client.batch_publish("result", "batched", { qos: 1 });
    };
    const { client, send, connection } = await subscribed(t, version, {
      handler,
      credentials: { stoptimeout: 5 },
    });
    send(1);
    await until(() => client.stats().unhandled === 1, "the message");
    const stopped = client.stop();
    send(2); // too late: it stays the broker's
    await pause(50);
    end.resolve();
    await stopped;
    await until(() => connection().packets.at(-1).cmd === "disconnect", "DISCONNECT");
    const order = connection().packets.map(({ cmd, messageId }) =>
      cmd === "puback" ? `puback ${messageId}` : cmd,
    );
    assert.deepEqual(order, ["connect", "subscribe", "publish", "publish", "puback 1", "disconnect"]);
  });

  test(`stop() leaves what has not begun, and a handler that never ends costs stoptimeout, MQTT ${version}`, async (t) => {
    const begun = [];
    const handler = (_client, _userdata, message) => {
      begun.push(message.text());
      return new Promise(() => {});
    };
    const { client, send, acks } = await subscribed(t, version, {
      options: { qos: 1, concurrency: 1 },
      handler,
      credentials: { stoptimeout: 0.2 },
    });
    send(1);
    send(2);
    await until(() => client.stats().unhandled === 2, "two messages");
    await client.stop();
    assert.deepEqual(begun, ["1"]);
    assert.deepEqual(acks(), []);
  });

  test(`stop() in a handler: no further message is handed out, of the same chunk neither, MQTT ${version}`, async (t) => {
    const seen = [];
    let stopped;
    const handler = (client, _userdata, message) => {
      seen.push(message.text());
      if (message.text() === "2") stopped = client.stop();
    };
    const { connection, acks } = await subscribed(t, version, { handler });
    const messages = [1, 2, 3, 4, 5].map((messageId) =>
      mqttPacket.generate(
        { cmd: "publish", topic: "t", messageId, payload: String(messageId), qos: messageId % 3 },
        { protocolVersion: version },
      ),
    );
    connection().write(Buffer.concat(messages));
    await until(() => stopped !== undefined, "stop()");
    await stopped;
    assert.deepEqual(seen, ["1", "2"]);
    assert.deepEqual(acks(), ["puback 1 0", "pubrec 2 0"]);
  });

  test(`a message that comes again while it is dealt with is handed out once, MQTT ${version}`, async (t) => {
    const ends = [];
    const seen = [];
    const handler = (_client, _userdata, message) => {
      seen.push(message.text());
      const end = deferred();
      ends.push(end);
      return end.promise;
    };
    const { client, connection, send, acks } = await subscribed(t, version, {
      handler,
      credentials: { maxmqttreconnectdelay: 0.05, mqttcleansession: false },
      script: [scripts.accepts(), scripts.accepts(undefined, { sessionPresent: true })],
    });
    send(1, "one");
    send(2, "two", 2);
    await until(() => seen.length === 2, "two messages");
    connection().reset();
    await until(() => client.stats().reconnects === 1, "a second connection");
    send(9, "one", 1, { dup: true });
    send(2, "two", 2, { dup: true });
    send(10, "three", 1, { dup: true });
    await until(() => seen.length === 3, "the third message");
    assert.deepEqual(acks(), []);
    for (const end of ends) end.resolve();
    await until(() => acks().length === 3, "all acknowledgements");
    assert.deepEqual(seen, ["one", "two", "three"]);
    assert.deepEqual(acks(), ["puback 9 0", "pubrec 2 0", "puback 10 0"]);
  });
}

test("a reason string that MQTT cannot carry is refused", async (t) => {
  const messages = [];
  const handler = (_client, _userdata, message) => messages.push(message);
  const { send } = await subscribed(t, 5, { options: { qos: 1, ack: "manual" }, handler });
  send(1);
  await until(() => messages.length === 1, "a message");
  for (const text of ["a\u0000", "x".repeat(70_000)])
    assert.throws(() => messages[0].reject(128, text), { code: "INVALID_OPTION" });
  messages[0].ack();
});
