// When the WebAssembly traps, that is a state of the library: everything pending rejects with a code, `on_error` of each
// client says so once, later calls say so, and the process lives. The trap itself is made by overwriting its memory.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fakeBroker, scripts } from "../support/fake-broker.mjs";

/** The exports of the instance that the package makes. @type {any} */
let exports;
const { Instance } = WebAssembly;
WebAssembly.Instance = class extends Instance {
  constructor(module, imports) {
    super(module, imports);
    exports = this.exports;
  }
};
const { MqttCustom } = createRequire(import.meta.url)("../../dist/node.cjs");

const uncaught = [];
process.on("uncaughtException", (error) => uncaught.push(error));
process.on("unhandledRejection", (error) => uncaught.push(error));

/** What the package exports is short there; its memory is the only memory. */
function overwriteMemory() {
  const memory = Object.values(exports).find((value) => value instanceof WebAssembly.Memory);
  new Uint8Array(memory.buffer).fill(0xff, 1024);
}

/** A client that has told nothing, and gets back what it publishes. */
async function works(t, script) {
  const { port } = await fakeBroker(t, script);
  const told = [];
  const client = new MqttCustom({
    credentials: { mqttserver: "127.0.0.1", mqttport: port, mqttprotocol: "mqtt" },
    on_error: (_client, _userdata, error) => told.push(error),
  });
  await client.start();
  const got = [];
  const subscribed = await client.subscribe("a/#", { qos: 1 }, (_client, _userdata, message) =>
    got.push(message.text()),
  );
  assert.deepEqual(subscribed, [1]);
  for (const [topic, payload] of [
    ["a/b", "short"],
    ["a/c", "x".repeat(500_000)],
  ]) {
    await client.publish(topic, payload, { qos: 1 });
    assert.equal(got.at(-1), payload);
  }
  assert.deepEqual(told, []);
  return client;
}

/** A broker that sends each message back. */
const echo = scripts.accepts(({ cmd, topic, payload }, connection) => {
  if (cmd === "publish") connection.send({ cmd, topic, payload, qos: 0 });
  return false;
});

test("a trap ends every client with a code, tells each once, and leaves the process alone", async (t) => {
  // It answers CONNECT, and nothing else.
  const script = scripts.accepts((packet) => packet.cmd !== "connect");
  const brokers = await Promise.all([fakeBroker(t, script), fakeBroker(t, script)]);
  const errors = [[], []];
  const ends = [[], []];
  const clients = brokers.map(
    ({ port }, at) =>
      new MqttCustom({
        credentials: { mqttserver: "127.0.0.1", mqttport: port, mqttprotocol: "mqtt", mqttkeepalive: 1 },
        on_error: (_client, _userdata, error) => errors[at].push(error),
        on_disconnect: (_client, _userdata, rc, error) => ends[at].push([rc, error.code]),
      }),
  );
  await Promise.all(clients.map((client) => client.start()));
  const iterator = clients[0].messages("a/b");
  const pending = [
    clients[0].publish("never/acknowledged", "x", { qos: 2 }),
    clients[0].subscribe("never/answered"),
    clients[0].request("never/answered", "x"),
    clients[1].batch_publish("a", 1),
    clients[1].qpublish("a", 1),
    iterator.next(),
  ];
  overwriteMemory();
  // Whoever enters it next traps: here a call, in the other client its keep alive.
  pending.push(clients[0].publish("a", "x".repeat(100)), clients[1].flush());
  for (const outcome of await Promise.allSettled(pending)) {
    assert.equal(outcome.status, "rejected");
    assert.equal(outcome.reason.code, "CORE_FAILED");
    assert.equal(outcome.reason.name, "MqttError");
    assert.ok(outcome.reason.cause instanceof WebAssembly.RuntimeError, `${outcome.reason.cause}`);
  }
  assert.deepEqual(
    errors.map((list) => list.map((error) => error.code)),
    [["CORE_FAILED"], ["CORE_FAILED"]],
  );
  assert.deepEqual(ends, [[[7, "CORE_FAILED"]], [[7, "CORE_FAILED"]]]);
  for (const client of clients) {
    assert.equal(client.state, "stopped");
    assert.equal(client.connected, false);
    assert.equal(client.stats().inFlight, 0);
    await client.stop(); // nothing is left to stop
    await assert.rejects(client.flush(), { code: "CORE_FAILED" });
    for (const call of ["publish", "batch_publish", "qpublish", "subscribe", "unsubscribe"]) {
      await assert.rejects(client[call]("a", "b"), { code: "CORE_FAILED" }, call);
    }
    client.on_message = () => {};
    for (const wrong of [5, {}, "x"]) {
      const assign = () => {
        client.on_message = wrong;
      };
      assert.throws(assign, { code: "INVALID_OPTION" });
    }
    for (const filter of [undefined, "a/b", 5]) {
      await assert.rejects(client.messages(filter).next(), { code: "CORE_FAILED" });
    }
    const options = {
      get qos() {
        throw new Error("boom");
      },
    };
    await assert.rejects(client.publish("a", "b", options), { code: "CORE_FAILED" });
  }
  // New clients have another instance, and those of the old one mean nothing to it.
  const fresh = await works(t, echo);
  for (const client of clients) {
    await assert.rejects(client.publish("a/b", "x"), { code: "CORE_FAILED" });
    await assert.rejects(client.publish("a/b", "x", { qos: 2 }), { code: "CORE_FAILED" });
    await assert.rejects(client.batch_publish("a/b", "x"), { code: "CORE_FAILED" });
    await assert.rejects(client.subscribe("a/b"), { code: "CORE_FAILED" });
    client.on_message = () => {};
    await client.stop();
    assert.equal(client.state, "stopped");
    assert.equal(client.stats().sent, 0);
  }
  assert.equal(fresh.connected, true);
  const { port } = await fakeBroker(t);
  const direct = { mqttserver: `mqtt://127.0.0.1:${port}` };
  await MqttCustom.publish_high_priority("a", "b", direct);
  // Timers and sockets that the core has set still fire, and find nothing.
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  assert.deepEqual(uncaught, []);
  assert.deepEqual(
    errors.map((list) => list.length),
    [1, 1],
  );
  assert.equal(fresh.connected, true);
  await fresh.stop();
  // The next one fails too, and clients that were never started have failed with theirs.
  const idle = new MqttCustom({ autostart: false, on_error: () => {} });
  overwriteMemory();
  await assert.rejects(idle.flush(), { code: "CORE_FAILED" });
  const last = await works(t, echo);
  await assert.rejects(idle.publish("a", "b"), { code: "CORE_FAILED" });
  assert.equal(idle.state, "stopped");
  await last.stop();
  assert.deepEqual(uncaught, []);
});

/** Makes whoever enters the instance next fail. */
async function trap(client) {
  overwriteMemory();
  await assert.rejects(client.publish("trap", "x".repeat(100)), { code: "CORE_FAILED" });
}

test("start() after a trap begins anew: options, callbacks and listeners stay, and nothing of before is in the way", async (t) => {
  const { port } = await fakeBroker(t, echo);
  const told = [];
  const client = new MqttCustom({
    credentials: { mqttserver: "127.0.0.1", mqttport: port, mqttprotocol: "mqtt", mqttclientid: "again" },
    userdata: "mine",
    on_error: (_client, _userdata, error) => told.push(error.code),
  });
  const [listened, rounds] = [[], []];
  let earlier;
  client.addEventListener("message", ({ message, userdata }) => listened.push([message.topic, userdata]));
  for (let round = 1; round <= 3; round++) {
    await client.start();
    await earlier?.remove(); // of a core that is gone
    const [got, added] = [[], []];
    client.on_message = (_client, userdata, message) => got.push([message.topic, userdata]);
    assert.deepEqual(await client.subscribe("a/#", { qos: 1 }, () => got.push("handler")), [1]);
    const handler = client.addHandler("b", () => added.push("b"));
    await handler.ready;
    earlier = handler;
    const loop = client.messages("c");
    for (const topic of ["a/1", "b", "c", "d"]) await client.publish(topic, "x", { qos: 1 });
    assert.deepEqual(added, ["b"]);
    assert.ok(
      got.includes("handler") && got.some(([topic, userdata]) => topic === "d" && userdata === "mine"),
    );
    // Each round is as the first.
    rounds.push({ got, listened: listened.splice(0) });
    assert.deepEqual(rounds.at(-1), rounds[0]);
    assert.equal((await loop.next()).value.topic, "c");
    await trap(client);
    assert.equal(client.state, "stopped");
    await assert.rejects(loop.next(), { code: "CORE_FAILED" });
  }
  assert.deepEqual(told, ["CORE_FAILED", "CORE_FAILED", "CORE_FAILED"]);
  // Calls while it begins, and the ends of an old connection.
  const [, published] = await Promise.all([client.start(), client.publish("a", "x", { qos: 1 })]);
  assert.equal(published, undefined);
  await client.stop();
  await client.start();
  assert.equal(client.state, "connected");
  await client.stop();
  assert.deepEqual(uncaught, []);
});

test("start() in on_error, after a trap", async (t) => {
  const { port } = await fakeBroker(t, echo);
  const started = [];
  const client = new MqttCustom({
    credentials: { mqttserver: "127.0.0.1", mqttport: port, mqttprotocol: "mqtt" },
    on_error: (given) => started.push(given.start()),
  });
  await client.start();
  await trap(client);
  assert.equal(started.length, 1);
  await started[0];
  await client.publish("a", "x", { qos: 1 });
  assert.equal(client.state, "connected");
  await client.stop();
  assert.deepEqual(uncaught, []);
});

test("a persistent store is closed by a trap, so that the client, or one made anew, opens it and nothing is lost", async (t) => {
  const { persistent } = createRequire(import.meta.url)("mqtt-lib/persistent");
  const folder = mkdtempSync(join(tmpdir(), "mqtt-lib-trap-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  // It acknowledges nothing.
  const script = scripts.accepts((packet) => packet.cmd !== "connect");
  const { port, connections } = await fakeBroker(t, script);
  const credentials = {
    mqttserver: "127.0.0.1",
    mqttport: port,
    mqttprotocol: "mqtt",
    mqttclientid: "stored",
    mqttcleansession: false,
    stoptimeout: 0,
    store: persistent({ folder }),
  };
  let client = new MqttCustom({ credentials, on_error() {} });
  await client.start();
  client.publish("kept", "x", { qos: 1 }).catch(() => {});
  const isSent = async () => {
    const { packets } = connections.at(-1);
    for (let i = 0; i < 500 && packets.every(({ cmd }) => cmd !== "publish"); i++)
      await new Promise((resolve) => setTimeout(resolve, 10));
    assert.deepEqual(
      packets.filter(({ cmd }) => cmd === "publish").map(({ topic }) => topic),
      ["kept"],
    );
  };
  await isSent();
  await trap(client);
  await client.start();
  await isSent();
  await trap(client);
  client = new MqttCustom({ credentials: { ...credentials, store: persistent({ folder }) }, on_error() {} });
  await client.start();
  await isSent();
  await client.stop();
  assert.deepEqual(uncaught, []);
});

test("a stop() that waits when the WebAssembly fails resolves: nothing is left to stop", async (t) => {
  const { port } = await fakeBroker(
    t,
    scripts.accepts((packet) => packet.cmd !== "connect"),
  );
  const told = [];
  const client = new MqttCustom({
    credentials: { mqttserver: "127.0.0.1", mqttport: port, mqttprotocol: "mqtt" },
    on_error: (_client, _userdata, error) => told.push(error.code),
  });
  await client.start();
  const unacknowledged = client.publish("a", "x", { qos: 1 });
  const stopped = [client.stop(), client.stop()];
  await new Promise((resolve) => setTimeout(resolve, 50));
  overwriteMemory();
  assert.throws(() => new MqttCustom(), { code: "CORE_FAILED", name: "MqttError" });
  await assert.rejects(unacknowledged, { code: "CORE_FAILED" });
  await Promise.all(stopped);
  assert.deepEqual(told, ["CORE_FAILED"]);
  assert.equal(client.state, "stopped");
  await client.stop();
});
