// The options of the WASI command are those of `npx mqtt-lib`, from the same table: each of them does the same, or says why it
// cannot.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { COMMANDS } from "../../js/cli/options.mjs";
import { clientFor, collect, freshTopic, until } from "../node/helpers.mjs";
import { startMosquitto } from "../support/mosquitto.mjs";
import { COMMAND, NETWORK, run, start, WASMTIME } from "./helpers.mjs";

let broker;
let server;
let folder;

before(async () => {
  broker = await startMosquitto();
  server = [`mqtt://127.0.0.1:${broker.port}`];
  folder = mkdtempSync(join(tmpdir(), "mqtt-lib-wasi-command-"));
});

after(() => {
  rmSync(folder, { recursive: true, force: true });
  return broker?.stop();
});

const words = (given) => ["run", ...NETWORK, "--dir", `${folder}::/files`, COMMAND, ...given];
const wasmtime = (given, options) => run(WASMTIME, words(given), options);
const succeeds = async (given, options) => {
  const { stdout, stderr, code } = await wasmtime([...given, ...server], options);
  assert.equal(code, 0, stderr);
  return { stdout, stderr };
};

test("--help lists every option of npx mqtt-lib, and says of some why they are not there", async () => {
  for (const command of ["pub", "sub", "request"]) {
    const { stdout } = await wasmtime([command, "--help"]);
    for (const name of Object.keys(COMMANDS[command].options))
      assert.match(stdout, new RegExp(`--${name}\\b`));
    for (const name of ["wire", "profile", "passphrase"])
      assert.match(stdout, new RegExp(`--${name}[^-]*not here: `));
  }
});

test("pub: a message with properties, several times; files, lines, queues and batches", async (t) => {
  const topic = freshTopic("wasi");
  const received = await collect(t, { mqttserver: broker.url, mqttversion: 5 }, topic, { qos: 1 });
  const properties = [
    "-D",
    "publish",
    "content-type",
    "text/plain",
    "-D",
    "publish",
    "user-property",
    "a",
    "b",
  ];
  await succeeds(["pub", "-t", topic, "-m", "-5", "-q1", "--repeat", "2", ...properties]);
  await received.count(2);
  assert.deepEqual(received.texts(), ["-5", "-5"]);
  assert.equal(received[1].properties.contentType, "text/plain");
  assert.deepEqual({ ...received[1].properties.userProperties }, { a: "b" });
  writeFileSync(join(folder, "lines"), "one\r\n\ntwo\n3");
  await succeeds(["pub", topic, "-f", "/files/lines"]);
  await succeeds(["pub", topic, "-n"]);
  await succeeds(["pub", topic, "-l", "-f", "/files/lines", "-q", "1"]);
  await succeeds(["pub", topic, "-l", "--batch", "2", "-q", "1"], { input: "one\ntwo\nthree\n" });
  await succeeds(["pub", topic, "-l", "--json", "--batch=5"], { input: '{"a":1}\n2\n' });
  await succeeds(["pub", topic, "-l", "--queue", "2", "--interval", "5", "-M", "1"], { input: "q1\nq2\nq3" });
  await received.count(13);
  assert.deepEqual(received.texts().slice(2), [
    ...["one\r\n\ntwo\n3", "", "one", "two", "3"],
    ...['["one","two"]', '["three"]', '[{"a":1},2]', "q1", "q2", "q3"],
  ]);
  const wrong = await wasmtime(["pub", topic, "-l", "--json", ...server], { input: "{}\n{\n" });
  assert.match(wrong.stderr, /^mqtt-lib: line 2 is not JSON: /);
});

test("pub: many lines are sent, all of them, in order", async (t) => {
  const topic = freshTopic("wasi");
  const received = await collect(t, broker.url, topic, { qos: 1 });
  const lines = Array.from({ length: 5000 }, (_, i) => `${i}`);
  await succeeds(["pub", topic, "-l", "-q", "1"], { input: lines.join("\n") });
  await received.count(lines.length);
  assert.deepEqual(received.texts(), lines);
});

test("pub: a line is sent when it comes, and the connection is kept between them", async (t) => {
  const topic = freshTopic("wasi");
  const received = await collect(t, broker.url, topic, { qos: 1 });
  const { child } = open(t, ["pub", topic, "-l", "-q", "1", "-k", "1", ...server]);
  for (const line of ["first", "second"]) {
    child.stdin.write(`${line}\n`);
    await until(() => received.texts().includes(line), line);
    await new Promise((resolve) => setTimeout(resolve, 2500));
  }
  child.stdin.end();
  await until(() => child.exitCode === 0, "its end");
  assert.equal(broker.log().includes("exceeded timeout"), false);
});

test("sub: formats, JSON, what is hidden, and retained messages", async (t) => {
  const topic = freshTopic("wasi");
  const client = clientFor(t, { mqttserver: broker.url, mqttversion: 5 });
  await client.start();
  const properties = { contentType: "x/y", correlationData: "\u0001z", userProperties: { k: ["1", "2"] } };
  await client.publish(`${topic}/a`, "kept", { qos: 1, retain: true, properties });
  await client.publish(`${topic}/b`, "", { qos: 1, retain: true });
  const sub = (...more) => succeeds(["sub", "-t", `${topic}/#`, "-q", "1", "-C", "1", "-V", "5", ...more]);
  assert.equal((await sub("-F", "%t|%p|%l|%q|%r|%x|%X|%C|%P|%%\\n")).stdout.length > 0, true);
  const format = "%t %p %l %q %r %x %X %C %P %%\\t.";
  assert.equal(
    (await sub("-F", format, "-N")).stdout,
    `${topic}/a kept 4 1 1 6b657074 6B657074 x/y k:1 k:2 %\t.`,
  );
  const json = JSON.parse((await sub("--json")).stdout);
  assert.ok(Math.abs(Date.parse(json.tst) - Date.now()) < 60_000);
  assert.deepEqual(
    { ...json, tst: "" },
    {
      ...{ tst: "", topic: `${topic}/a`, qos: 1, retain: true, payloadlen: 4, payload: "kept" },
      properties: { contentType: "x/y", correlationData: "AXo=", userProperties: { k: ["1", "2"] } },
    },
  );
  const hidden = await wasmtime(["sub", "-t", `${topic}/#`, "-T", `${topic}/+`, "-W", "1", ...server]);
  assert.deepEqual([hidden.stdout, hidden.code], ["", 1]);
  const none = await wasmtime(["sub", "-t", `${topic}/#`, "-R", "-W", "1", ...server]);
  assert.equal(none.stdout, "");
  const removed = await wasmtime([
    "sub",
    "-t",
    `${topic}/#`,
    "-v",
    "--remove-retained",
    "-W",
    "1",
    ...server,
  ]);
  assert.equal(removed.stdout, `${topic}/a kept\n`);
  assert.match(removed.stderr, /1 retained message was removed/);
  assert.equal((await wasmtime(["sub", "-t", `${topic}/#`, "-W", "1", ...server])).stdout, "");
});

test("sub: a kept session collects from -E on, and the last will is that of the options", async (t) => {
  const topic = freshTopic("wasi");
  const session = ["-i", `${topic}-id`, "-c", "-q", "1", "-t", topic];
  await succeeds(["sub", ...session, "-E"]);
  const client = clientFor(t, broker.url);
  await client.publish(topic, "meanwhile", { qos: 1 });
  assert.equal((await succeeds(["sub", ...session, "-C", "1"])).stdout, "meanwhile\n");
  await succeeds(["sub", "-i", `${topic}-id`, "-c", "-U", topic]);
  const will = await collect(t, broker.url, `${topic}/will`, { qos: 1 });
  const dying = open(t, ["sub", topic, "--will-topic", `${topic}/will`, "--will-payload", "gone", ...server]);
  await until(() => broker.log().includes(`${topic} (QoS 0)`), "the subscription");
  dying.child.kill("SIGKILL");
  await will.count(1);
  assert.deepEqual(will.texts(), ["gone"]);
});

test("request prints the response, and says when there is none", async (t) => {
  const topic = freshTopic("wasi");
  const responder = clientFor(t, { mqttserver: broker.url, mqttversion: 5 });
  await responder.respond(topic, (message) => `${Number(message.text()) * 2}`);
  assert.equal((await succeeds(["request", topic, "21"])).stdout, "42\n");
  assert.equal(
    (await succeeds(["request", "-t", topic, "-m", "4", "-e", `${topic}/own`, "-v"])).stdout,
    `${topic}/own 8\n`,
  );
  const late = await wasmtime(["request", `${topic}/none`, "1", "-W", "1", ...server]);
  assert.match(late.stderr, /^mqtt-lib: no response to the request to .* arrived within 1 s; check /);
});

/** A program whose standard input stays open. */
function open(t, given) {
  const program = start(WASMTIME, words(given), { keepsInput: true });
  t.after(() => program.child.kill("SIGKILL"));
  return program;
}
