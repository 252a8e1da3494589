// Fake timers that a test installs, as node:test, sinon and Jest have them: they drive the application, not the
// connection, and nothing that they call late or never call ends the process.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startMosquitto } from "../support/mosquitto.mjs";
import { clientFor, collect, freshTopic, lines, run } from "./helpers.mjs";

let broker;

before(async () => {
  broker = await startMosquitto();
});

after(() => broker?.stop());

test("with the timers of node:test mocked, batches are sent, requests time out, and stop() resolves", async (t) => {
  const topic = freshTopic();
  const received = await collect(t, broker.url, topic);
  const client = clientFor(t, { mqttserver: broker.url, publishinterval: 0.05, mqttversion: 5 });
  await client.start();
  t.mock.timers.enable({ apis: ["setTimeout", "setInterval", "Date"] });
  await client.batch_publish(topic, "payload", { qos: 1 });
  await assert.rejects(client.request(topic, "?", { timeout: 0.01 }), { code: "TIMEOUT" });
  await client.stop();
  t.mock.timers.reset();
  assert.equal(client.state, "stopped");
  await received.count(1);
  assert.equal(received.texts()[0], '["payload"]');
});

/** What sinon and Jest replace. The clock stands still until `tick` calls everything, what was cleared too. */
const FAKE = `
  const real = { setTimeout, clearTimeout, queueMicrotask, now: performance.now };
  const late = [];
  function install() {
    globalThis.setTimeout = (work, ...rest) => { late.push(work); return { id: late.length, unref() {} }; };
    globalThis.clearTimeout = () => {};
    globalThis.queueMicrotask = (work) => late.push(work);
    performance.now = () => 0;
  }
  function uninstall() {
    Object.assign(globalThis, { setTimeout: real.setTimeout, clearTimeout: real.clearTimeout, queueMicrotask: real.queueMicrotask });
    performance.now = real.now;
  }
  const tick = () => { for (const work of late.splice(0)) work(); };
`;

test("fake timers that were installed while connected do not disturb the client, nor its end", async () => {
  const { stdout, stderr, code } = await run(
    `
    import { MqttCustom } from "mqtt-lib";
    ${FAKE}
    const credentials = { mqttserver: process.argv[2], publishinterval: 0.05, maxmqttreconnectdelay: 0.1 };
    const client = new MqttCustom({ credentials });
    await client.start();
    install();
    const messages = client.messages("t/fake");
    await client.subscribe("t/fake");
    await client.batch_publish("t/fake", 1);
    console.log((await messages.next()).value.text());
    await client.stop();
    tick();
    uninstall();
    await new Promise((resolve) => setTimeout(resolve, 100));
    console.log(client.state);
    `,
    [broker.url],
  );
  assert.equal(code, 0, stderr);
  assert.deepEqual(lines(stdout), ["[1]", "stopped"]);
  assert.equal(stderr, "");
});

test("timers that are called although they were cleared are ignored", async () => {
  const { stdout, stderr, code } = await run(
    `
    ${FAKE}
    install();
    globalThis.queueMicrotask = real.queueMicrotask;
    performance.now = real.now;
    globalThis.setTimeout = (work, ms) => { late.push(work); return real.setTimeout(work, ms); };
    const { MqttCustom } = await import("mqtt-lib");
    const client = new MqttCustom({ credentials: { mqttserver: process.argv[2] } });
    await client.start();
    await client.publish("t/fake", "x", { qos: 1 });
    await client.stop();
    console.log(late.length > 0);
    tick();
    console.log(client.state);
    process.exit(0);
    `,
    [broker.url],
  );
  assert.equal(code, 0, stderr);
  assert.deepEqual(lines(stdout), ["true", "stopped"]);
});
