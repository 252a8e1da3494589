// Exceptions of the application that could pass through the WebAssembly: at the end of the stack, out of `dispatchEvent`, out of
// a function of the core that the core has given up. No call is left unsettled, every client reports it, and the process lives.

import assert from "node:assert/strict";
import { test } from "node:test";
import { fakeBroker, scripts } from "../support/fake-broker.mjs";
import { clientFor, failure, freshTopic, run } from "./helpers.mjs";

/** In a process of its own: a client makes calls at every depth near the end of the stack, and another has one pending. */
const AT_THE_END_OF_THE_STACK = `
import { MqttCustom } from "mqtt-lib";
const [url, how] = process.argv.slice(2);
const told = { a: 0, b: 0 };
const make = (name) => new MqttCustom({
  credentials: { mqttserver: url },
  on_error: (_client, _userdata, { code }) => { if (code === "CORE_FAILED") told[name] += 1; },
});
const [a, b] = [make("a"), make("b")];
await Promise.all([a.start(), b.start()]);
const settled = [];
let [calls, ended, failed] = [0, 0, 0];
const note = (promise) => {
  calls += 1;
  promise.then(() => { ended += 1; }, () => { ended += 1; });
};
const work = {
  publish: () => a.publish("t", "x", { qos: 1 }),
  batch: () => a.batch_publish("t", { calls }),
}[how];
const promises = [];
let left = 0;
function deep() {
  try { deep(); } catch {}
  if (left > 0) { left -= 1; try { promises.push(work()); } catch {} }
}
/** The same, where the call itself is on the way back. */
const back = (...more) => { try { back(...more); } finally { if (left > 0) { left -= 1; promises.push(work()); } } };
promises.push(b.publish("pending", "x", { qos: 1 }));
for (let padding = 0; padding < 12; padding++) {
  const more = new Array(padding * 2).fill(0);
  left = 300;
  try { padding % 2 ? back(...more) : deep(); } catch {}
}
for (const promise of promises) note(promise);
await new Promise((resolve) => setTimeout(resolve, 300));
for (const client of [a, b]) await client.start();
await b.publish("later", "x", { qos: 1 });
await Promise.all([a.stop(), b.stop()]);
await new Promise((resolve) => setTimeout(resolve, 50));
console.log(JSON.stringify({ calls: calls > 500, open: calls - ended, told }));
`;

for (const how of ["publish", "batch"]) {
  test(`calls at the end of the stack: each settles, and both clients report it (${how})`, async (t) => {
    const { url } = await fakeBroker(t, scripts.accepts());
    const { stdout, stderr, code } = await run(AT_THE_END_OF_THE_STACK, [url, how]);
    // V8 itself says on stderr that its callback for rejections found no stack.
    assert.equal(code, 0, stderr);
    const { calls, open, told } = JSON.parse(stdout);
    assert.deepEqual([calls, open], [true, 0]);
    assert.equal(told.a, told.b, "who shares the instance reports it as often");
  });
}

test("a dispatchEvent of the application's that throws is reported, and other clients notice nothing", async (t) => {
  const { url } = await fakeBroker(t, scripts.accepts());
  const other = clientFor(t, url);
  await other.start();
  for (const thrown of [new Error("mine"), Object.create(null), undefined]) {
    const client = clientFor(t, url);
    client.dispatchEvent = (event) => {
      if (event.type === "error") return true;
      throw thrown;
    };
    await client.start();
    await client.publish("a", "b", { qos: 1 });
    await client.stop();
    const codes = new Set(client.errors.map(({ code }) => code));
    assert.deepEqual([...codes], ["CALLBACK_FAILED"]);
  }
  assert.deepEqual([other.state, other.errors], ["connected", []]);
  await other.publish("a", "b", { qos: 1 });
});

test("damage that a store reports late is reported, after stop() too, and other clients notice nothing", async (t) => {
  const { url } = await fakeBroker(t, scripts.accepts());
  const other = clientFor(t, url);
  await other.start();
  let found;
  const store = {
    open(_id, damaged) {
      found = damaged;
      return [];
    },
    write() {},
    close() {},
  };
  const client = clientFor(t, { mqttserver: url, mqttclientid: freshTopic().replaceAll("/", ""), store });
  await client.start();
  found("a part of it cannot be read");
  assert.deepEqual(
    client.errors.map(({ code }) => code),
    ["STORE_DAMAGED"],
  );
  await client.stop();
  found("another part");
  await client.start();
  await client.publish("a", "b", { qos: 1 });
  assert.deepEqual([other.state, other.errors], ["connected", []]);
});

test("a function of the core that the core has given up does nothing", async (t) => {
  const { url } = await fakeBroker(t, scripts.accepts());
  const { stdout, stderr, code } = await run(
    `
    import { MqttCustom } from "mqtt-lib";
    const [url] = process.argv.slice(2);
    const found = [];
    const store = { open: (_id, damaged) => { found.push(damaged); return []; }, write() {}, close() {} };
    const begin = async () => {
      const client = new MqttCustom({ credentials: { mqttserver: url, mqttclientid: "a", store } });
      await client.start();
      await client.stop();
    };
    const other = new MqttCustom({ credentials: { mqttserver: url }, on_error: (_client, _userdata, error) => console.log(error.code) });
    await other.start();
    await begin();
    for (let i = 0; i < 20; i++) { await new Promise((resolve) => setTimeout(resolve, 5)); globalThis.gc(); }
    for (const damaged of found) damaged("late");
    await other.publish("a", "b", { qos: 1 });
    console.log(other.state);
    await other.stop();
    `,
    [url],
    { flags: ["--expose-gc"] },
  );
  assert.deepEqual([stdout.replace("STORE_DAMAGED\n", ""), stderr, code], ["connected\n", "", 0]);
});

test("a signal or timeout that cannot be read is a rejection with a code, of every call that takes one", async (t) => {
  const { url } = await fakeBroker(t, scripts.accepts());
  const client = clientFor(t, url);
  await client.start();
  const unreadable = (name) => ({
    get [name]() {
      throw new Error("mine");
    },
  });
  for (const name of ["timeout", "signal"]) {
    for (const call of [
      (options) => client.publish("a", "b", options),
      (options) => client.qpublish("a", "b", options),
      (options) => client.batch_publish("a", 1, options),
      (options) => client.subscribe("a", options),
      (options) => client.unsubscribe("a", options),
      (options) => client.snapshot("a", options),
      (options) => client.start(options),
      (options) => client.publish_high_priority("a", "b", options),
    ]) {
      const { code, message } = await failure(call(unreadable(name)));
      assert.equal(code, "INVALID_OPTION", `${name}, ${call}`);
      assert.match(message, /mine/);
    }
  }
});
