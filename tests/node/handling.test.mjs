// When a received message is acknowledged: when its handlers are done, in the order of arrival, and as the options of its
// subscription say. The broker is simulated where the order of packets counts; tests/node/handling-brokers.test.mjs has
// real ones.

import assert from "node:assert/strict";
import { test } from "node:test";
import { fakeBroker, scripts } from "../support/fake-broker.mjs";
import { clientFor, pause, until } from "./helpers.mjs";

/** A promise with its ends outside. */
function deferred() {
  const ends = {};
  ends.promise = new Promise((resolve, reject) => Object.assign(ends, { resolve, reject }));
  return ends;
}

const VERSIONS = [4, 5];

/** A client with one subscription, and the means to send it messages and to see its acknowledgements. */
async function subscribed(
  t,
  mqttversion,
  { options = { qos: 2 }, handler, credentials, callbacks, script = scripts.accepts() } = {},
) {
  const broker = await fakeBroker(t, script);
  const all = { mqttserver: broker.url, mqttversion, stoptimeout: 1, mqttclientid: "c", ...credentials };
  const client = clientFor(t, all, callbacks);
  await client.start();
  await client.subscribe("t", options, handler);
  const connection = () => broker.connections.at(-1);
  const send = (messageId, payload = String(messageId), qos = 1, more = {}) =>
    connection().send({ cmd: "publish", topic: "t", messageId, payload, qos, ...more });
  const acks = () =>
    connection()
      .packets.filter(({ cmd }) => cmd === "puback" || cmd === "pubrec")
      .map(({ cmd, messageId, reasonCode }) => [cmd, messageId, reasonCode || 0].join(" "));
  return { broker, client, connection, send, acks };
}

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

  test(`all who took a message must be done: two handlers and a loop, MQTT ${version}`, async (t) => {
    const first = deferred();
    const { client, send, acks } = await subscribed(t, version, { handler: () => first.promise });
    const second = deferred();
    await client.subscribe("+", { qos: 1 }, () => second.promise);
    const loop = client.messages("t");
    send(1);
    assert.equal((await loop.next()).value.text(), "1");
    first.resolve();
    second.resolve();
    await pause(50);
    assert.deepEqual(acks(), []);
    loop.next();
    await until(() => acks().length === 1, "an acknowledgement");
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

  test(`concurrency: 2 never has more than two messages in the handler, and begins them in order, MQTT ${version}`, async (t) => {
    let now = 0;
    let most = 0;
    const begun = [];
    const handler = async (_client, _userdata, message) => {
      begun.push(Number(message.text()));
      now += 1;
      most = Math.max(most, now);
      await pause(Math.random() * 5);
      now -= 1;
    };
    const { send, acks } = await subscribed(t, version, { options: { qos: 1, concurrency: 2 }, handler });
    for (let id = 1; id <= 50; id++) send(id);
    await until(() => acks().length === 50, "all acknowledgements");
    assert.equal(most, 2);
    assert.deepEqual(
      begun,
      Array.from({ length: 50 }, (_, at) => at + 1),
    );
  });

  test(`onFailure: "retry" calls again, then gives up, MQTT ${version}`, async (t) => {
    const attempts = [];
    const handler = async (_client, _userdata, message) => {
      attempts.push(message.text());
      if (message.text() === "bad" || attempts.length < 3) throw new Error("not yet");
    };
    const options = { qos: 1, onFailure: "retry", retries: 2, retryDelay: 0 };
    const { client, send, acks } = await subscribed(t, version, { options, handler });
    send(1, "good");
    await until(() => acks().length === 1, "an acknowledgement");
    assert.deepEqual(attempts, ["good", "good", "good"]);
    assert.deepEqual(client.errors, []);
    send(2, "bad");
    await until(() => acks().length === 2, "an acknowledgement");
    assert.deepEqual(attempts.slice(3), ["bad", "bad", "bad"]);
    assert.equal(client.errors[0].code, "CALLBACK_FAILED");
  });

  test(`onFailure: "leave" acknowledges nothing, and lets later messages be acknowledged, MQTT ${version}`, async (t) => {
    const handler = async (_client, _userdata, message) => {
      if (message.text() === "1") throw new Error("cannot");
    };
    const { client, send, acks } = await subscribed(t, version, {
      options: { qos: 2, onFailure: "leave" },
      handler,
    });
    send(1);
    send(2);
    await until(() => acks().length === 1, "an acknowledgement");
    assert.deepEqual(acks(), ["puback 2 0"]);
    assert.equal(client.errors[0].code, "CALLBACK_FAILED");
    assert.equal(client.stats().unhandled, 0);
  });

  test(`deadLetter publishes what failed, and acknowledges when that is confirmed, MQTT ${version}`, async (t) => {
    const handler = async () => {
      throw new Error("cannot");
    };
    const options = { qos: 1, deadLetter: "dead" };
    const { connection, send, acks } = await subscribed(t, version, { options, handler });
    const properties = version === 5 ? { contentType: "text/x", userProperties: { a: "b" } } : undefined;
    send(7, "payload", 1, { properties });
    await until(() => acks().length === 1, "an acknowledgement");
    const letters = connection().packets.filter(({ cmd }) => cmd === "publish");
    assert.deepEqual(
      letters.map(({ topic, payload, qos }) => [topic, payload.toString(), qos]),
      [["dead", "payload", 1]],
    );
    if (version === 5) {
      const { contentType, userProperties } = letters[0].properties;
      assert.deepEqual(
        { contentType, ...userProperties },
        { contentType: "text/x", a: "b", deadLetterTopic: "t", deadLetterReason: "cannot" },
      );
    }
    const order = connection().packets.map(({ cmd }) => cmd);
    assert.ok(order.indexOf("publish") < order.indexOf("puback"));
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

  test(`what nobody takes is kept, and acknowledged when somebody has, MQTT ${version}`, async (t) => {
    const { client, send, acks } = await subscribed(t, version);
    send(1);
    send(2, "2", 2);
    await until(() => client.stats().unhandled === 2, "two messages");
    assert.deepEqual(acks(), []);
    const seen = [];
    client.on_message = (_client, _userdata, message) => seen.push(message.text());
    await until(() => acks().length === 2, "two acknowledgements");
    assert.deepEqual(seen, ["1", "2"]);
    client.on_message = null;
    send(3);
    await until(() => client.stats().unhandled === 1, "a message");
    const loop = client.messages("t");
    assert.equal((await loop.next()).value.text(), "3");
    await loop.return();
    await until(() => acks().length === 3, "three acknowledgements");
  });

  test(`a loop acknowledges when it asks for the next one; what it leaves behind is for the next taker, MQTT ${version}`, async (t) => {
    const { client, send, acks } = await subscribed(t, version);
    const loop = client.messages();
    for (let id = 1; id <= 4; id++) send(id);
    assert.equal((await loop.next()).value.text(), "1");
    await pause(30);
    assert.deepEqual(acks(), []);
    assert.equal((await loop.next()).value.text(), "2");
    await until(() => acks().length === 1, "the first acknowledgement");
    await loop.return();
    await until(() => acks().length === 2, "that of what the loop had");
    await pause(30);
    assert.equal(client.stats().unhandled, 2);
    const rest = [];
    for await (const message of client.messages()) {
      rest.push(message.text());
      if (rest.length === 2) break;
    }
    assert.deepEqual(rest, ["3", "4"]);
    await until(() => acks().length === 4, "all acknowledgements");
  });

  test(`a loop with ack: "manual", MQTT ${version}`, async (t) => {
    const { client, send, acks } = await subscribed(t, version);
    const loop = client.messages("t", { ack: "manual" });
    send(1);
    send(2);
    const one = (await loop.next()).value;
    const two = (await loop.next()).value;
    await pause(30);
    assert.deepEqual(acks(), []);
    two.ack();
    one.ack();
    await until(() => acks().length === 2, "two acknowledgements");
  });

  test(`two calls of next() at a time: each message is acknowledged, MQTT ${version}`, async (t) => {
    const { client, send, acks } = await subscribed(t, version);
    const loop = client.messages("t");
    const seen = [];
    const work = async () => {
      for await (const message of { [Symbol.asyncIterator]: () => ({ next: () => loop.next() }) }) {
        seen.push(message.text());
        await pause(1);
      }
    };
    work();
    work();
    for (let id = 1; id <= 50; id++) send(id);
    await until(() => acks().length >= 48, "all but those at work");
    await until(() => seen.length === 50, "all messages");
    await loop.return();
    await until(() => acks().length === 50, "all acknowledgements");
    assert.equal(client.stats().unhandled, 0);
  });

  test(`a dead letter that is confirmed is acknowledged, whatever onFailure says; ack() before reject() counts, MQTT ${version}`, async (t) => {
    const handler = (_client, _userdata, message) => {
      if (message.text() === "bad") throw new Error("cannot");
      message.ack();
      message.reject(131);
    };
    const options = { qos: 1, ack: "manual", deadLetter: "dead", onFailure: "leave" };
    const { send, acks } = await subscribed(t, version, { options, handler });
    send(1, "bad");
    send(2, "good");
    await until(() => acks().length === 2, "two acknowledgements");
    assert.deepEqual(acks(), ["puback 1 0", "puback 2 0"]);
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

test("a handler that takes what was kept goes on with its own message, too", async (t) => {
  const end = deferred();
  const { client, connection, acks } = await subscribed(t, 4, { options: { qos: 1 } });
  await client.subscribe("late", { qos: 1 }, async () => {
    client.on_message = () => {};
    await end.promise;
  });
  const send = (topic, messageId) =>
    connection().send({ cmd: "publish", topic, messageId, payload: "x", qos: 1 });
  send("t", 1);
  await until(() => client.stats().unhandled === 1, "a message that nobody takes");
  send("late", 2);
  await until(() => acks().length > 0, "an acknowledgement of what was kept");
  await pause(50);
  assert.deepEqual(acks(), ["puback 1 0"]);
  end.resolve();
  await until(() => acks().length === 2, "both acknowledgements");
});

test("a dead letter that the broker refuses leaves the message to the broker", async (t) => {
  const handler = async () => {
    throw new Error("cannot");
  };
  const refuses = ({ cmd, messageId }, connection) => {
    if (cmd === "publish") connection.send({ cmd: "puback", messageId, reasonCode: 135 });
    return cmd === "publish";
  };
  const options = { qos: 1, deadLetter: "dead" };
  const { client, send, acks } = await subscribed(t, 5, {
    options,
    handler,
    script: scripts.accepts(refuses),
  });
  send(1);
  await until(() => client.errors.length === 2, "two errors");
  assert.equal(client.errors[1].cause.cause.code, "PUBLISH_REFUSED");
  await pause(30);
  assert.deepEqual(acks(), []);
  assert.equal(client.stats().unhandled, 0);
});

test("messages that nobody takes are reported after five seconds", async (t) => {
  const { client, send } = await subscribed(t, 4);
  for (let id = 1; id <= 3; id++) send(id);
  await until(() => client.errors.length > 0, "the report");
  assert.match(client.errors[0].message, /nobody takes a message on "t", and 2 more/);
  assert.equal(client.stats().unhandled, 3);
});

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

test("keep alive lives while handlers hold everything up, and nothing of QoS 0 is lost", async (t) => {
  const end = deferred();
  let seen = 0;
  const { client, connection, send } = await subscribed(t, 4, {
    handler: () => {
      seen += 1;
      return end.promise;
    },
    credentials: { mqttkeepalive: 1, maxunhandled: 10 },
  });
  const large = "x".repeat(1000);
  for (let i = 0; i < 2_000; i++) send(undefined, large, 0);
  await until(() => client.stats().unhandled >= 10, "the bound");
  // An own publish is acknowledged although the socket rests.
  await client.publish("own", "x", { qos: 1 });
  await until(() => connection().packets.some(({ cmd }) => cmd === "pingreq"), "PINGREQ");
  await pause(1_500);
  assert.equal(client.connected, true);
  end.resolve();
  await until(() => seen === 2_000, "all messages");
  assert.equal(client.stats().dropped, 0);
});

test("a QoS 1 flood of a broker that ignores Receive Maximum: nothing is dropped, and little is held", async (t) => {
  let most = 0;
  const { client, connection, send } = await subscribed(t, 5, {
    options: { qos: 1, concurrency: 1 },
    handler: async () => {
      most = Math.max(most, client.stats().unhandled);
      await null;
    },
    credentials: { maxunhandled: 20 },
  });
  const large = "x".repeat(10_000);
  for (let id = 1; id <= 2_000; id++) send(id, large);
  const acked = () => connection().packets.filter(({ cmd }) => cmd === "puback").length;
  await until(() => acked() === 2_000, "all acknowledgements");
  assert.ok(most < 100, `${most} were held`);
  assert.equal(client.stats().dropped, 0);
});

for (const [options, code, word] of [
  [
    { concurrency: 0 },
    "OUT_OF_RANGE",
    /options.concurrency must be a whole number from 1 to 65,535; 0 was given/,
  ],
  [{ concurrency: "2" }, "INVALID_OPTION", /options.concurrency/],
  [{ ack: "auto" }, "INVALID_OPTION", /options.ack must be "handled" or "manual"; "auto" was given/],
  [{ onFailure: "drop" }, "INVALID_OPTION", /"acknowledge", "retry" or "leave"/],
  [{ retries: -1 }, "OUT_OF_RANGE", /options.retries must be a whole number from 0/],
  [{ retryDelay: 1e9 }, "OUT_OF_RANGE", /options.retryDelay must be seconds from 0 to 86,400/],
  [{ deadLetter: "a/#" }, "INVALID_TOPIC", /a\/#/],
  [{ deadLetter: 7 }, "OUT_OF_RANGE", /options.deadLetter must be a topic name; 7 was given/],
  [{ onfailure: "retry" }, "INVALID_OPTION", /onFailure/],
]) {
  test(`subscribe() with ${JSON.stringify(options)} rejects and says what is allowed`, async (t) => {
    const broker = await fakeBroker(t);
    const client = clientFor(t, broker.url);
    await assert.rejects(
      client.subscribe("t", options, () => {}),
      (error) => {
        assert.equal(error.code, code);
        assert.match(error.message, word);
        return true;
      },
    );
  });
}

test("messages() with a wrong option throws", (t) => {
  const client = clientFor(t, {}, { autostart: false });
  assert.throws(() => client.messages("t", { ack: "x" }), { code: "INVALID_OPTION" });
  assert.throws(() => client.messages("t", { acks: "manual" }), { code: "INVALID_OPTION" });
});
