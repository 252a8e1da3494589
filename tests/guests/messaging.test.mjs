// Guests that know wasi:messaging alone, with the component that has it over MQTT: one that sends and asks, by `wac plug`, and one
// that handles messages, by `wac compose`. On the other side are this project's own client, and each other.

import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { buildWasi, CONSUMER, MESSAGING } from "../../scripts/build-wasi.mjs";
import { must, ROOT } from "../../scripts/run.mjs";
import { setup, WASMTIME } from "../../scripts/setup.mjs";
import { clientFor, collect, until } from "../node/helpers.mjs";
import { startMosquitto } from "../support/mosquitto.mjs";
import { NETWORK, run, start } from "../wasi/helpers.mjs";
import { layOutWit, OUT, rustGuest } from "./languages.mjs";

const [ASKER, WORKER] = ["asker-whole.wasm", "worker-whole.wasm"].map((name) => join(OUT, name));
const at = (path) => join(ROOT, path);
let broker;

before(async () => {
  await setup("guests");
  await buildWasi();
  layOutWit();
  const asker = await rustGuest("asker", "asker.wasm");
  await must("wac", ["plug", asker, "--plug", at(MESSAGING), "-o", ASKER]);
  const packages = { "mqtt-lib:messaging": at(MESSAGING), "mqtt-lib:consumer": at(CONSUMER) };
  packages["app:guest"] = await rustGuest("worker", "worker.wasm");
  const dependencies = Object.entries(packages).flatMap(([name, path]) => ["-d", `${name}=${path}`]);
  await must("wac", ["compose", ...dependencies, at("wasi/messaging/app.wac"), "-o", WORKER]);
  broker = await startMosquitto();
});

after(() => broker?.stop());

const wasmtime = (variables, whole) => {
  const given = Object.entries(variables).flatMap(([name, value]) => ["--env", `MQTT_${name}=${value}`]);
  return ["run", ...NETWORK, ...given, whole];
};
const url = () => `mqtt://127.0.0.1:${broker.port}`;

function worker(t, variables = {}) {
  const given = { SERVER: url(), SUBSCRIBE: "guest/job, guest/other/#", ...variables };
  const program = start(WASMTIME, wasmtime(given, WORKER));
  t.after(() => program.child.kill("SIGKILL"));
  return program;
}

const subscriptions = () => broker.log().split("guest/job (QoS 1)").length - 1;

test("a handler replies, sends, and refuses", async (t) => {
  const done = await collect(t, broker.url, "guest/done", { qos: 1 });
  const before = subscriptions();
  const program = worker(t);
  await until(() => subscriptions() > before, "the subscription of the worker");
  const client = clientFor(t, { mqttserver: broker.url, mqttversion: 5 });
  const answer = await client.request("guest/job", "3");
  assert.equal(answer.text(), "6");
  await client.publish("guest/job", "no number", { qos: 1 });
  await client.publish("guest/other/topic", "5", { qos: 1 });
  await done.count(2);
  assert.deepEqual(done.texts(), ["guest/job 3", "guest/other/topic 5"]);
  await until(() => program.result.stderr.includes('"no number" is no number'), "the refusal");
});

test("one guest asks another; both know wasi:messaging alone", async (t) => {
  const hello = await collect(t, { mqttserver: broker.url, mqttversion: 5 }, "guest/hello", { qos: 1 });
  const before = subscriptions();
  worker(t);
  await until(() => subscriptions() > before, "the subscription of the worker");
  const { stdout, stderr, code } = await run(WASMTIME, wasmtime({ SERVER: url() }, ASKER));
  assert.deepEqual({ stdout, code }, { stdout: "42\n441\ntrue\n", code: 0 }, stderr);
  assert.equal(hello[0].text(), "hello");
  assert.equal(hello[0].properties.contentType, "text/plain");
  assert.deepEqual({ ...hello[0].properties.userProperties }, { from: "asker" });
});

test("what the environment has wrong is an error with a sentence", async () => {
  for (const [variables, expected] of [
    [{}, /which broker is \\"work\\"\? give the environment MQTT_SERVER/],
    [{ SERVER: url(), KEPALIVE: "1" }, /the environment has MQTT_KEPALIVE, which is no option/],
    [{ SERVER: url(), QOS: "3" }, /MQTT_QOS must be 0, 1 or 2; \\"3\\" was given/],
    [{ SERVER: "mqtts://127.0.0.1:1" }, /Other\("INVALID_OPTION /],
    [{ SERVER: "mqtt://127.0.0.1:1" }, /Connection\("CONNECTION_REFUSED /],
  ]) {
    const { stderr, code } = await run(WASMTIME, wasmtime(variables, ASKER));
    assert.match(stderr, expected);
    assert.equal(code, 1);
  }
  const { stderr } = await run(WASMTIME, wasmtime({ SERVER: url() }, WORKER));
  assert.match(stderr, /^mqtt-lib-consumer: INVALID_OPTION the environment has no MQTT_SUBSCRIBE/);
});
