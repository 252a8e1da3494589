// Handlers of `subscribe` add up: which are the same, which take the place of others, and what a refusal leaves. The broker
// is simulated, because packets are counted and calls refused.

import assert from "node:assert/strict";
import { test } from "node:test";
import { fakeBroker, scripts } from "../support/fake-broker.mjs";
import { clientFor, failure, until } from "./helpers.mjs";

async function started(t, script, options = {}) {
  const broker = await fakeBroker(t, script);
  const credentials = { mqttserver: broker.url, mqttversion: 5, maxmqttreconnectdelay: 0.02 };
  const client = clientFor(t, credentials, options);
  await client.start();
  const log = [];
  let sent = 0;
  return {
    client,
    log,
    connection: () => broker.connections.at(-1),
    subscribes: () =>
      broker.connections.flatMap(({ packets }) => packets.filter(({ cmd }) => cmd === "subscribe")),
    handler: (name) => () => log.push(name),
    /** What handlers log for a message on `a`. */
    async calls() {
      const end = `end ${++sent}`;
      log.length = 0;
      const { messages } = client;
      const loop = messages.call(client);
      broker.connections.at(-1).send({ cmd: "publish", topic: "a", payload: end, qos: 0 });
      for await (const message of loop) if (message.text() === end) break;
      return log.slice();
    },
    async reconnect() {
      const count = broker.connections.length;
      broker.connections.at(-1).reset();
      await until(() => broker.connections.length > count && client.connected, "the next connection");
    },
  };
}

test("several handlers of a filter all get its messages; unsubscribe ends them all", async (t) => {
  const { client, calls, handler } = await started(t);
  await client.subscribe("a", { qos: 1 }, handler("first"));
  await client.subscribe("a", handler("second"));
  await client.subscribe("a");
  assert.deepEqual(await calls(), ["first", "second"]);
  await client.unsubscribe("a");
  assert.deepEqual(await calls(), []);
});

test("the same function given again is called once, and its last options count", async (t) => {
  const { client, calls, handler, log } = await started(t);
  const same = handler("same");
  await client.subscribe("a", same);
  await client.subscribe("a", { qos: 1 }, same);
  assert.deepEqual(await calls(), ["same"]);
  const failing = () => {
    log.push("failing");
    throw new Error("mine");
  };
  await client.subscribe("a", { onFailure: "retry", retries: 1, retryDelay: 0 }, failing);
  await client.subscribe("a", { concurrency: 1 }, failing);
  assert.deepEqual((await calls()).sort(), ["failing", "same"]);
});

test("the largest QoS and the other options of the last call are asked for", async (t) => {
  const { client, subscribes } = await started(t);
  await client.subscribe("a", { qos: 2 });
  await client.subscribe("a", { qos: 0, noLocal: true });
  await client.unsubscribe("a");
  await client.subscribe("a", { qos: 0 });
  assert.deepEqual(
    subscribes().map(({ subscriptions: [{ qos, nl }] }) => [qos, nl]),
    [
      [2, false],
      [2, true],
      [0, false],
    ],
  );
});

test("a refused second call leaves the first as it was, also over a reconnect", async (t) => {
  let refuses = false;
  const hook = ({ cmd, messageId }, connection) => {
    if (cmd !== "subscribe" || !refuses) return false;
    connection.send({ cmd: "suback", messageId, granted: [135] });
    return true;
  };
  const { client, calls, handler, reconnect, subscribes } = await started(t, scripts.accepts(hook));
  const same = handler("first");
  await client.subscribe("a", { qos: 1 }, same);
  refuses = true;
  const second = await failure(client.subscribe("a", { qos: 2 }, handler("second")));
  assert.equal(second.code, "SUBSCRIBE_FAILED");
  await failure(client.subscribe("a", { qos: 2, concurrency: 1 }, same));
  assert.deepEqual(await calls(), ["first"]);
  refuses = false;
  await reconnect();
  await until(() => subscribes().length === 4, "the subscription");
  assert.equal(subscribes()[3].subscriptions[0].qos, 1);
  assert.deepEqual(await calls(), ["first"]);
});

for (const [name, on] of Object.entries({
  on_connect: (work) => ({ on_connect: work }),
  "an asynchronous on_connect": (work) => ({
    on_connect: async (client) => {
      await null;
      work(client);
      await null;
    },
  }),
})) {
  test(`functions that ${name} makes anew at each connection do not pile up; others stay`, async (t) => {
    let made = 0;
    const names = [];
    const work = (client) => {
      const number = ++made;
      for (const place of ["x", "y"]) client.subscribe("a", () => names.push(`${place}${number}`));
    };
    const { client, calls, handler, reconnect } = await started(t, undefined, on(work));
    await client.subscribe("a", handler("elsewhere"));
    await calls();
    assert.deepEqual(names.splice(0).sort(), ["x1", "y1"]);
    for (let i = 2; i < 5; i++) {
      await reconnect();
      await until(() => made === i, "on_connect");
      await client.flush();
      assert.deepEqual(await calls(), ["elsewhere"]);
      assert.deepEqual(names.splice(0).sort(), [`x${i}`, `y${i}`]);
    }
  });
}

test("nor do those of a listener of connect", async (t) => {
  const { client, calls, reconnect } = await started(t);
  let made = 0;
  const names = [];
  client.addEventListener("connect", () => {
    const number = ++made;
    client.subscribe("a", () => names.push(number));
  });
  for (let i = 1; i < 4; i++) {
    await reconnect();
    await until(() => made === i, "the listener");
    await calls();
    assert.deepEqual(names.splice(0), [i]);
  }
});

test("the last handler of addHandler leaves what subscribe has asked for", async (t) => {
  const { client, calls, handler, connection } = await started(t);
  await client.subscribe("a", handler("subscribe"));
  const added = client.addHandler("a", handler("added"));
  await added.ready;
  assert.deepEqual(await calls(), ["subscribe", "added"]);
  await added.remove();
  assert.deepEqual(await calls(), ["subscribe"]);
  assert.equal(connection().packets.filter(({ cmd }) => cmd === "unsubscribe").length, 0);
});
