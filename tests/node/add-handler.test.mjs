// addHandler: several handlers of a filter, the first subscribes and the last unsubscribes. The broker is simulated where
// packets are counted.

import assert from "node:assert/strict";
import { test } from "node:test";
import { fakeBroker, scripts } from "../support/fake-broker.mjs";
import { clientFor, failure, pause, until } from "./helpers.mjs";

async function started(t, script) {
  const broker = await fakeBroker(t, script);
  const client = clientFor(t, { mqttserver: broker.url, mqttversion: 5, maxmqttreconnectdelay: 0.05 });
  await client.start();
  const connection = () => broker.connections.at(-1);
  const packets = (cmd) => connection().packets.filter((packet) => packet.cmd === cmd);
  const send = (topic, payload, messageId, qos = 1) =>
    connection().send({ cmd: "publish", topic, payload, messageId, qos });
  return { client, connection, packets, send };
}

test("handlers add up; one SUBSCRIBE for the first, one UNSUBSCRIBE for the last", async (t) => {
  const { client, packets, send } = await started(t);
  const log = [];
  const handler = (name) => (_client, _userdata, message) => log.push(`${name} ${message.text()}`);
  const first = client.addHandler("a/+", handler("first"), { qos: 1 });
  const second = client.addHandler("a/+", handler("second"));
  assert.equal(first.filter, "a/+");
  assert.deepEqual([await first.ready, await second.ready], [1, 1]);
  send("a/b", "1", 1);
  await until(() => log.length === 2, "both handlers");
  await first.remove();
  assert.equal(packets("unsubscribe").length, 0);
  send("a/b", "2", 2);
  await until(() => log.length === 3, "the second handler");
  second[Symbol.dispose]();
  await until(() => packets("unsubscribe").length === 1, "UNSUBSCRIBE");
  await second.remove();
  assert.deepEqual(log, ["first 1", "second 1", "second 2"]);
  assert.equal(packets("subscribe").length, 1);
  assert.equal(packets("unsubscribe").length, 1);
});

test("a message is acknowledged when all of its handlers have dealt with it", async (t) => {
  const { client, packets, send } = await started(t);
  let end;
  client.addHandler(
    "a",
    () =>
      new Promise((resolve) => {
        end = resolve;
      }),
  );
  const messages = [];
  client.addHandler("a", (_client, _userdata, message) => messages.push(message), { ack: "manual" });
  await client.addHandler("a", () => {}).ready;
  send("a", "x", 7);
  await until(() => messages.length === 1, "the message");
  messages[0].ack();
  await pause(30);
  assert.equal(packets("puback").length, 0);
  end();
  await until(() => packets("puback").length === 1, "PUBACK");
});

test("a larger QoS subscribes again, with the largest; a handler of subscribe() stays", async (t) => {
  const { client, packets, send } = await started(t);
  const log = [];
  await client.subscribe("a", { qos: 0 }, () => log.push("subscribe"));
  const added = client.addHandler("a", () => log.push("added"), { qos: 2 });
  const later = client.addHandler("a", () => log.push("later"), { qos: 1 });
  assert.deepEqual([await added.ready, await later.ready], [2, 2]);
  assert.deepEqual(
    packets("subscribe").map(({ subscriptions: [{ qos }] }) => qos),
    [0, 2],
  );
  send("a", "x", 1);
  await until(() => log.length === 3, "three handlers");
  await client.unsubscribe("a");
  send("a", "x", 2);
  await pause(30);
  assert.deepEqual(log.sort(), ["added", "later", "subscribe"]);
});

test("a refused filter rejects ready, and its handler is gone", async (t) => {
  const refuses = ({ cmd, messageId }, connection) => {
    if (cmd === "subscribe") connection.send({ cmd: "suback", messageId, granted: [135] });
    return cmd === "subscribe";
  };
  const { client, send } = await started(t, scripts.accepts(refuses));
  let calls = 0;
  const added = client.addHandler("a", () => {
    calls += 1;
  });
  assert.equal((await failure(added.ready)).code, "SUBSCRIBE_FAILED");
  send("a", "x", 1);
  await pause(30);
  assert.equal(calls, 0);
  await added.remove();
});

test("it is restored after a reconnect, once", async (t) => {
  const { client, connection, packets, send } = await started(t);
  let calls = 0;
  await client.addHandler("a", () => {
    calls += 1;
  }).ready;
  connection().reset();
  await until(() => client.stats().reconnects === 1 && packets("subscribe").length === 1, "the subscription");
  send("a", "x", 1);
  await until(() => calls === 1, "the handler");
});

test("what is wrong throws, or rejects ready", async (t) => {
  const { client } = await started(t);
  assert.throws(() => client.addHandler("a", 7), { name: "TypeError", code: "INVALID_OPTION" });
  assert.throws(() => client.addHandler("a/#/b", () => {}), { code: "INVALID_TOPIC" });
  const { ready } = client.addHandler("a", () => {}, { concurrency: 0 });
  assert.equal((await failure(ready)).code, "OUT_OF_RANGE");
  for (const first of [true, false]) {
    const wrong = await failure(client.addHandler("b", () => {}, 5).ready);
    assert.deepEqual([wrong.name, wrong.code], ["TypeError", "INVALID_OPTION"], `the first one: ${first}`);
    assert.match(wrong.message, /a number was given/);
    await client.addHandler("b", () => {}, null).ready;
  }
});

test("options that cannot be read, or hold what is no number, reject ready as those of subscribe do", async (t) => {
  const { client, packets } = await started(t);
  const thrown = () => {
    throw new Error("unreadable");
  };
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  const wrong = {
    "a getter of qos": Object.defineProperty({}, "qos", { enumerable: true, get: thrown }),
    "another getter": Object.defineProperty({ qos: 1 }, "concurrency", { enumerable: true, get: thrown }),
    "a revoked proxy": proxy,
    "a proxy that throws": new Proxy({}, { get: thrown, ownKeys: thrown, getPrototypeOf: thrown }),
    "a symbol": { qos: Symbol("1") },
    "a bigint": { qos: 1n },
    "an object": { qos: { valueOf: thrown } },
  };
  for (const first of [true, false]) {
    for (const [name, options] of Object.entries(wrong)) {
      const asked = await failure(client.subscribe("b", options, () => {}));
      const { name: kind, code, message } = await failure(client.addHandler("a", thrown, options).ready);
      assert.deepEqual(
        [kind, code, message],
        [asked.name, "INVALID_OPTION", asked.message],
        `${name}, ${first}`,
      );
    }
    if (first) assert.equal(await client.addHandler("a", () => {}, { qos: 1 }).ready, 1);
  }
  assert.equal(packets("subscribe").length, 1);
  // What stood before stands: a QoS that is granted is not asked for again.
  assert.equal(await client.addHandler("a", () => {}, { qos: 1 }).ready, 1);
  assert.equal(packets("subscribe").length, 1);
});

test("a handler with other options of the broker is not enough for one without", async (t) => {
  const broker = await fakeBroker(t);
  const client = clientFor(t, { mqttserver: broker.url, mqttversion: 5 });
  await client.start();
  const nothing = () => {};
  for (const options of [{ qos: 1, noLocal: true }, { qos: 1 }, { qos: 1 }, { noLocal: true }]) {
    await client.addHandler("a", nothing, options).ready;
  }
  const asked = broker.connections[0].packets.filter(({ cmd }) => cmd === "subscribe");
  assert.deepEqual(
    asked.map(({ subscriptions }) => subscriptions[0].nl),
    [true, false, true],
  );
});
