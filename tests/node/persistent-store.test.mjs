// `store` through the public API: what survives a kill, the lock, damage, failing writes, and custom stores.
// tests/long/sigkill.test.mjs kills a hundred times.

import assert from "node:assert/strict";
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { MqttCustom } from "mqtt-lib";
import { persistent } from "mqtt-lib/persistent";
import { killRepeatedly } from "../support/kills.mjs";
import { startMosquitto } from "../support/mosquitto.mjs";
import { freePort } from "../support/ports.mjs";
import { randomOf } from "../support/random.mjs";
import { clientFor, collect, failure, freshTopic, run, thrown, until } from "./helpers.mjs";

let broker;
let nobody;
before(async () => {
  broker = await startMosquitto({ persistence: true });
  nobody = `mqtt://127.0.0.1:${await freePort()}`;
});
after(() => broker.stop());

let clients = 0;
function setUp(t) {
  const folder = mkdtempSync(join(tmpdir(), "mqtt-lib-store-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const mqttclientid = `store-${process.pid}-${++clients}`;
  const credentials = (more) => ({
    mqttclientid,
    mqttserver: broker.url,
    store: persistent({ folder }),
    stoptimeout: 0.2,
    ...more,
  });
  return { folder, credentials, topic: freshTopic("store") };
}

/** Leaves messages of every kind in the store. */
async function leave(t, credentials, topic, count = 1) {
  const client = clientFor(t, credentials({ mqttserver: nobody }), { autostart: false });
  const connected = client.start();
  const all = [];
  for (let i = 1; i <= count; i++) {
    all.push(client.publish(topic, `published ${i}`, { qos: 2 }));
    all.push(client.qpublish(topic, `queued ${i}`, { qos: 1 }));
    all.push(client.batch_publish(topic, `batched ${i}`, { qos: 1 }));
  }
  await failure(connected);
  await client.stop();
  const errors = await Promise.all(all.map(failure));
  for (const error of errors) {
    assert.equal(error.code, "STOPPED");
    assert.match(error.message, /kept in the store/);
  }
}

test("what stop() could not send is sent by the next run", async (t) => {
  const { credentials, topic } = setUp(t);
  await leave(t, credentials, topic);
  const received = await collect(t, broker.url, topic, { qos: 2 });
  const client = clientFor(t, credentials());
  await received.count(3);
  assert.deepEqual(received.texts().sort(), ['["batched 1"]', "published 1", "queued 1"]);
  await until(() => client.stats().inFlight === 0);
  await client.stop();
  const again = clientFor(t, credentials());
  await again.start();
  await again.publish(topic, "end", { qos: 1 });
  await received.count(4);
  assert.equal(received.texts()[3], "end");
});

test("killed with SIGKILL 5 times: nothing lost, nothing of QoS 2 twice", async () => {
  const { next } = randomOf(5);
  const { published, lost, twice, problems } = await killRepeatedly({
    kills: 5,
    random: next,
    life: 100,
  });
  assert.ok(published >= 5, `${published}`); // how many depends on the machine
  assert.deepEqual({ lost, twice, problems }, { lost: [], twice: [], problems: [] });
});

test("a store that is open elsewhere is STORE_LOCKED, and the first goes on", async (t) => {
  const { credentials, topic } = setUp(t);
  const first = clientFor(t, credentials());
  await first.start();
  const second = clientFor(t, credentials(), { autostart: false });
  const publish = second.publish(topic, "no", { qos: 1 });
  const error = await failure(second.start());
  assert.equal(error.code, "STORE_LOCKED");
  assert.equal(error.name, "MqttError");
  assert.match(error.message, /another process/);
  assert.equal((await failure(publish)).code, "STORE_LOCKED");
  assert.equal(second.state, "stopped");
  const third = clientFor(t, credentials());
  await until(() => third.errors.length > 0);
  assert.equal(third.errors[0].code, "STORE_LOCKED");
  await first.publish(topic, "yes", { qos: 2 });
  await first.stop();
  await second.start();
  await second.publish(topic, "now", { qos: 1 });
});

test("another process has it locked", async (t) => {
  const { credentials, folder } = setUp(t);
  const client = clientFor(t, credentials());
  await client.start();
  const source = `
    import { MqttCustom } from "mqtt-lib";
    import { persistent } from "mqtt-lib/persistent";
    const [id, folder, mqttserver] = process.argv.slice(2);
    const client = new MqttCustom({
      autostart: false,
      credentials: { mqttclientid: id, mqttserver, store: persistent({ folder }) },
    });
    console.log(await client.start().catch((error) => error.code));
  `;
  const { stdout, stderr } = await run(source, [credentials().mqttclientid, folder, broker.url]);
  assert.equal(stdout.trim(), "STORE_LOCKED", stderr);
});

/** All files of the store that contain data. */
function files(folder) {
  const all = readdirSync(folder, { recursive: true, withFileTypes: true });
  return all
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name));
}

for (const [name, damage] of [
  ["overwritten", (bytes) => bytes.fill(0x5a)],
  ["cut off", (bytes) => bytes.subarray(0, bytes.length >> 1)],
  [
    "with a byte changed",
    (bytes) => {
      bytes[bytes.length >> 1] ^= 0xff;
      return bytes;
    },
  ],
]) {
  test(`damaged files (${name}): told with the folder, and the client works`, async (t) => {
    const setup = setUp(t);
    const { topic } = setup;
    await leave(t, setup.credentials, topic, 100);
    const [inner] = readdirSync(setup.folder);
    const data = files(join(setup.folder, inner)).filter((file) => /(entries|mark)$/.test(file));
    for (const file of data) {
      const bytes = readFileSync(file);
      if (bytes.length > 0) writeFileSync(file, damage(bytes));
    }
    const client = clientFor(t, setup.credentials());
    await client.start();
    const error = client.errors.find((one) => one.code === "STORE_DAMAGED");
    assert.ok(error, `${client.errors}`);
    const backup = /a copy of the store is in (.*)$/.exec(error.message)?.[1];
    assert.ok(existsSync(join(backup, "entries")), error.message);
    await client.publish(topic, "works", { qos: 2 });
    await client.stop();
    const again = clientFor(t, setup.credentials());
    await again.start();
    assert.deepEqual(again.errors, []);
  });
}

test("a damaged record: the others are sent", async (t) => {
  const { credentials, topic, folder } = setUp(t);
  const source = `
    import { MqttCustom } from "mqtt-lib";
    import { persistent } from "mqtt-lib/persistent";
    const [id, folder, mqttserver, topic] = process.argv.slice(2);
    const client = new MqttCustom({
      on_error() {},
      credentials: { mqttclientid: id, mqttserver, store: persistent({ folder }) },
    });
    await client.start().catch(() => {});
    for (let i = 0; i < 10; i++) {
      client.publish(topic, "number " + i, { qos: 1 });
      await new Promise(setImmediate);
    }
    process.kill(process.pid, "SIGKILL");
  `;
  await run(source, [credentials().mqttclientid, folder, nobody, topic]);
  const [log] = files(folder).filter((file) => file.endsWith("entries"));
  const bytes = readFileSync(log);
  const place = bytes.indexOf("number 4");
  assert.ok(place >= 0, "the log has the message that is to be damaged");
  bytes[place] ^= 1;
  writeFileSync(log, bytes);
  const received = await collect(t, broker.url, topic, { qos: 1 });
  const client = clientFor(t, credentials());
  await until(() => received.texts().includes("number 9"), "the last one");
  assert.equal(client.errors[0].code, "STORE_DAMAGED");
  const expected = Array.from({ length: 10 }, (_, i) => `number ${i}`);
  expected.splice(4, 1);
  assert.deepEqual(received.texts(), expected);
});

/** A store as the documentation shows it. */
function ownStore(kept = new Map()) {
  return {
    kept,
    calls: [],
    open(clientId) {
      this.calls.push(`open ${clientId}`);
      return kept;
    },
    write(changes) {
      for (const [key, value] of changes) {
        if (value === undefined) kept.delete(key);
        else kept.set(key, value);
      }
      return this.slow?.();
    },
    close() {
      this.calls.push("close");
    },
  };
}

test("a store of the user's own, synchronous or not", async (t) => {
  for (const slow of [undefined, () => new Promise((resolve) => setTimeout(resolve, 5))]) {
    const { credentials, topic } = setUp(t);
    const store = ownStore();
    store.slow = slow;
    await leave(t, (more) => credentials({ store, ...more }), topic);
    assert.ok(store.kept.size >= 3);
    assert.deepEqual(store.calls, [`open ${credentials().mqttclientid}`, "close"]);
    const received = await collect(t, broker.url, topic, { qos: 2 });
    const client = clientFor(t, credentials({ store }));
    await client.start();
    const more = Array.from({ length: 500 }, (_, i) =>
      client.publish(topic, `more ${i}`, { qos: 1 + (i % 2) }),
    );
    await Promise.all(more);
    await received.count(503);
    await until(() => store.kept.size === 0);
    await client.stop();
    assert.equal(new Set(received.texts()).size, 503);
  }
});

test("a write that fails stops the client, and everything is reported", async (t) => {
  const { credentials, topic } = setUp(t);
  for (const fail of [
    () => {
      throw new Error("disk full");
    },
    () => Promise.reject(new Error("disk full")),
  ]) {
    const store = ownStore();
    const client = clientFor(t, credentials({ store }));
    await client.start();
    await client.publish(topic, "fine", { qos: 1 });
    store.slow = fail;
    const error = await failure(client.publish(topic, "not kept", { qos: 1 }));
    assert.equal(error.code, "STORE_FAILED");
    await until(() => client.errors.length > 0);
    assert.match(client.errors[0].message, /disk full/);
    assert.equal(client.state, "stopped");
    store.slow = undefined;
    await until(() => store.calls.includes("close"));
    await client.start();
    await client.publish(topic, "fine again", { qos: 2 });
  }
});

test("a folder that is moved away while its client runs is STORE_FAILED at the next message", async (t) => {
  const { folder, credentials, topic } = setUp(t);
  const client = clientFor(t, credentials());
  await client.start();
  await client.publish(topic, "fine", { qos: 1 });
  const inner = join(folder, readdirSync(folder)[0]);
  renameSync(inner, `${inner}-moved`);
  const error = await failure(client.publish(topic, "not kept", { qos: 1 }));
  assert.equal(error.code, "STORE_FAILED");
  assert.match(error.message, /were removed while it was open/);
  await until(() => client.state === "stopped");
});

test("messages on their way in are kept apart over a restart", async (t) => {
  const { credentials, topic } = setUp(t);
  const first = clientFor(t, credentials());
  const got = [];
  first.on_message = (_client, _userdata, message) => got.push(message.text());
  await first.subscribe(topic, { qos: 2 });
  const sender = clientFor(t, broker.url);
  for (let i = 0; i < 50; i++) sender.publish(topic, `${i}`, { qos: 2 });
  await first.stop();
  const second = clientFor(t, credentials());
  second.on_message = (_client, _userdata, message) => got.push(message.text());
  await until(() => got.length >= 50);
  assert.equal(new Set(got).size, 50);
  assert.equal(got.length, 50);
});

test("what is wrong with the option is said", async () => {
  const make = (credentials) => thrown(() => new MqttCustom({ autostart: false, credentials }));
  assert.match(make({ store: "persistent" }).message, /mqttclientid/);
  for (const store of ["disk", 5, true, []]) {
    const error = make({ mqttclientid: "me", store });
    assert.ok(error instanceof TypeError);
    assert.match(error.message, /credentials\.store must be "memory", "persistent" or a store/);
  }
  assert.match(make({ mqttclientid: "me", store: { open() {}, write() {} } }).message, /no method close/);
  new MqttCustom({ autostart: false, credentials: { store: "memory" } });
});

test("without the import, the error says what to import and to install", async () => {
  const source = `
    import { MqttCustom } from "mqtt-lib";
    try {
      new MqttCustom({ credentials: { mqttclientid: "me", store: "persistent" } });
    } catch (error) {
      console.log(error.code, error.message);
    }
  `;
  const { stdout } = await run(source);
  assert.match(stdout, /^INVALID_OPTION .*import "mqtt-lib\/persistent".*npm install classic-level/);
});
