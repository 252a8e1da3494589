// In a page the first calls may be made before the .wasm is loaded. Tested with the source files, which load the .wasm as a
// page does, from a promise that the test resolves.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { startMosquitto } from "../support/mosquitto.mjs";
import { freshTopic, lines, run } from "./helpers.mjs";

let broker;

before(async () => {
  broker = await startMosquitto();
});

after(() => broker?.stop());

/** Each in a process of its own, because a process loads the .wasm once. */
const script = (body) => `
  import { readFileSync } from "node:fs";
  import { connect } from "./js/node/connect.mjs";
  import { MqttCustom } from "./js/client.mjs";
  import { use } from "./js/runtime.mjs";
  const [, , mqttserver, topic] = process.argv;
  const file = readFileSync("pkg/mqtt_lib_bg.wasm");
  const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  let arrive;
  let fails = 0;
  use({
    node: true,
    connect,
    url: () => Object.assign(
      fails-- > 0 ? Promise.reject(new Error("offline")) : new Promise((resolve) => { arrive = () => resolve(file); }),
      { toString: () => "https://h/mqtt_lib_bg.wasm" },
    ),
  });
  ${body}
`;

async function play(body) {
  const { stdout, stderr, code, signal } = await run(script(body), [broker.url, freshTopic()]);
  assert.equal(stderr, "");
  assert.deepEqual([code, signal], [0, null]);
  return lines(stdout);
}

test("calls are kept and done in their order once it is there, with the payloads of the time of the call", async () => {
  const printed = await play(`
    const client = new MqttCustom({ credentials: { mqttserver } });
    console.log(client.state, client.connected, client.stats().sent);
    client.on_message = (self, userdata, message) => {
      console.log(self === client, message.text());
      if (message.text() === "end") client.stop();
    };
    const bytes = new TextEncoder().encode("bytes");
    const item = { a: 1 };
    const options = { qos: 1 };
    client.subscribe(topic).then((granted) => console.log("granted", granted[0]));
    client.publish(topic, bytes, options);
    client.publish(topic, bytes.buffer);
    client.batch_publish(topic, item);
    client.batch_publish(topic, item);
    client.flush();
    client.qpublish(topic, bytes);
    client.flush();
    bytes.fill(33);
    item.a = 2;
    options.qos = 7;
    client.publish(topic, "end", { qos: 1 });
    await sleep(20);
    console.log(client.state);
    arrive();
  `);
  assert.ok(printed.includes("granted 0"));
  const others = printed.filter((line) => line !== "granted 0");
  assert.deepEqual(others, [
    "connecting false 0",
    "connecting",
    "true bytes",
    "true bytes",
    'true [{"a":1},{"a":1}]',
    "true bytes",
    "true end",
  ]);
});

test("what is wrong in the credentials rejects start() and reaches on_error, since the constructor cannot throw", async () => {
  const printed = await play(`
    const show = (where) => (error) => console.log(where, error.name, error.code, error.message.includes("mqttsever"));
    const client = new MqttCustom({
      credentials: { mqttsever: "h" },
      on_error: (self, userdata, error) => show("on_error")(error),
    });
    client.publish("a", "b").catch(show("publish"));
    const started = client.start();
    started.catch(show("start"));
    arrive();
    await started.catch(() => {});
    client.start().catch(show("start again"));
  `);
  assert.deepEqual(
    printed.sort(),
    [
      "on_error TypeError INVALID_OPTION true",
      "on_error TypeError INVALID_OPTION true",
      "publish TypeError INVALID_OPTION true",
      "start TypeError INVALID_OPTION true",
      "start again TypeError INVALID_OPTION true",
    ].sort(),
  );
});

test("what is wrong in an early call rejects its promise alone", async () => {
  const printed = await play(`
    const client = new MqttCustom({ credentials: { mqttserver } });
    const show = (error) => console.log(error.name, error.code);
    client.publish("a/#", "x").catch(show);
    client.publish("a", {}).catch(show);
    client.publish("a", "x", { qos: 3 }).catch(show);
    client.batch_publish("a", new Uint8Array(3)).catch(show);
    client.subscribe("a+").catch(show);
    const cycle = {};
    cycle.self = cycle;
    client.batch_publish("a", cycle).catch(show);
    client.publish("nobody/looks", Symbol("x"));
    arrive();
    await client.start();
    console.log(client.connected);
    await client.stop();
  `);
  assert.deepEqual(printed.sort(), [
    "RangeError OUT_OF_RANGE",
    "TypeError INVALID_PAYLOAD",
    "TypeError INVALID_PAYLOAD",
    "TypeError INVALID_PAYLOAD",
    "TypeError INVALID_TOPIC",
    "TypeError INVALID_TOPIC",
    "true",
  ]);
});

test("a load that fails is reported to start() and on_error, and can be tried again", async () => {
  const printed = await play(`
    fails = 1;
    const client = new MqttCustom({
      credentials: { mqttserver },
      on_error: (self, userdata, error) => console.log("on_error", error.name, error.code, error.message),
    });
    await client.start().catch((error) => console.log("start", error.code, error.cause.message));
    console.log(client.state);
    const again = client.start();
    await sleep(1);
    arrive();
    await again;
    console.log(client.state);
    await client.stop();
  `);
  assert.match(
    printed[0],
    /^on_error MqttError LOAD_FAILED .*https:\/\/h\/mqtt_lib_bg\.wasm \(offline\).*start\(\)/,
  );
  assert.deepEqual(printed.slice(1), ["start LOAD_FAILED offline", "idle", "connected"]);
});

test("an on_error that throws keeps nothing from the listeners of error", async () => {
  const { stdout, stderr, code } = await run(
    script(`
      fails = 1;
      const client = new MqttCustom({
        credentials: { mqttserver },
        on_error: () => {
          throw new Error("of the callback");
        },
      });
      client.addEventListener("error", ({ error }) => console.log("listener", error.code));
      await client.start().catch((error) => console.log("start", error.code));
    `),
    [broker.url, freshTopic()],
  );
  assert.equal(code, 0);
  assert.deepEqual(lines(stdout), ["listener LOAD_FAILED", "start LOAD_FAILED"]);
  assert.match(stderr, /on_error itself threw: Error: of the callback/);
});

test("publish_high_priority as a static waits for it too", async () => {
  const printed = await play(`
    const client = MqttCustom.publish_high_priority(topic, "x", { hostname: mqttserver, qos: 1 });
    client.then(() => console.log("published"));
    await sleep(10);
    console.log("waiting");
    arrive();
  `);
  assert.deepEqual(printed, ["waiting", "published"]);
});

test("stop() in the meantime is honoured, and messages(filter) may begin", async () => {
  const printed = await play(`
    const client = new MqttCustom({ credentials: { mqttserver } });
    const loop = client.messages(topic);
    client.subscribe(topic);
    client.publish(topic, "x");
    arrive();
    console.log((await loop.next()).value.text());
    await client.stop();
    console.log((await loop.next()).done);

    const idle = new MqttCustom({ credentials: { mqttserver } });
    await idle.stop();
    console.log(idle.state);
  `);
  assert.deepEqual(printed, ["x", "true", "stopped"]);
});

test("stop() with a wrong argument rejects once it is there, and stops nothing; a right one resolves even if the load fails", async () => {
  const printed = await play(`
    const show = (where) => ({ name, code }) => console.log(where, name, code);
    const client = new MqttCustom({ credentials: { mqttserver }, on_error: (self, userdata, { code }) => console.log(code) });
    const wrong = client.stop({ reasonCode: 3 }).catch(show("stop"));
    arrive();
    await wrong;
    await client.start();
    console.log(client.state);
    await client.stop();
  `);
  assert.deepEqual(printed, ["stop RangeError OUT_OF_RANGE", "connected"]);
  const failing = await play(`
    fails = 1;
    const client = new MqttCustom({ credentials: { mqttserver }, on_error: (self, userdata, { code }) => console.log(code) });
    await client.stop();
    console.log(client.state);
  `);
  assert.deepEqual(failing, ["LOAD_FAILED", "idle"]);
});

/** The number in the documentation. */
const [MAX_EARLY] = /[\d,]+(?= calls were made before the WebAssembly was loaded)/.exec(
  readFileSync("docs/troubleshooting.md", "utf8"),
);

test(`${MAX_EARLY} early calls are kept, and one more is refused with QUEUE_FULL`, async () => {
  const count = MAX_EARLY.replaceAll(",", "");
  const printed = await play(`
    const client = new MqttCustom({ credentials: { mqttserver } });
    for (let i = 0; i < ${count}; i++) client.publish(topic, "x");
    await client.publish(topic, "one too many").catch(({ name, code, message }) => console.log(name, code, message));
    const started = client.start();
    const stopped = client.stop();
    arrive();
    await Promise.all([started.catch(({ code }) => console.log(code)), stopped]);
    console.log(client.stats().sent);
  `);
  assert.match(printed[0], new RegExp(`^MqttError QUEUE_FULL ${count} calls wait for .*start\\(\\)`));
  assert.deepEqual(printed.slice(1), [count], "start() and stop() are never refused");
});

test("an unsubscribe with a limit leaves the handlers that are added after it, and an aborted one those before it", async () => {
  const printed = await play(`
    const client = new MqttCustom({ credentials: { mqttserver } });
    const show = (name) => (self, userdata, message) => {
      console.log(name, message.text());
      if (name === "after") client.stop();
    };
    const controller = new AbortController();
    client.addHandler(topic + "/before", show("before"), { qos: 1 });
    client.unsubscribe(topic + "/before", { signal: controller.signal }).catch((error) => console.log(error.name));
    controller.abort();
    client.unsubscribe(topic + "/after", { timeout: 5 });
    const added = client.addHandler(topic + "/after", show("after"), { qos: 1 });
    arrive();
    await added.ready;
    await client.publish(topic + "/before", "1", { qos: 1 });
    await client.publish(topic + "/after", "2", { qos: 1 });
  `);
  assert.deepEqual(printed, ["AbortError", "before 1", "after 2"]);
});
