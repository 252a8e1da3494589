// stop() also ends when a store never answers: within `stoptimeout`, and `on_error` is called with STORE_FAILED. Everything else
// that waits for a store ends after a minute.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startMosquitto } from "../support/mosquitto.mjs";
import { clientFor, freshTopic, run, until } from "./helpers.mjs";

let broker;

before(async () => {
  broker = await startMosquitto();
});

after(() => broker?.stop());

const never = () => new Promise(() => {});
const STORE = { open: () => [], write() {}, close() {} };

for (const method of ["open", "write", "close"]) {
  test(`stop() ends although ${method}() of the store never settles`, async (t) => {
    const mqttclientid = freshTopic().replaceAll("/", "");
    let called = false;
    const silent = () => {
      called = true;
      return never();
    };
    const store = { ...STORE, [method]: silent };
    const client = clientFor(t, { mqttserver: broker.url, mqttclientid, store, stoptimeout: 0.3 });
    const published = client.publish("a", "b", { qos: 1 }).then(
      () => "ok",
      ({ code }) => code,
    );
    await until(() => called || client.connected);
    await client.stop();
    assert.equal(client.state, "stopped");
    assert.ok(["ok", "STOPPED", "STORE_FAILED"].includes(await published));
    assert.deepEqual(
      client.errors.map(({ code }) => code),
      ["STORE_FAILED"],
    );
    assert.match(client.errors[0].message, /has not settled within 0.3 s; make open/);
  });
}

test("a client whose store did not answer can be started again", async (t) => {
  const mqttclientid = freshTopic().replaceAll("/", "");
  const store = { ...STORE, close: never };
  const client = clientFor(t, { mqttserver: broker.url, mqttclientid, store, stoptimeout: 0.2 });
  await client.start();
  await client.stop();
  store.close = () => {};
  await client.start();
  await client.publish("a", "b", { qos: 1 });
  assert.equal(client.state, "connected");
});

test("a store that answers late, but before stoptimeout, fails nothing, and keeps no process", async () => {
  const { stdout, stderr, code } = await run(
    `
    import { MqttCustom } from "mqtt-lib";
    const later = (value) => new Promise((resolve) => setTimeout(resolve, 50, value));
    const store = { open: () => later([]), write: () => later(), close: () => later() };
    const client = new MqttCustom({
      credentials: { mqttserver: ${JSON.stringify(broker.url)}, mqttclientid: "later", store, stoptimeout: 2147483 },
      on_error: (_client, _userdata, error) => console.log(error.code),
    });
    await client.publish("a", "b", { qos: 1 });
    await client.stop();
    console.log("stopped");
    `,
  );
  assert.deepEqual([stdout, stderr, code], ["stopped\n", "", 0]);
});

test("start(), subscribe() and publish() end a minute after a store has stopped answering", async () => {
  for (const method of ["open", "write"]) {
    const { stdout, stderr, code } = await run(
      `
    // A minute is 200 ms.
    const { setTimeout } = globalThis;
    globalThis.setTimeout = (call, ms, ...all) => setTimeout(call, ms === 60_000 ? 200 : ms, ...all);
    const { MqttCustom } = await import("mqtt-lib");
    const store = { open: () => [], write() {}, close() {}, ${method}: () => new Promise(() => {}) };
    const told = [];
    const client = new MqttCustom({
      credentials: { mqttserver: ${JSON.stringify(broker.url)}, mqttclientid: "silent-${method}", store },
      on_error: (_client, _userdata, error) => told.push(error.code, /within 60 s; make open/.test(error.message)),
    });
    const calls = [client.start(), client.publish("a", "b", { qos: 1 }), client.subscribe("a", { qos: 1 })];
    const ends = await Promise.allSettled(calls);
    console.log(JSON.stringify([told, client.state, ends.map(({ reason }) => reason?.code ?? "ok")]));
    await client.stop();
    `,
    );
    assert.deepEqual([stderr, code], ["", 0]);
    const [told, state, ends] = JSON.parse(stdout);
    assert.equal(state, "stopped");
    assert.ok(ends.includes("STORE_FAILED"), stdout);
    if (method === "write") assert.deepEqual(told, ["STORE_FAILED", true]);
  }
});
