// When the WebAssembly traps, that is a state of the library: everything pending rejects with a code, `on_error` of each
// client says so once, later calls say so, and the process lives. The trap itself is made by overwriting its memory.

import assert from "node:assert/strict";
import { createRequire } from "node:module";
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
    for (const call of ["start", "flush"]) {
      await assert.rejects(client[call](), { code: "CORE_FAILED" }, call);
    }
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
    await assert.rejects(client.start(), { code: "CORE_FAILED" });
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
  await assert.rejects(idle.start(), { code: "CORE_FAILED" });
  const last = await works(t, echo);
  await assert.rejects(idle.publish("a", "b"), { code: "CORE_FAILED" });
  assert.equal(idle.state, "stopped");
  await last.stop();
  assert.deepEqual(uncaught, []);
});
