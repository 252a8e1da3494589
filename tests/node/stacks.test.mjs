// Stacks of errors: they begin where the application called the package, and an error that nobody catches shows a line of
// the source, not the whole of it.

import assert from "node:assert/strict";
import { test } from "node:test";
import { MqttCustom } from "mqtt-lib";
import { scripts, startFakeBroker } from "../support/fake-broker.mjs";
import { clientFor, failure, run, thrown, until } from "./helpers.mjs";

/** The first frame is of this file, and it is the only call between `before` and `after`. */
function checkStack(error, name) {
  const [first, frame] = error.stack.split(/\n(?= {4}at )/);
  assert.equal(first, `${error.name}: ${error.message}`);
  assert.ok(frame.includes(name) && frame.includes("stacks.test.mjs"), error.stack);
}

test("the constructor's errors begin at the call of the constructor", () => {
  const theCaller = () => new MqttCustom({ credentials: { mqttport: 99_999 } });
  checkStack(thrown(theCaller), "theCaller");
});

test("errors of methods begin at their call, whether they come at once or later", async (t) => {
  const broker = await startFakeBroker(
    scripts.accepts(({ cmd, messageId }, connection) => {
      if (cmd === "subscribe") connection.send({ cmd: "suback", messageId, granted: [128] });
      return cmd === "subscribe";
    }),
  );
  t.after(() => broker.stop());
  const client = clientFor(t, { mqttserver: broker.url, mqttversion: 5 });
  const calls = {
    wrongTopic: () => client.publish("a/+", "x"),
    wrongPayload: () => client.publish("a", { not: "text" }),
    wrongBatch: () => client.batch_publish("a/#", 1),
    wrongQueue: () => client.qpublish("a/+", "x"),
    wrongFilter: () => client.subscribe("a#"),
    refused: () => client.subscribe("a"),
    noAnswer: () => client.request("a", "x", { timeout: 0.01 }),
    wrongStop: () => client.stop(7),
    oneShot: () => MqttCustom.publish_high_priority("a", "x", { hostname: "127.0.0.1", port: 1 }),
  };
  await client.start();
  for (const [name, call] of Object.entries(calls)) {
    const error = await failure({ [name]: () => call() }[name]());
    checkStack(error, name);
  }
  const away = clientFor(t, "mqtt://127.0.0.1:1");
  const starter = () => away.start();
  checkStack(await failure(starter()), "starter");
});

test("the error of a publish that fails later names its topic and the line that awaits it", async (t) => {
  const broker = await startFakeBroker(
    scripts.accepts(({ cmd, messageId, qos }, connection) => {
      if (cmd === "publish")
        connection.send({ cmd: qos === 1 ? "puback" : "pubrec", messageId, reasonCode: 135 });
      return cmd === "publish";
    }),
  );
  t.after(() => broker.stop());
  const client = clientFor(t, { mqttserver: broker.url, mqttversion: 5 });
  await client.start();
  const about =
    /^publish to "plant\/1": the broker refused the message; .*reason code 135 \(not authorized\)$/;
  const calls = {
    qos1: () => client.publish("plant/1", "x", { qos: 1 }),
    qos2: () => client.publish("plant/1", "x", { qos: 2 }),
    queued: () => client.qpublish("plant/1", "x", { qos: 1 }),
    withProperties: () => client.publish("plant/1", "x", { qos: 1, properties: { contentType: "a" } }),
    large: () => client.publish("plant/1", "x".repeat(2e6), { qos: 1 }),
    limited: () => client.publish("plant/1", "x", { qos: 1, timeout: 30 }),
  };
  for (const [name, call] of Object.entries(calls)) {
    const { [name]: caller } = { [name]: async () => await call() };
    // The second of a name is not timed for stats().
    const failures = [failure(caller()), failure(caller())];
    await client.flush();
    for (const error of await Promise.all(failures)) {
      assert.match(error.message, about, name);
      if (!/ at call/.test(error.stack)) checkStack(error, name);
    }
  }
  // Nobody awaits it, or several do: the topic remains.
  const shared = client.publish("plant/1", "x", { qos: 1 });
  for (const each of [shared, shared]) assert.match((await failure(each)).message, about);
  const batch = failure(client.batch_publish("plant/1", 1, { qos: 1 }));
  await client.flush();
  assert.match((await batch).message, about);
  const long = `\u202e${"é".repeat(80)}`;
  const { message } = await failure(client.publish(long, "x", { qos: 1 }));
  assert.match(message, /^publish to "\\u202eé{59}…": /);
});

test("an awaited publish whose properties are wrong shows the line of the caller, and no line of the package", async (t) => {
  const broker = await startFakeBroker(scripts.accepts());
  t.after(() => broker.stop());
  const client = clientFor(t, { mqttserver: broker.url, mqttversion: 5 });
  const theCaller = async () => await client.publish("a/+", "x", { properties: {} });
  checkStack(await failure(theCaller()), "theCaller");
});

test("an error of the user's keeps its stack", async (t) => {
  const broker = await startFakeBroker();
  t.after(() => broker.stop());
  const mine = new Error("mine");
  const { stack } = mine;
  const client = clientFor(t, broker.url, {
    on_connect() {
      throw mine;
    },
  });
  await client.start();
  assert.equal(client.errors[0].cause, mine);
  assert.equal(mine.stack, stack);
});

test("of a flood of skipped messages, each of which is reported, the frames of few errors are looked for", async (t) => {
  const skipped = 1_000;
  const broker = await startFakeBroker(
    scripts.accepts(({ cmd }, connection) => {
      const properties = { responseTopic: "#" };
      const message = { cmd: "publish", topic: "t", payload: "x", qos: 0, properties };
      if (cmd === "publish") connection.send(...Array.from({ length: skipped }, () => message));
      return cmd === "publish";
    }),
  );
  t.after(() => broker.stop());
  const client = clientFor(t, { mqttserver: broker.url, mqttversion: 5 });
  await client.start();
  const prepare = Error.prepareStackTrace;
  t.after(() => {
    Error.prepareStackTrace = prepare;
  });
  let written = 0;
  Error.prepareStackTrace = (error, frames) => {
    if (frames.length > 0) written += 1;
    return `${error}${frames.map((frame) => `\n    at ${frame}`).join("")}`;
  };
  await client.publish("now", "x");
  await until(() => client.errors.length === skipped);
  assert.ok(client.errors.every((error) => /was skipped/.test(error.message)));
  assert.ok(client.errors.every(({ code, stack }) => code === "PROTOCOL_ERROR" && typeof stack === "string"));
  assert.ok(written < skipped / 4, `${written} stacks were written`);
});

test("an error that nobody catches shows a few lines, and the line of the caller", async () => {
  for (const source of [
    'new MqttCustom({ credentials: { mqttport: "x" } });',
    'await new MqttCustom({ credentials: { mqttserver: "mqtt://127.0.0.1:1" }, on_error() {} }).start();',
    'await new MqttCustom({ autostart: false }).publish("a/#");',
  ]) {
    const { stderr, code } = await run(`import { MqttCustom } from "mqtt-lib";\n${source}`);
    assert.equal(code, 1);
    assert.ok(stderr.length < 3000, `${stderr.length} characters`);
    assert.ok(Math.max(...stderr.split("\n").map((line) => line.length)) < 500, stderr);
    assert.match(stderr, /at (async )?file:.*\[eval1\]:2:/, stderr);
  }
});

test("a handler that throws, without on_error, is at most 15 lines on the terminal, with its own line", async (t) => {
  const broker = await startFakeBroker(scripts.accepts());
  t.after(() => broker.stop());
  const { stderr } = await run(`import { MqttCustom } from "mqtt-lib";
const client = new MqttCustom({ credentials: { mqttserver: "${broker.url}" }, on_connect() { null.value } });
await client.start(); await client.stop();`);
  assert.match(stderr, /on_connect threw: .*\n[\s\S]*at .*\[eval1\]:2:/);
  const lines = stderr.trimEnd().split("\n");
  assert.ok(lines.length <= 15, stderr);
  assert.doesNotMatch(stderr.split("[cause]")[0], /^ +at /m);
});
