// A call of subscribe or unsubscribe that is aborted, or runs out of time, before it is answered: what was not on the wire is not
// sent, what it has asked for is withdrawn, and what others have asked for, or was granted before, is as it was. The broker is
// simulated, because SUBACKs are withheld and packets counted.

import assert from "node:assert/strict";
import { test } from "node:test";
import { fakeBroker, scripts } from "../support/fake-broker.mjs";
import { clientFor, failure, pause, until } from "./helpers.mjs";

/** `hold` keeps SUBACKs back until `release`. */
async function started(t, { hold = false, options = {} } = {}) {
  const held = [];
  const script = scripts.accepts((packet) => {
    if (!state.hold || packet.cmd !== "subscribe") return false;
    const { messageId, subscriptions } = packet;
    held.push({ cmd: "suback", messageId, granted: subscriptions.map(({ qos }) => qos) });
    return true;
  });
  const state = {
    hold,
    log: [],
    handler: (name) => () => state.log.push(name),
    release: () => {
      state.hold = false;
      connection().send(...held.splice(0));
    },
    unsubscribed: () =>
      connection()
        .packets.filter(({ cmd }) => cmd === "unsubscribe")
        .flatMap(({ unsubscriptions }) => unsubscriptions),
    /** Which handlers get a message on `topic`. */
    async calls(topic = "x", qos = 0) {
      await pause(30);
      state.log.length = 0;
      const loop = state.client.messages();
      connection().send({ cmd: "publish", topic, payload: "1", qos, messageId: 7 });
      await loop.next();
      await loop.return();
      return state.log.slice().sort();
    },
  };
  const broker = await fakeBroker(t, script);
  const connection = () => broker.connections[0];
  state.packets = () =>
    connection()
      .packets.filter(({ cmd }) => /subscribe/.test(cmd))
      .map(({ cmd, subscriptions, unsubscriptions }) =>
        cmd === "subscribe"
          ? subscriptions.map(({ topic, qos, nl }) => `${topic} ${qos}${nl ? " noLocal" : ""}`).join()
          : `not ${unsubscriptions}`,
      );
  state.client = clientFor(
    t,
    { mqttserver: broker.url, ...options },
    { on_message: state.handler("on_message") },
  );
  await state.client.start();
  return state;
}

/** Calls subscribe, and aborts that when `abort` is called. */
function aborted(client, topics, handler, options = {}) {
  const controller = new AbortController();
  const call = client.subscribe(topics, { ...options, signal: controller.signal }, handler);
  return async () => {
    controller.abort(new Error("mine"));
    assert.equal((await failure(call)).message, "mine");
  };
}

test("it leaves the handlers of addHandler that were there before, and those that come while it waits", async (t) => {
  for (const first of [true, false]) {
    const { client, handler, calls, unsubscribed, release } = await started(t, { hold: !first });
    const adds = () => client.addHandler("x", handler("added"), { qos: 1 });
    const before = first ? adds() : undefined;
    await before?.ready;
    const abort = aborted(client, "x", handler("withdrawn"));
    const added = before ?? adds();
    await abort();
    release();
    assert.equal(await added.ready, 1);
    assert.deepEqual(await calls(), ["added"], `added first: ${first}`);
    assert.deepEqual(unsubscribed(), []);
    await added.remove();
    assert.deepEqual(unsubscribed(), ["x"]);
  }
});

test("it leaves what other calls of subscribe have asked for, earlier or later", async (t) => {
  for (const first of [true, false]) {
    const { client, handler, calls, unsubscribed, release } = await started(t, { hold: true });
    const asks = () => client.subscribe("x", { qos: 1 }, handler("other"));
    const before = first ? asks() : undefined;
    const abort = aborted(client, ["x", "y"], handler("withdrawn"));
    const other = before ?? asks();
    await pause(20);
    await abort();
    release();
    assert.deepEqual(await other, [1]);
    assert.deepEqual(await calls(), ["other"], `other first: ${first}`);
    assert.deepEqual(unsubscribed(), ["y"]);
  }
});

test("one that was not on the wire is not sent, and nothing is unsubscribed", async (t) => {
  for (const method of ["subscribe", "unsubscribe"]) {
    const { client, handler, calls, packets } = await started(t);
    await client.subscribe("x", { qos: 1 }, handler("before"));
    const controller = new AbortController();
    const call = client[method](["x", "y"], { signal: controller.signal });
    controller.abort(new Error("mine"));
    assert.equal((await failure(call)).message, "mine");
    assert.deepEqual(await calls(), ["before"]);
    assert.deepEqual(packets(), ["x 1"], method);
  }
});

test("with no connection it leaves the subscription of a session that the broker has kept", async (t) => {
  const broker = await fakeBroker(t, scripts.accepts(undefined, { sessionPresent: true }));
  const client = clientFor(t, { mqttserver: broker.url, mqttcleansession: false, mqttclientid: "kept" });
  for (const filters of ["x", ["x", "y"]]) await aborted(client, filters, () => {})();
  await client.start();
  await client.publish("a", "1", { qos: 1 });
  assert.deepEqual(
    broker.connections[0].packets.map(({ cmd }) => cmd),
    ["connect", "publish"],
  );
});

test("options that it has changed are changed back: of the broker, and of how messages are handled", async (t) => {
  const state = await started(t, { options: { mqttversion: 5 } });
  const { client, handler, calls, packets, release } = state;
  await client.subscribe("x", { qos: 1 }, handler("before"));
  state.hold = true;
  const abort = aborted(client, "x", handler("withdrawn"), { noLocal: true });
  await until(() => packets().length === 2, "a SUBSCRIBE");
  await abort();
  release();
  await until(() => packets().length === 3, "a SUBSCRIBE with the options of before");
  assert.deepEqual(packets(), ["x 1", "x 1 noLocal", "x 1"]);
  assert.deepEqual(await calls(), ["before"]);

  const manual = await started(t, { options: { stoptimeout: 0.1 } });
  const same = manual.handler("same");
  await manual.client.subscribe("x", { qos: 1, ack: "manual" }, same);
  await aborted(manual.client, "x", same, { qos: 1 })();
  assert.deepEqual(await manual.calls("x", 1), ["same"]);
  assert.equal(manual.client.stats().unhandled, 1, "it is not acknowledged by another call's options");
});

test("many are aborted at once", async (t) => {
  const { client } = await started(t, { hold: true });
  const controller = new AbortController();
  const { signal } = controller;
  const calls = Array.from({ length: 5_000 }, (_, i) => failure(client.subscribe(`f/${i}`, { signal })));
  controller.abort(new Error("mine"));
  assert.ok((await Promise.all(calls)).every(({ message }) => message === "mine"));
});

test("so does one whose time is over, and the last that is withdrawn unsubscribes", async (t) => {
  const { client, handler, calls, unsubscribed, release } = await started(t, { hold: true });
  const late = failure(client.subscribe("x", { timeout: 0.02 }, handler("late")));
  const abort = aborted(client, "x", handler("withdrawn"));
  assert.equal((await late).code, "TIMEOUT");
  await pause(20);
  assert.deepEqual(unsubscribed(), []);
  await abort();
  release();
  await until(() => unsubscribed().length > 0, "UNSUBSCRIBE");
  await client.subscribe("x", { timeout: 5 }, handler("third"));
  assert.deepEqual(await calls(), ["third"]);
  assert.deepEqual(unsubscribed(), ["x"]);
});

test("a handler that another call has given too stays; without another one on_message gets the messages", async (t) => {
  const { client, handler, calls, unsubscribed } = await started(t);
  const same = handler("same");
  await client.subscribe("x", same);
  for (const options of [{}, { concurrency: 1 }]) {
    await aborted(client, "x", same, options)();
    assert.deepEqual(await calls(), ["same"]);
  }
  await client.subscribe("z");
  for (const name of ["one", "two"]) await aborted(client, "z", handler(name))();
  assert.deepEqual(await calls("z"), ["on_message"]);
  assert.deepEqual(unsubscribed(), []);
});

test("of three calls for a filter two are aborted, and the third gets messages", async (t) => {
  for (const wait of [false, true]) {
    const { client, handler, calls, unsubscribed } = await started(t, { hold: false });
    const controller = new AbortController();
    const { signal } = controller;
    const lost = [failure(client.subscribe("x", { qos: 1, signal }, handler("first")))];
    const kept = client.subscribe("x", { qos: 1 }, handler("second"));
    lost.push(failure(client.subscribe("x", { qos: 2, signal }, handler("third"))));
    if (wait) await new Promise((resolve) => setImmediate(resolve));
    controller.abort(new Error("mine"));
    await Promise.all(lost);
    assert.deepEqual(await kept, [1]);
    assert.deepEqual(await calls(), ["second"]);
    assert.deepEqual(unsubscribed(), []);
  }
});

test("an unsubscribe that is aborted leaves the handlers of addHandler; one that was removed meanwhile stays away", async (t) => {
  const { client, handler, calls, packets } = await started(t);
  const first = client.addHandler("x", handler("first"), { qos: 1 });
  const second = client.addHandler("x", handler("second"), { qos: 1 });
  await Promise.all([first.ready, second.ready]);
  const controller = new AbortController();
  const call = failure(client.unsubscribe("x", { signal: controller.signal }));
  second.remove();
  controller.abort(new Error("mine"));
  assert.equal((await call).message, "mine");
  assert.deepEqual(await calls(), ["first"]);
  assert.deepEqual(packets(), ["x 1"]);
  await first.remove();
  assert.deepEqual(packets(), ["x 1", "not x"]);
});

test("what remove() has left to a call that is aborted is unsubscribed", async (t) => {
  const { client, handler, unsubscribed } = await started(t);
  const added = client.addHandler("x", handler("added"), { qos: 1 });
  await added.ready;
  const abort = aborted(client, "x", handler("withdrawn"));
  await added.remove();
  assert.deepEqual(unsubscribed(), []);
  await abort();
  await until(() => unsubscribed().length === 1, "UNSUBSCRIBE");
});

test("a call whose SUBACK has come is not taken back, also if nobody knows of it yet", async (t) => {
  const state = await started(t, { hold: true });
  const { client, handler, release, calls } = state;
  const controller = new AbortController();
  const first = client.subscribe("y", handler("y")).then(() => controller.abort());
  const second = client.subscribe("x", { signal: controller.signal }, handler("x"));
  await pause(20);
  release();
  await first;
  assert.deepEqual([await second, await calls()], [[0], ["x"]]);
});

test("a handler that is removed while an unsubscribe is pending, which is aborted then, leaves nothing subscribed", async (t) => {
  const { client, handler, packets } = await started(t);
  const added = client.addHandler("x", handler("added"), { qos: 1 });
  await added.ready;
  const controller = new AbortController();
  const call = failure(client.unsubscribe("x", { signal: controller.signal }));
  added.remove();
  controller.abort(new Error("mine"));
  assert.equal((await call).message, "mine");
  await until(() => packets().length === 2, "UNSUBSCRIBE");
  assert.deepEqual(packets(), ["x 1", "not x"]);
});
