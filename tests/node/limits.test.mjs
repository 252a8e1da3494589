// Calls that end early: `signal` and `timeout` among the options, start() that waits over failed attempts, `reconnect: false`,
// and `await using`. The broker is simulated, because packets are counted and answers withheld.

import assert from "node:assert/strict";
import { test } from "node:test";
import { MqttCustom } from "mqtt-lib";
import { fakeBroker, scripts } from "../support/fake-broker.mjs";
import { freePort } from "../support/ports.mjs";
import { clientFor, failure, pause, until } from "./helpers.mjs";

const quick = { maxmqttreconnectdelay: 0.05 };
const REASON = new Error("the user has left");

/** A signal, and what aborts it with REASON. */
function controller() {
  const control = new AbortController();
  return { signal: control.signal, abort: () => control.abort(REASON) };
}

async function offline(t, options) {
  const port = await freePort();
  return { port, client: clientFor(t, { mqttserver: `mqtt://127.0.0.1:${port}`, ...quick, ...options }) };
}

/** A broker that answers none of these packets. */
const withholds = (...kinds) => scripts.accepts(({ cmd }) => kinds.includes(cmd));
const topics = (broker) =>
  broker.connections.flatMap(({ packets }) =>
    packets.filter(({ cmd }) => cmd === "publish").map(({ topic }) => topic),
  );

for (const method of ["publish", "qpublish"]) {
  test(`${method} rejects with the reason of its signal, and what was not sent is withdrawn`, async (t) => {
    const { client, port } = await offline(t, { queuesize: 100 });
    for (const [payload, options] of [
      ["short", { qos: 1 }],
      ["", {}],
      [new Uint8Array(2 << 20), { qos: 2 }],
    ]) {
      const { signal, abort } = controller();
      const gone = client[method]("gone", payload, { ...options, signal });
      abort();
      assert.equal(await failure(gone), REASON);
    }
    const kept = client[method]("kept", "x", { qos: 1, signal: controller().signal });
    assert.equal(client.stats().queued, 1);
    const broker = await fakeBroker(t, undefined, { port });
    client.start();
    client.flush();
    await kept;
    assert.deepEqual(topics(broker), ["kept"]);
  });
}

for (const [whose, retain] of [
  ["js/", false],
  ["the core", undefined],
]) {
  test(`a signal that is aborted once its message is acknowledged withdraws no other, with promises of ${whose}`, async (t) => {
    const held = [];
    const broker = await fakeBroker(
      t,
      scripts.accepts(({ cmd, messageId, topic }, connection) => {
        if (cmd !== "publish" || topic === "queued") return false;
        held.push(0x40, 2, 0, messageId);
        // Both at once: when the first call has ended, the second one's place is free, and its promise has not been seen.
        if (held.length === 8) connection.write(Uint8Array.from(held));
        return true;
      }),
    );
    const client = clientFor(t, { mqttserver: broker.url, queuesize: 100 });
    await client.start();
    const { signal, abort } = controller();
    const options = { qos: 1, retain };
    const first = client.publish("first", "x", options);
    const second = client.publish("second", "x", { ...options, signal });
    await first;
    const queued = client.qpublish("queued", "x", options);
    abort();
    client.flush();
    await queued;
    assert.deepEqual(topics(broker), ["first", "second", "queued"]);
    await second.catch(() => {});
  });
}

test("a signal that is aborted already begins nothing", async (t) => {
  const broker = await fakeBroker(t);
  const client = clientFor(t, broker.url);
  await client.start();
  const signal = AbortSignal.abort(REASON);
  const calls = [
    client.start({ signal }),
    client.publish("a", "x", { signal }),
    client.qpublish("a", "x", { signal }),
    client.batch_publish("a", "x", { signal }),
    client.subscribe("a", { signal }),
    client.unsubscribe("a", { signal }),
    client.request("a", "x", { signal }),
    client.publish_high_priority("a", "x", { signal }),
    MqttCustom.publish_high_priority("a", "x", { signal }),
    client.messages("a", { signal }).next(),
  ];
  for (const call of calls) assert.equal(await failure(call), REASON);
  await client.publish("end", "x", { qos: 1 });
  const sent = broker.connections.flatMap(({ packets }) => packets).map(({ cmd, topic }) => topic ?? cmd);
  assert.deepEqual(sent, ["connect", "end"]);
});

test("one signal for a hundred calls: Node warns of nothing, and each rejects with its reason", async (t) => {
  const { client } = await offline(t, { offlinesize: 200 });
  const warnings = [];
  const warned = (warning) => warnings.push(`${warning}`);
  process.on("warning", warned);
  t.after(() => process.off("warning", warned));
  const { signal, abort } = controller();
  const calls = Array.from({ length: 100 }, (_, i) => client.publish("a", i, { qos: 1, signal }));
  const ended = Promise.all(calls.map((call) => failure(call)));
  await pause(20);
  abort();
  assert.deepEqual(new Set(await ended), new Set([REASON]));
  assert.equal(client.stats().queued, 0);
  assert.deepEqual(warnings, []);
});

test("a signal of another library that cannot remove a listener disturbs no call", async (t) => {
  const broker = await fakeBroker(t);
  const client = clientFor(t, broker.url);
  const unhandled = [];
  const note = (error) => unhandled.push(error);
  process.on("unhandledRejection", note);
  t.after(() => process.off("unhandledRejection", note));
  const removeEventListener = () => {
    throw new Error("mine");
  };
  for (const more of [{}, { removeEventListener }]) {
    const signal = { aborted: false, addEventListener() {}, ...more };
    await client.start({ signal });
    await client.publish("a", "x", { qos: 1, signal });
    await client.subscribe("a", { signal });
    const loop = client.messages("a", { signal });
    await loop.return();
    await client.unsubscribe("a", { signal });
  }
  await pause(20);
  assert.deepEqual(unhandled, []);
});

test("a timeout that cannot be shown rejects", async (t) => {
  const { client } = await offline(t);
  const shows = () => {
    throw new Error("mine");
  };
  for (const timeout of [{ toString: shows }, { [Symbol.toPrimitive]: shows }, Object.create(null)]) {
    const error = await failure(client.publish("a", "x", { timeout }));
    assert.equal(error.code, "INVALID_OPTION");
  }
});

test("one in flight rejects, is completed, and its identifier is free again", async (t) => {
  let answers = false;
  const broker = await fakeBroker(
    t,
    scripts.accepts(({ cmd }) => cmd === "publish" && !answers),
  );
  const client = clientFor(t, { mqttserver: broker.url, maxinflight: 1 });
  await client.start();
  const { signal, abort } = controller();
  const sent = client.publish("a", "x", { qos: 1, signal });
  await until(() => topics(broker).length === 1, "PUBLISH");
  abort();
  assert.equal(await failure(sent), REASON);
  const next = client.publish("b", "x", { qos: 1 });
  await pause(30);
  assert.deepEqual(topics(broker), ["a"], "its place in the window is not free yet");
  answers = true;
  broker.connections[0].send({ cmd: "puback", messageId: 1 });
  await next;
});

test("a publish of the same turn is not withdrawn in place of one that has ended", async (t) => {
  const broker = await fakeBroker(t);
  const client = clientFor(t, broker.url);
  await client.start();
  const { signal, abort } = controller();
  const first = client.publish("first", "x", { signal });
  const second = client.publish("second", "x", { qos: 1 });
  abort();
  assert.equal(await failure(first), REASON);
  await second;
  assert.deepEqual(topics(broker), ["first", "second"]);
});

test("a message with a timeout rejects with TIMEOUT, and is withdrawn", async (t) => {
  const { client } = await offline(t);
  const late = await failure(client.publish("a", "x", { qos: 1, timeout: 0.03 }));
  assert.equal(late.code, "TIMEOUT");
  assert.equal(client.stats().queued, 0);
  for (const [timeout, code] of [
    [0, "OUT_OF_RANGE"],
    ["1", "INVALID_OPTION"],
  ])
    assert.equal((await failure(client.publish("a", "x", { timeout }))).code, code);
  const kept = client.publish("a", "x", { signal: undefined, timeout: undefined });
  assert.equal(client.stats().queued, 1);
  kept.catch(() => {});
});

test("subscribe and unsubscribe reject with the reason; what nobody else has asked for is unsubscribed", async (t) => {
  const broker = await fakeBroker(t, withholds("subscribe", "unsubscribe"));
  const client = clientFor(t, broker.url);
  await client.start();
  for (const method of ["subscribe", "unsubscribe"]) {
    const { signal, abort } = controller();
    const call = client[method]("a", { signal });
    await pause(10);
    abort();
    assert.equal(await failure(call), REASON);
  }
  const packets = () => broker.connections[0].packets.map(({ cmd }) => cmd);
  await until(() => packets().length === 4, "both UNSUBSCRIBEs");
  assert.deepEqual(packets(), ["connect", "subscribe", "unsubscribe", "unsubscribe"]);
});

test("a request and a loop reject with the reason, and the loop gives back what it has not come to", async (t) => {
  const broker = await fakeBroker(t);
  const client = clientFor(t, { mqttserver: broker.url, mqttversion: 5 });
  await client.start();
  const asked = controller();
  const response = client.request("a", "x", { signal: asked.signal, timeout: 5 });
  await until(() => topics(broker).length === 1, "the request");
  asked.abort();
  assert.equal(await failure(response), REASON);
  const looped = controller();
  const loop = client.messages("b", { signal: looped.signal });
  const next = loop.next();
  looped.abort();
  assert.equal(await failure(next), REASON);
  assert.deepEqual(await loop.next(), { done: true, value: undefined });
});

test("a loop with a wrong signal throws, and takes no message", async (t) => {
  const broker = await fakeBroker(t);
  const client = clientFor(t, { mqttserver: broker.url, maxunhandled: 2 });
  await client.start();
  for (const filter of ["a/#", undefined])
    assert.throws(() => client.messages(filter, { signal: 5 }), {
      code: "INVALID_OPTION",
      message: /AbortSignal/,
    });
  const texts = [];
  client.on_message = (_client, _userdata, message) => texts.push(message.text());
  for (let number = 1; number <= 4; number++)
    broker.connections[0].send({
      cmd: "publish",
      topic: "a/b",
      payload: `${number}`,
      qos: 1,
      messageId: number,
    });
  await until(() => texts.length === 4, "all messages");
  assert.equal(client.stats().unhandled, 0);
});

test("start({ timeout }) waits over failed attempts, and rejects with TIMEOUT while they go on", async (t) => {
  const { client, port } = await offline(t);
  assert.equal((await failure(client.start())).code, "CONNECTION_REFUSED");
  const late = await failure(client.start({ timeout: 0.2 }));
  assert.equal(late.code, "TIMEOUT");
  assert.match(late.message, /^it took longer than timeout, 0\.2 s: cannot connect to /);
  const started = client.start({ timeout: 20 });
  const broker = await fakeBroker(t, undefined, { port });
  await started;
  assert.equal(broker.connections.length, 1);
  await client.start({ signal: controller().signal });
});

test("start({ signal }) rejects with the reason, or when the client is stopped", async (t) => {
  const { client } = await offline(t);
  const { signal, abort } = controller();
  const started = client.start({ signal });
  setTimeout(abort, 50);
  assert.equal(await failure(started), REASON);
  const odd = new AbortController();
  const refused = client.start({ signal: odd.signal });
  setTimeout(() => odd.abort(null), 50);
  assert.equal(await refused.catch((reason) => reason), null);
  const again = client.start({ timeout: 20 });
  await pause(50);
  await client.stop();
  assert.ok((await failure(again)).code);
});

test("with reconnect: false a failed attempt, and the loss of a connection, is the end", async (t) => {
  const { client } = await offline(t, { reconnect: false });
  const message = client.publish("a", "x");
  assert.equal((await failure(client.start({ timeout: 20 }))).code, "CONNECTION_REFUSED");
  assert.equal((await failure(message)).code, "CONNECTION_REFUSED");
  assert.equal(client.state, "stopped");
  const broker = await fakeBroker(t);
  const lost = clientFor(t, { mqttserver: broker.url, reconnect: false });
  let closed = 0;
  lost.addEventListener("close", () => {
    closed += 1;
  });
  await lost.start();
  broker.connections[0].reset();
  await until(() => closed === 1, "close");
  assert.equal(lost.state, "stopped");
  await lost.start();
  assert.equal(broker.connections.length, 2);
});

/** As a compiler writes it for engines without the syntax: an ES2022 module. */
const USING = `export async function run(make) {
  const seen = [];
  {
    await using client = make();
    await client.start();
    seen.push([client, client.state]);
  }
  {
    using added = seen[0][0].addHandler("a", () => {});
    seen.push(added);
  }
  return seen;
}`;

test("the end of a block with `await using` is stop(), that of one with `using` removes a handler", async (t) => {
  const { transform } = await import("esbuild");
  const { code } = await transform(USING, { format: "esm", target: "es2022" });
  assert.doesNotMatch(code, /await using/);
  const { run } = await import(`data:text/javascript,${encodeURIComponent(code)}`);
  const broker = await fakeBroker(t);
  const [[client, state], added] = await run(() => clientFor(t, broker.url));
  assert.deepEqual([state, client.state, added.filter], ["connected", "stopped", "a"]);
  assert.equal(broker.connections[0].packets.at(-1).cmd, "disconnect");
  await client.start();
  await client.publish("a", "x", { qos: 1 });
  assert.deepEqual(
    broker.connections[1].packets.filter(({ cmd }) => cmd === "subscribe"),
    [],
    "the handler is gone",
  );
});
