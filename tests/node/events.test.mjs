// The client as an EventTarget: what events carry, several listeners, what they throw, and listeners in place of callbacks.

import assert from "node:assert/strict";
import { test } from "node:test";
import { MqttCustom } from "mqtt-lib";
import { fakeBroker, scripts } from "../support/fake-broker.mjs";
import { freePort } from "../support/ports.mjs";
import { captureWarnings, clientFor, failure, pause, run, until } from "./helpers.mjs";

const quick = { maxmqttreconnectdelay: 0.05 };
const types = ["connect", "disconnect", "reconnecting", "statechange", "message", "error", "close"];

/** Records the events of a client. */
function record(client, only = types) {
  const events = [];
  for (const type of only) client.addEventListener(type, (event) => events.push(event));
  events.named = (type) => events.filter((event) => event.type === type);
  return events;
}

test("a refusal is no event connect, and on_connect is called for it", async (t) => {
  const broker = await fakeBroker(t, (connection) =>
    (connection.index === 0 ? scripts.refuses(3) : scripts.accepts())(connection),
  );
  const codes = [];
  const options = { on_connect: (_client, _userdata, _flags, rc) => codes.push(rc) };
  const client = clientFor(t, { mqttserver: broker.url, ...quick }, options);
  const events = record(client, ["connect", "reconnecting"]);
  assert.equal((await failure(client.start())).reasonCode, 3);
  assert.deepEqual(codes, [3]);
  await until(() => client.connected, "the next connection");
  assert.deepEqual(codes, [3, 0]);
  assert.deepEqual(
    events.map(({ type, rc }) => [type, rc]),
    [
      ["reconnecting", undefined],
      ["connect", 0],
    ],
  );
});

test("events carry what callbacks carry, and follow each other as the connection does", async (t) => {
  const broker = await fakeBroker(t);
  const userdata = { mine: true };
  const client = clientFor(t, { mqttserver: broker.url, mqttversion: 5, ...quick }, { userdata });
  const events = record(client);
  assert.ok(client instanceof EventTarget);
  await client.start();
  await client.subscribe("a");
  broker.connections[0].send({ cmd: "publish", topic: "a", payload: "x", qos: 0 });
  await until(() => events.named("message").length === 1, "message");
  broker.connections[0].reset();
  await until(() => client.stats().reconnects === 1, "the next connection");
  await client.stop();
  const order = events.map(({ type, state }) => (state ? `${type} ${state}` : type));
  assert.deepEqual(order, [
    "statechange connecting",
    "statechange connected",
    "connect",
    "message",
    "statechange reconnecting",
    "disconnect",
    "reconnecting",
    "statechange connected",
    "connect",
    "statechange stopped",
    "disconnect",
    "close",
  ]);
  for (const event of events) {
    assert.ok(event instanceof Event);
    assert.equal(event.target, client);
    assert.equal(event.userdata, userdata);
  }
  const [connect] = events.named("connect");
  assert.deepEqual([connect.flags, connect.rc], [{ sessionPresent: false }, 0]);
  assert.equal(typeof connect.properties, "object");
  const [lost, ended] = events.named("disconnect");
  assert.deepEqual([lost.rc, lost.error.code], [7, "CONNECTION_LOST"]);
  assert.deepEqual([ended.rc, ended.error], [0, undefined]);
  const [{ attempt, delay, error }] = events.named("reconnecting");
  assert.deepEqual([attempt, error.code], [1, "CONNECTION_LOST"]);
  assert.ok(delay >= 0 && delay <= 0.05, `${delay}`);
  assert.equal(events.named("message")[0].message.text(), "x");
});

test("each failed attempt is followed by reconnecting, with its number and why the last one failed", async (t) => {
  const client = clientFor(t, { mqttserver: `mqtt://127.0.0.1:${await freePort()}`, ...quick });
  const events = record(client, ["reconnecting"]);
  await until(() => events.length === 3, "three attempts");
  assert.deepEqual(
    events.map(({ attempt, error }) => [attempt, error.code]),
    [2, 3, 4].map((attempt) => [attempt, "CONNECTION_REFUSED"]),
  );
  assert.equal(client.state, "connecting");
});

test("a callback and several listeners get the same event, each once, until it is removed", async (t) => {
  const broker = await fakeBroker(t);
  const log = [];
  const client = clientFor(t, broker.url, { on_connect: () => log.push("callback") });
  const twice = () => log.push("listener");
  client.addEventListener("connect", twice);
  client.addEventListener("connect", twice);
  client.addEventListener("connect", { handleEvent: () => log.push("object") }, { once: true });
  const controller = new AbortController();
  client.addEventListener("connect", () => log.push("aborted"), { signal: controller.signal });
  controller.abort();
  client.addEventListener("connect", null);
  await client.start();
  assert.deepEqual(log.splice(0), ["callback", "listener", "object"]);
  await client.stop();
  client.removeEventListener("connect", twice);
  await client.start();
  assert.deepEqual(log, ["callback"]);
});

test("what a listener throws or rejects with is reported, and the others get the event", async (t) => {
  const broker = await fakeBroker(t);
  const client = clientFor(t, broker.url);
  let calls = 0;
  client.addEventListener("connect", () => {
    throw new Error("thrown");
  });
  client.addEventListener("connect", async () => {
    throw new Error("rejected");
  });
  client.addEventListener("connect", () => {
    calls += 1;
  });
  await client.start();
  await until(() => client.errors.length === 2, "two errors");
  assert.equal(calls, 1);
  assert.deepEqual(
    client.errors.map(({ code, cause }) => [code, cause.message]),
    [
      ["CALLBACK_FAILED", "thrown"],
      ["CALLBACK_FAILED", "rejected"],
    ],
  );
});

test("what is no listener the platform refuses with its own sentence; null and undefined are none", () => {
  const client = new MqttCustom({ autostart: false });
  const sentence = (target, method, value) => {
    try {
      target[method]("message", value);
    } catch ({ name, message }) {
      return `${name}: ${message}`;
    }
    return "taken";
  };
  for (const value of [5, "x", true, Symbol("s"), null, undefined])
    for (const method of ["addEventListener", "removeEventListener"])
      assert.equal(sentence(client, method, value), sentence(new EventTarget(), method, value));
});

test("a listener of error counts like on_error, and without one the console has it again", async (t) => {
  const warnings = captureWarnings(t);
  const client = new MqttCustom({
    credentials: { mqttserver: `mqtt://127.0.0.1:${await freePort()}`, ...quick },
  });
  t.after(() => client.stop());
  const errors = [];
  const listener = ({ error }) => errors.push(error.code);
  client.addEventListener("error", listener);
  await until(() => errors.length > 1, "errors");
  assert.deepEqual(warnings, []);
  assert.equal(errors[0], "CONNECTION_REFUSED");
  client.removeEventListener("error", listener);
  await until(() => warnings.length === 1, "the warning");
});

test("a listener of error that throws ends nothing", async (t) => {
  const warnings = captureWarnings(t);
  const client = new MqttCustom({
    credentials: { mqttserver: `mqtt://127.0.0.1:${await freePort()}`, ...quick },
  });
  t.after(() => client.stop());
  client.addEventListener("error", () => {
    throw new Error("mine");
  });
  await until(() => warnings.length > 0, "a warning");
  assert.match(warnings[0], /on_error itself threw/);
});

test("a listener of disconnect counts like on_disconnect", async (t) => {
  const broker = await fakeBroker(t);
  const client = clientFor(t, { mqttserver: broker.url, ...quick });
  const events = record(client, ["disconnect"]);
  await client.start();
  broker.connections[0].reset();
  await until(() => events.length === 1, "disconnect");
  await until(() => client.connected, "the next connection");
  assert.deepEqual(client.errors, []);
});

test("a message is acknowledged when the promises of its listeners have settled", async (t) => {
  const broker = await fakeBroker(t);
  const client = clientFor(t, { mqttserver: broker.url });
  await client.start();
  await client.subscribe("a", { qos: 1 });
  const [connection] = broker.connections;
  const acks = () => connection.packets.filter(({ cmd }) => cmd === "puback").length;
  connection.send({ cmd: "publish", topic: "a", payload: "kept", qos: 1, messageId: 1 });
  await pause(30);
  assert.equal(acks(), 0, "nobody has taken it");
  const ends = [];
  const texts = [];
  client.addEventListener("message", ({ message }) => {
    texts.push(message.text());
    return new Promise((resolve) => ends.push(resolve));
  });
  client.addEventListener("message", () => {});
  await until(() => ends.length === 1, "the message that was kept");
  await pause(30);
  assert.equal(acks(), 0);
  ends[0]();
  await until(() => acks() === 1, "PUBACK");
  assert.deepEqual(texts, ["kept"]);
});

test("as to on_message, messages that a handler of subscribe takes do not come to listeners", async (t) => {
  const broker = await fakeBroker(t);
  const client = clientFor(t, broker.url);
  const events = record(client, ["message"]);
  const handled = [];
  await client.subscribe("a", (_client, _userdata, message) => handled.push(message.text()));
  await client.subscribe("b");
  broker.connections[0].send({ cmd: "publish", topic: "a", payload: "1", qos: 0 });
  broker.connections[0].send({ cmd: "publish", topic: "b", payload: "2", qos: 0 });
  await until(() => events.length === 1, "message");
  assert.deepEqual(handled, ["1"]);
  assert.equal(events[0].message.text(), "2");
});

test("close comes once, also of a client that never connected; start() begins anew", async (t) => {
  const broker = await fakeBroker(t);
  const client = clientFor(t, broker.url, { autostart: false });
  const events = record(client, ["statechange", "close"]);
  await client.stop();
  await client.start();
  await client.stop();
  await client.stop();
  assert.equal(
    events.named("close").length,
    events.named("statechange").filter(({ state }) => state === "stopped").length,
  );
  assert.ok(events.named("close").length >= 1);
  assert.equal(events.at(-1).type, "close");
});

test("listeners may call any method, and a process without a listener of error lives", async () => {
  const source = `
    import { MqttCustom } from "mqtt-lib";
    const client = new MqttCustom({ credentials: { mqttserver: "mqtt://127.0.0.1:1" }, on_error() {} });
    client.addEventListener("statechange", () => { client.stats(); client.publish("a", "x"); });
    client.addEventListener("reconnecting", () => { client.stop(); });
    client.addEventListener("close", () => { console.log(client.state); throw new Error("mine"); });
  `;
  const { code, stdout, stderr } = await run(source);
  assert.deepEqual({ code, stdout, stderr }, { code: 0, stdout: "stopped\n", stderr: "" });
});
