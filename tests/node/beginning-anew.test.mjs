// start() after a failure of the core, where that is not simple: in the turn of the failure, with limits, at the end of the stack,
// or when the next instance of the WebAssembly cannot be made. Each client that ends gets the error, and each can start again.

import assert from "node:assert/strict";
import { test } from "node:test";
import { fakeBroker, scripts } from "../support/fake-broker.mjs";
import { run } from "./helpers.mjs";

/** Each script says what became of things as one line of JSON. */
const prelude = `
import { MqttCustom } from "mqtt-lib";
const [url] = process.argv.slice(2);
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const uncaught = [];
process.on("uncaughtException", (error) => uncaught.push(String(error)));
process.on("unhandledRejection", (error) => uncaught.push("rejection " + error));
const make = (options) => {
  const client = new MqttCustom({
    credentials: { mqttserver: url },
    on_error: (_client, _userdata, { code }) => client.told.push(code),
    ...options,
  });
  client.told = [];
  return client;
};
const overflow = (client) => {
  const deep = () => { client.publish("a", "x", { qos: 1 }).catch(() => {}); deep(); };
  try { deep(); } catch {}
};
const ends = (call) => new Promise((resolve) => resolve(call())).then(() => "ok", (error) => error?.code ?? String(error));
const settles = (call) => Promise.race([ends(call), pause(5_000).then(() => "NEVER")]);
const works = (client) => settles(() => client.publish("a", "x", { qos: 1 }));
/** The next instance of the WebAssembly cannot be made. */
const noMemoryOnce = () => {
  const { Instance } = WebAssembly;
  WebAssembly.Instance = function () {
    WebAssembly.Instance = Instance;
    throw new RangeError("WebAssembly.Instance(): Out of memory: Cannot allocate Wasm memory for new instance");
  };
};
const say = (said) => { console.log(JSON.stringify(said)); process.exit(); };
`;

async function said(t, source) {
  // Whatever it is sent it acknowledges, but for one topic.
  const { url } = await fakeBroker(
    t,
    scripts.accepts(({ cmd, topic }) => cmd === "publish" && topic === "never"),
  );
  const { stdout, stderr } = await run(prelude + source, [url]);
  assert.notEqual(stdout, "", stderr);
  return JSON.parse(stdout);
}

test("start() rejects with LOAD_FAILED if there is no memory for the next instance, and the next start() succeeds", async (t) => {
  const [first, others, told, uncaught] = await said(
    t,
    `
    const client = make();
    await client.start();
    overflow(client);
    await pause(50);
    noMemoryOnce();
    const first = await client.start().catch(({ code, message, cause }) => [code, message, cause.name, client.state]);
    const others = [
      await works(client), await settles(() => client.batch_publish("a", 1)), await settles(() => client.subscribe("a")),
      await settles(() => client.stop()), client.state, await settles(() => client.start()), await works(client), client.state,
      await settles(() => client.subscribe("a")), await settles(() => client.stop()), client.state,
    ];
    say([first, others, client.told, uncaught]);
    `,
  );
  const [code, message, cause, state] = first;
  assert.deepEqual([code, cause, state], ["LOAD_FAILED", "RangeError", "stopped"]);
  assert.match(message, /Out of memory.*free memory; then call start\(\) again$/);
  assert.deepEqual(others, [
    ...["CORE_FAILED", "CORE_FAILED", "CORE_FAILED", "ok", "stopped"],
    ...["ok", "ok", "connected", "ok", "ok", "stopped"],
  ]);
  assert.deepEqual([told, uncaught], [["CORE_FAILED"], []]);
});

test("a new client says LOAD_FAILED if there is no memory for the next instance", async (t) => {
  const result = await said(
    t,
    `
    const client = make();
    await client.start();
    overflow(client);
    await pause(50);
    noMemoryOnce();
    const first = await ends(() => make());
    const next = make();
    say([first, await works(next), next.told]);
    `,
  );
  assert.deepEqual(result, ["LOAD_FAILED", "ok", []]);
});

for (const limit of ["{ timeout: 5 }", "{ signal: new AbortController().signal }"]) {
  test(`start(${limit}) after CORE_FAILED begins anew`, async (t) => {
    const result = await said(
      t,
      `
      const client = make();
      await client.start();
      overflow(client);
      await pause(50);
      const limited = await settles(() => client.publish("a", "x", ${limit}));
      const aborted = await ends(() => client.start({ signal: AbortSignal.abort({ code: "ABORTED" }) }));
      const idle = client.state;
      say([limited, aborted, idle, await settles(() => client.start(${limit})), client.state, await works(client), client.told]);
      `,
    );
    assert.deepEqual(result, ["CORE_FAILED", "ABORTED", "stopped", "ok", "connected", "ok", ["CORE_FAILED"]]);
  });
}

test("start({ timeout }) after CORE_FAILED rejects with TIMEOUT, and the start is withdrawn, where nobody answers", async (t) => {
  const result = await said(
    t,
    `
    const client = make();
    await client.start();
    overflow(client);
    await pause(50);
    const other = make({ credentials: { mqttserver: "mqtt://127.0.0.1:1" } });
    overflow(other);
    await pause(50);
    say([await settles(() => other.start({ timeout: 0.3 })), await settles(() => other.stop()), uncaught]);
    `,
  );
  assert.deepEqual(result, ["TIMEOUT", "ok", []]);
});

test("start() in the turn of the failure: what was pending rejects, and the client gets the error once", async (t) => {
  const result = await said(
    t,
    `
    const [client, other] = [make(), make()];
    await Promise.all([client.start(), other.start()]);
    const loop = client.messages("a");
    const pending = [
      client.publish("never", "x", { qos: 1 }), client.batch_publish("never", 1, { qos: 1 }), loop.next(),
      client.request("never", "x", { responseTopic: "r" }), other.publish("never", "x", { qos: 1 }),
    ];
    await pause(20);
    overflow(client);
    pending.push(client.flush()); // it finds the failure, if nothing has yet
    const started = client.start();
    const codes = [];
    for (const one of pending) codes.push(await settles(() => one));
    say([await settles(() => started), client.state, await works(client), other.state, codes, client.told, other.told, uncaught]);
    `,
  );
  const [started, state, published, otherState, codes, told, otherTold, uncaught] = result;
  assert.deepEqual([started, state, published, otherState], ["ok", "connected", "ok", "stopped"]);
  assert.ok(!codes.includes("NEVER") && !codes.includes("ok"), `${codes}`);
  assert.deepEqual([told, otherTold, uncaught], [["CORE_FAILED"], ["CORE_FAILED"], []]);
});

test("start() at every depth near the end of the stack: each client that has ended gets the error, and starts again", async (t) => {
  const rounds = await said(
    t,
    `
    const rounds = [];
    for (let round = 0; round < 12; round++) {
      const client = make();
      await client.start();
      const begin = (depth) => {
        if (depth > 0) return begin(depth - 1);
        const deep = () => { try { deep(); } finally { try { client.start().catch(() => {}); } catch {} } };
        try { deep(); } catch {}
      };
      begin(round);
      await pause(200);
      const { state } = client;
      const then = [
        await settles(() => client.start()), await works(client), await settles(() => client.stop()),
        await settles(() => client.start()), await works(client), await settles(() => client.stop()),
      ];
      rounds.push({ state, then, told: client.told });
    }
    say([rounds, uncaught]);
    `,
  );
  assert.deepEqual(rounds[1], []);
  for (const { state, then, told } of rounds[0]) {
    assert.deepEqual(new Set(then), new Set(["ok"]), JSON.stringify(rounds[0]));
    if (state !== "connected") assert.ok(told.includes("CORE_FAILED"), `${state} ${told}`);
    assert.notEqual(state, "idle");
  }
});

test("what was not in a handler yet when the core failed is handled by none of its handlers", async (t) => {
  const broker = await fakeBroker(
    t,
    scripts.accepts(({ cmd, messageId }, connection) => {
      if (cmd !== "subscribe") return false;
      connection.send({ cmd: "suback", messageId, granted: [1] });
      for (const payload of ["0", "1", "2"])
        connection.send({
          cmd: "publish",
          topic: "b",
          payload,
          qos: 1,
          messageId: 1 + Number(payload),
          dup: false,
        });
      return true;
    }),
  );
  const { stdout, stderr } = await run(
    `${prelude}
    const client = make();
    const handled = [];
    const handler = (generation) => async (_client, _userdata, message) => {
      handled.push(generation + message.text());
      await pause(20);
    };
    await client.start();
    await client.subscribe("b", { qos: 1, concurrency: 1 }, handler("old "));
    while (handled.length === 0) await pause(1);
    overflow(client);
    await pause(100);
    await client.start();
    await client.subscribe("b", { qos: 1, concurrency: 1 }, handler("new "));
    await pause(300);
    say([handled, client.told, uncaught]);
    `,
    [broker.url],
  );
  assert.notEqual(stdout, "", stderr);
  assert.deepEqual(JSON.parse(stdout), [["old 0", "new 0", "new 1", "new 2"], ["CORE_FAILED"], []]);
});

test("stop() ends the calls of a client that was never started when another one ended the core", async (t) => {
  const [before, after, uncaught] = await said(
    t,
    `
    const never = make({ autostart: false });
    const calls = {
      publish: never.publish("a", "x", { qos: 1 }), qpublish: never.qpublish("a", "x"),
      batch: never.batch_publish("a", 1), loop: never.messages("a").next(),
    };
    const ended = {};
    for (const [name, call] of Object.entries(calls)) call.then(() => { ended[name] = "ok"; }, ({ code }) => { ended[name] = code; });
    const other = make();
    await other.start();
    overflow(other);
    await pause(50);
    const before = Object.keys(ended).length;
    await never.stop();
    await pause(10);
    say([before, ended, uncaught]);
    `,
  );
  assert.equal(before, 0);
  const failed = "CORE_FAILED";
  assert.deepEqual(after, { publish: failed, qpublish: failed, batch: failed, loop: failed });
  assert.deepEqual(uncaught, []);
});
