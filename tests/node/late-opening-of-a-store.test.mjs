// A store that is still being opened when its client ends: by a failure of the core, by stop(), or because it takes too long.
// What open() obtains afterwards is closed, so that the next start() opens the store.

import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { persistent } from "mqtt-lib/persistent";
import { fakeBroker, scripts } from "../support/fake-broker.mjs";
import { clientFor, failure, pause, run, until } from "./helpers.mjs";

function folderFor(t) {
  const folder = mkdtempSync(join(tmpdir(), "mqtt-lib-late-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** In a process of its own: the core fails when the store of a client that did nothing wrong is being opened. */
const FAILS_DURING_OPEN = `
import { MqttCustom } from "mqtt-lib";
import { persistent } from "mqtt-lib/persistent";
const [url, folder, wait] = process.argv.slice(2);
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const told = [];
const stored = () => new MqttCustom({
  credentials: { mqttserver: url, mqttclientid: "late", mqttcleansession: false, store: persistent({ folder }) },
  on_error: (_client, _userdata, error) => told.push(error.code),
});
const other = new MqttCustom({ credentials: { mqttserver: url }, on_error() {} });
await other.start();
const overflow = () => {
  const deep = () => { other.publish("a", "x", { qos: 1 }).catch(() => {}); deep(); };
  try { deep(); } catch {}
  other.flush().catch(() => {}); // it finds the failure, if nothing has yet
};
const ends = (promise) => promise.then(() => "ok", (error) => error.code);
const client = stored();
if (wait !== "sync") await pause(Number(wait));
overflow();
if (wait !== "sync") await pause(100);
const said = [await ends(client.start()), await ends(client.publish("a", "x", { qos: 1 }))];
await client.stop();
const next = stored();
said.push(await ends(next.start()));
await next.stop();
console.log(JSON.stringify([said, told]));
process.exit();
`;

for (const wait of ["sync", 0, 1, 3]) {
  test(`a failure of the core while a persistent store is opened leaves no lock (${wait})`, async (t) => {
    const { url } = await fakeBroker(t, scripts.accepts());
    const { stdout, stderr } = await run(FAILS_DURING_OPEN, [url, folderFor(t), wait]);
    assert.notEqual(stdout, "", stderr);
    assert.deepEqual(JSON.parse(stdout), [["ok", "ok", "ok"], ["CORE_FAILED"]]);
  });
}

test("close() while a persistent store is opened waits for that, and closes it", async (t) => {
  const folder = folderFor(t);
  const store = persistent({ folder });
  const [opened, closed] = [store.open("a", () => {}), store.close()];
  await Promise.all([opened, closed]);
  for (const other of [persistent({ folder }), store]) {
    assert.equal((await other.open("a", () => {})).size, 0);
    assert.equal((await failure(persistent({ folder }).open("a", () => {}))).code, "STORE_LOCKED");
    await other.close();
  }
  // One that is refused is not closed in place of the one that is open.
  await store.open("a", () => {});
  await failure(store.open("a", () => {}));
  await store.write([[1, Uint8Array.of(1)]]);
  await store.close();
  assert.ok(existsSync(folder));
});

/** Each call of open() settles when the test says so. */
function slowStore() {
  const calls = [];
  const opens = [];
  const store = {
    open() {
      calls.push("open");
      return new Promise((resolve, reject) => opens.push({ resolve: () => resolve([]), reject }));
    },
    write() {},
    close() {
      calls.push("close");
    },
  };
  return { calls, opens, store };
}

test("an open() that settles after stop() has given up is closed once", async (t) => {
  const { url } = await fakeBroker(t, scripts.accepts());
  const { calls, opens, store } = slowStore();
  const client = clientFor(t, { mqttserver: url, mqttclientid: "late", store, stoptimeout: 0.1 });
  const started = failure(client.start());
  await until(() => opens.length === 1);
  await client.stop();
  assert.equal((await started).code, "STORE_FAILED");
  opens[0].resolve();
  await pause(20);
  assert.deepEqual(calls, ["open", "close"]);
  const again = client.start();
  opens[1].resolve();
  await again;
  await client.publish("a", "b", { qos: 1 });
  await client.stop();
  assert.deepEqual(calls, ["open", "close", "open", "close"]);
});

test("an open() that settles late is closed if the next one fails, and not while the next one is open", async (t) => {
  const { url } = await fakeBroker(t, scripts.accepts());
  for (const fails of [true, false]) {
    const { calls, opens, store } = slowStore();
    const client = clientFor(t, { mqttserver: url, mqttclientid: "late", store, stoptimeout: 0.1 });
    client.start();
    await until(() => opens.length === 1);
    await client.stop();
    const again = client.start().catch(() => {});
    opens[0].resolve();
    await pause(20);
    assert.deepEqual(calls, ["open", "open"]);
    if (fails) opens[1].reject(new Error("locked"));
    else opens[1].resolve();
    await again;
    await pause(20);
    assert.deepEqual(calls, fails ? ["open", "open", "close"] : ["open", "open"]);
    if (!fails) await client.publish("a", "b", { qos: 1 });
    await client.stop();
    assert.deepEqual(calls, ["open", "open", "close"]);
  }
});

test("a late open() that rejects, or whose close() throws, disturbs nothing", async (t) => {
  const { url } = await fakeBroker(t, scripts.accepts());
  for (const rejects of [true, false]) {
    const { calls, opens, store } = slowStore();
    store.close = () => {
      calls.push("close");
      throw new Error("mine");
    };
    const client = clientFor(t, { mqttserver: url, mqttclientid: "late", store, stoptimeout: 0.1 });
    client.start();
    await until(() => opens.length === 1);
    await client.stop();
    if (rejects) opens[0].reject(new Error("late"));
    else opens[0].resolve();
    await pause(20);
    assert.deepEqual(calls, rejects ? ["open"] : ["open", "close"]);
  }
});
