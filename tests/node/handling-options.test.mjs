// How the messages of a subscription are handled, as its options say: how many at a time, and what a failure means.

import assert from "node:assert/strict";
import { test } from "node:test";
import { fakeBroker, scripts } from "../support/fake-broker.mjs";
import { subscribed, VERSIONS } from "../support/subscribed.mjs";
import { clientFor, pause, until } from "./helpers.mjs";

for (const version of VERSIONS) {
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
}

test("a dead letter leaves out what is the subscription's, and is published whatever the handler throws", async (t) => {
  const thrown = [
    new Error("a\0b\ud800"),
    new Error("x".repeat(100_000)),
    { message: 5 },
    { toString: () => assert.fail("thrown by toString()") },
    Object.create(null),
    Symbol("s"),
    undefined,
  ];
  const handler = (_client, _userdata, message) => {
    throw thrown[message.text()];
  };
  const options = { qos: 1, deadLetter: "dead", properties: { subscriptionIdentifier: 7 } };
  const { connection, send, acks } = await subscribed(t, 5, { options, handler });
  const properties = { subscriptionIdentifier: 7, topicAlias: 1, contentType: "text/x" };
  for (const at of thrown.keys()) send(at + 1, String(at), 1, { properties });
  await until(() => acks().length === thrown.length, "all acknowledgements");
  const letters = connection().packets.filter(({ cmd }) => cmd === "publish");
  for (const letter of letters) {
    const { userProperties, ...others } = letter.properties;
    assert.deepEqual({ ...others }, { contentType: "text/x" });
    assert.equal(userProperties.deadLetterTopic, "t");
  }
  const reasons = letters.map((letter) => letter.properties.userProperties.deadLetterReason);
  assert.deepEqual(
    [reasons[0], reasons[1].length, reasons[2], ...reasons.slice(5)],
    ["a?b?", 1_000, "5", "Symbol(s)", "undefined"],
  );
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
