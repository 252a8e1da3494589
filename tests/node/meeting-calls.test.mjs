// Calls that meet: one that is aborted beside others, a restore beside a stop, and what belongs to whom. What the engine does alone is
// tried by the sequences of src/engine/subscriptions/withdrawing/model.rs; here is what needs the client, too. The broker is
// simulated, because answers come at chosen times.

import assert from "node:assert/strict";
import { test } from "node:test";
import { fakeBroker, scripts } from "../support/fake-broker.mjs";
import { freePort } from "../support/ports.mjs";
import { clientFor, failure, pause, until } from "./helpers.mjs";

/** All filters that a connection has subscribed to. */
const filtersOf = ({ packets }) =>
  packets
    .filter(({ cmd }) => cmd === "subscribe")
    .flatMap(({ subscriptions }) => subscriptions.map(({ topic }) => topic));

for (const limit of ["signal", "timeout"]) {
  test(`start({ ${limit} }) that ends early takes back none of the calls before it`, async (t) => {
    const client = clientFor(t, { mqttserver: `mqtt://127.0.0.1:${await freePort()}` });
    const calls = [
      client.publish("a", "1", { qos: 1 }),
      client.qpublish("a", "2"),
      client.subscribe("a"),
      client.unsubscribe("b"),
    ].map((call) => failure(call));
    const controller = new AbortController();
    const started = failure(
      client.start(limit === "signal" ? { signal: controller.signal } : { timeout: 0.05 }),
    );
    await pause(20);
    controller.abort();
    await started;
    await pause(20);
    await client.stop();
    assert.deepEqual(
      (await Promise.all(calls)).map(({ code }) => code),
      ["STOPPED", "STOPPED", "STOPPED", "STOPPED"],
    );
  });
}

test("a call with a wrong argument that is aborted in its turn takes back none of the calls before it", async (t) => {
  const client = clientFor(t, { mqttserver: `mqtt://127.0.0.1:${await freePort()}` });
  const published = failure(client.publish("a", "1", { qos: 1 }));
  const controller = new AbortController();
  const { signal } = controller;
  const wrong = [client.subscribe("a#", { signal }), client.publish("#", "2", { qos: 1, signal })].map(
    failure,
  );
  controller.abort();
  await Promise.all(wrong);
  await pause(20);
  assert.equal(client.stats().queued, 1);
  await client.stop();
  assert.equal((await published).code, "STOPPED");
});

test("subscriptions are restored in packets that the broker takes", async (t) => {
  const connack = { properties: { maximumPacketSize: 60 } };
  const broker = await fakeBroker(t, scripts.accepts(undefined, connack));
  const client = clientFor(t, { mqttserver: broker.url, mqttversion: 5, maxmqttreconnectdelay: 1 });
  await client.start();
  const filters = Array.from({ length: 20 }, (_, number) => `sensors/building/${number}`);
  for (const filter of filters) await client.subscribe(filter);
  broker.connections[0].reset();
  await until(() => broker.connections[1] && filtersOf(broker.connections[1]).length >= 20, "all filters");
  assert.deepEqual(filtersOf(broker.connections[1]).sort(), filters.sort());
  assert.ok(client.errors.every(({ code }) => code === "CONNECTION_LOST"));
});

for (const second of ["stands", "is aborted on the wire"]) {
  test(`of two calls of unsubscribe one is aborted, the other ${second}: the next addHandler subscribes`, async (t) => {
    const log = [];
    const broker = await fakeBroker(t, scripts.accepts());
    const client = clientFor(t, { mqttserver: broker.url });
    await client.start();
    const handler = (name) => (_client, _userdata, message) => log.push(`${name} ${message.text()}`);
    await client.addHandler("b", handler("first"), { qos: 2 }).ready;
    const [one, other] = [new AbortController(), new AbortController()];
    const calls = [
      client.unsubscribe("b", { signal: one.signal }),
      client.unsubscribe("b", second === "stands" ? undefined : { signal: other.signal }),
    ].map((call) => call.catch(() => {}));
    one.abort();
    await Promise.resolve();
    await pause(0);
    other.abort();
    await Promise.all(calls);
    await client.addHandler("b", handler("second"), { qos: 2 }).ready;
    const [connection] = broker.connections;
    assert.deepEqual(filtersOf(connection), ["b", "b"]);
    connection.send({ cmd: "publish", topic: "b", payload: "1", qos: 0 });
    await until(() => log.length > 0, "a message");
    assert.deepEqual(log, ["second 1"]);
  });
}

test("a call that is aborted in a handler, behind whose message its SUBACK came, counts", async (t) => {
  const log = [];
  const script = scripts.accepts(({ cmd, messageId, subscriptions }, connection) => {
    if (cmd !== "subscribe" || subscriptions[0].topic !== "b") return false;
    connection.send(
      { cmd: "publish", topic: "a", payload: "1", qos: 0 },
      { cmd: "suback", messageId, granted: [0] },
    );
    return true;
  });
  const broker = await fakeBroker(t, script);
  const client = clientFor(t, { mqttserver: broker.url });
  await client.start();
  const controller = new AbortController();
  await client.subscribe("a", () => controller.abort());
  const { signal } = controller;
  assert.deepEqual(await client.subscribe("b", { signal }, () => log.push("b")), [0]);
  broker.connections[0].send({ cmd: "publish", topic: "b", payload: "1", qos: 0 });
  await until(() => log.length > 0, "a message");
  assert.deepEqual(log, ["b"]);
});

test("a subscribe that is rejected because of stop() leaves no handler", async (t) => {
  const log = [];
  const hold = { isOn: false };
  const broker = await fakeBroker(
    t,
    scripts.accepts(({ cmd }) => hold.isOn && cmd === "subscribe"),
  );
  const client = clientFor(t, { mqttserver: broker.url });
  await client.start();
  await client.subscribe("a", () => log.push("first"));
  hold.isOn = true;
  const rejected = failure(client.subscribe("a", { qos: 1 }, () => log.push("second")));
  await until(() => filtersOf(broker.connections[0]).length === 2, "SUBSCRIBE");
  await client.stop();
  assert.equal((await rejected).code, "STOPPED");
  hold.isOn = false;
  await client.start();
  await until(() => broker.connections[1] && filtersOf(broker.connections[1]).length > 0, "SUBSCRIBE");
  broker.connections[1].send({ cmd: "publish", topic: "a", payload: "1", qos: 0 });
  await until(() => log.length > 0, "a message");
  await pause(20);
  assert.deepEqual(log, ["first"]);
});

test("a subscribe of several packets that is aborted is taken back whole", async (t) => {
  const script = scripts.accepts(
    ({ cmd, subscriptions }) => cmd === "subscribe" && subscriptions[0].topic === "c",
  );
  const broker = await fakeBroker(t, script);
  const client = clientFor(t, { mqttserver: broker.url, maxfilters: 1 });
  await client.start();
  const controller = new AbortController();
  const call = failure(client.subscribe(["a", "b", "c"], { signal: controller.signal }, () => {}));
  const [connection] = broker.connections;
  await until(() => filtersOf(connection).length === 3, "SUBSCRIBE");
  await pause(20);
  controller.abort(new Error("mine"));
  assert.equal((await call).message, "mine");
  const unsubscribed = () =>
    connection.packets
      .filter(({ cmd }) => cmd === "unsubscribe")
      .flatMap(({ unsubscriptions }) => unsubscriptions);
  await until(() => unsubscribed().length === 3, "UNSUBSCRIBE");
  assert.deepEqual(unsubscribed().sort(), ["a", "b", "c"]);
});

test("a handler that is given three times, and one of the calls is aborted, is called once for a message", async (t) => {
  const log = [];
  const broker = await fakeBroker(t, scripts.accepts());
  const client = clientFor(t, { mqttserver: broker.url });
  await client.start();
  const handler = () => log.push("called");
  const controller = new AbortController();
  const calls = [
    client.subscribe("b", { qos: 0 }, handler),
    client.subscribe("b", { qos: 1, signal: controller.signal }, handler).catch(() => {}),
    client.subscribe("b", { qos: 1 }, handler),
  ];
  controller.abort();
  await Promise.all(calls);
  broker.connections[0].send({ cmd: "publish", topic: "b", payload: "1", qos: 0 });
  await until(() => log.length > 0, "a message");
  await pause(20);
  assert.deepEqual(log, ["called"]);
});

test("a subscribe whose answer is overdue leaves neither its handler nor, once it is granted, the subscription", async (t) => {
  const late = [];
  const broker = await fakeBroker(
    t,
    scripts.accepts((packet) => packet.cmd === "subscribe" && late.length === 0 && late.push(packet) > 0),
  );
  const client = clientFor(t, { mqttserver: broker.url, acktimeout: 0.05 });
  await client.start();
  const log = [];
  const handler = (name) => (_client, _userdata, message) => log.push(`${name} ${message.text()}`);
  const error = await failure(client.subscribe("a", handler("first")));
  assert.equal(error.code, "TIMEOUT");
  const [connection] = broker.connections;
  connection.send({ cmd: "suback", messageId: late[0].messageId, granted: [0] });
  const unsubscribed = () => connection.packets.filter(({ cmd }) => cmd === "unsubscribe");
  await until(() => unsubscribed().length === 1, "the UNSUBSCRIBE");
  assert.deepEqual(unsubscribed()[0].unsubscriptions, ["a"]);
  // The next call for the filter has its own handler, and only that.
  await client.subscribe("a", handler("second"));
  connection.send({ cmd: "publish", topic: "a", payload: "x", qos: 0 });
  await until(() => log.length > 0, "the message");
  assert.deepEqual(log, ["second x"]);
});
