// addHandler where calls are refused, wrong or removed: each handler shares the fate of the SUBSCRIBE that its `ready` is
// about, and of no other. The broker is simulated, because it refuses on command.

import assert from "node:assert/strict";
import { test } from "node:test";
import { fakeBroker, scripts } from "../support/fake-broker.mjs";
import { clientFor, failure, until } from "./helpers.mjs";

/** `verdicts`: whether the broker grants the next SUBSCRIBEs; it grants all others. */
async function started(t, verdicts = []) {
  const script = scripts.accepts(({ cmd, messageId, subscriptions }, connection) => {
    if (cmd === "unsubscribe" && verdicts[0] === "no UNSUBACK") return true;
    if (cmd !== "subscribe" || (verdicts.shift() ?? true)) return false;
    connection.send({ cmd: "suback", messageId, granted: subscriptions.map(() => 128) });
    return true;
  });
  const broker = await fakeBroker(t, script);
  const log = [];
  const handler = (name) => () => log.push(name);
  const on_error = (_client, _userdata, { code }) => log.push(code);
  const credentials = { mqttserver: broker.url, maxmqttreconnectdelay: 0.02 };
  const client = clientFor(t, credentials, { on_message: handler("on_message"), on_error });
  await client.start();
  const connection = () => broker.connections.at(-1);
  return {
    client,
    verdicts,
    log,
    handler,
    connection,
    adds: (name, options) => client.addHandler("a", handler(name), options),
    packets: () =>
      broker.connections
        .flatMap(({ packets }) => packets.map(({ cmd }) => cmd))
        .filter((cmd) => /subscribe/.test(cmd)),
    /** Which handlers get a message. */
    async calls() {
      log.length = 0;
      const loop = client.messages();
      connection().send({ cmd: "publish", topic: "a", payload: "1", qos: 0 });
      await loop.next();
      await loop.return();
      return log.slice();
    },
  };
}

const refused = async ({ ready }) => assert.equal((await failure(ready)).code, "SUBSCRIBE_FAILED");

test("a refused handler is gone where others have the filter, and is called once after another attempt", async (t) => {
  const { handler, client, adds, calls, packets } = await started(t, [true, false]);
  await adds("first").ready;
  const second = handler("second");
  await refused(client.addHandler("a", second, { qos: 1 }));
  assert.deepEqual(await calls(), ["first"]);
  assert.equal(await client.addHandler("a", second, { qos: 1 }).ready, 1);
  assert.deepEqual(await calls(), ["first", "second"]);
  assert.deepEqual(packets(), ["subscribe", "subscribe", "subscribe"]);
});

test("a refused handler whose filter has no other handler left unsubscribes what was granted before", async (t) => {
  const { client, adds, packets } = await started(t, [true, false, "no UNSUBACK"]);
  const first = adds("first");
  await first.ready;
  const second = adds("second", { qos: 1 });
  await first.remove();
  await refused(second);
  await until(() => packets().at(-1) === "unsubscribe", "UNSUBSCRIBE");
  // The application has not called it, and does not see its end: an unhandled rejection would fail this test.
  await client.stop();
  await new Promise(setImmediate);
});

test("a handler that is added in the turn in which the last one was removed is called", async (t) => {
  for (const count of [1, 2]) {
    const { adds, calls, packets } = await started(t);
    const before = Array.from({ length: count }, () => adds("removed"));
    for (const one of before) one.remove();
    assert.equal(await adds("added").ready, 0);
    assert.deepEqual(await calls(), ["added"]);
    assert.deepEqual(packets(), ["unsubscribe", "subscribe"]);
  }
});

test("a refusal ends the handlers of the calls that were refused, and no others", async (t) => {
  const { adds, calls } = await started(t, [false]);
  const first = adds("first");
  const second = adds("second", { qos: 1 });
  const third = adds("third");
  await refused(first);
  await refused(third);
  assert.equal(await second.ready, 1);
  assert.deepEqual(await calls(), ["second"]);
});

test("handlers behind one with wrong options are added with their own", async (t) => {
  const { adds, calls, packets } = await started(t);
  const wrong = [adds("wrong", { qos: 9 }), adds("wrong", { concurrency: 0 })];
  const right = [adds("one"), adds("two", { qos: 1 })];
  for (const { ready } of wrong) assert.equal((await failure(ready)).code, "OUT_OF_RANGE");
  assert.deepEqual(await Promise.all(right.map(({ ready }) => ready)), [0, 1]);
  assert.deepEqual(await calls(), ["one", "two"]);
  assert.deepEqual(packets(), ["subscribe", "subscribe"]);
});

test("after a refused restoration the next handler subscribes again, and all are called", async (t) => {
  const { adds, calls, connection, log, packets, verdicts } = await started(t);
  await adds("first", { qos: 1 }).ready;
  verdicts.push(false);
  connection().reset();
  await until(() => log.includes("SUBSCRIBE_FAILED"), "the refusal");
  assert.equal(await adds("second", { qos: 1 }).ready, 1);
  assert.equal(await adds("third").ready, 1);
  assert.deepEqual(packets(), ["subscribe", "subscribe", "subscribe"]);
  assert.deepEqual(await calls(), ["first", "second", "third"]);
});

test("a refused restoration is on the console if nobody listens, also with handlers of addHandler", async (t) => {
  const { client, adds, connection, verdicts } = await started(t);
  await adds("first").ready;
  client.on_error = null;
  const warn = t.mock.method(console, "warn", () => {});
  verdicts.push(false);
  connection().reset();
  // The lost connection is on it, too.
  const warnings = () => warn.mock.calls.map((call) => String(call.arguments.at(-1)?.message));
  await until(() => warnings().some((text) => /refused/.test(text)), "the warning");
});
