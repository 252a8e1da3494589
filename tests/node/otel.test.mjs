// mqtt-lib/otel: spans and trace context in MQTT 5 user properties, read back from the SDK's in-memory exporter.

import assert from "node:assert/strict";
import { test } from "node:test";
import { context, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import { instrument, messageContext } from "mqtt-lib/otel";
import { clientFor, failure, freshTopic, until } from "./helpers.mjs";
import { exporter, idOf, mosquitto, spans, tracedClient, traceOf, tracers } from "./otel-setup.mjs";

test("a message is two spans of one trace, with the names and attributes of the conventions", async (t) => {
  const topic = freshTopic("otel");
  const client = tracedClient(t, { attributes: { "messaging.client.id": "me" } });
  let active;
  let within;
  const handled = new Promise((resolve) => {
    client.subscribe(`${topic}/+`, { qos: 1 }, (_client, _userdata, message) => {
      active = trace.getActiveSpan();
      within = trace.getSpan(messageContext(message));
      resolve(message);
    });
  });
  await client.publish(`${topic}/a`, "grün", { qos: 1, properties: { userProperties: { mine: "kept" } } });
  const message = await handled;
  const [sent, processed] = (await spans(2)).toSorted((a, b) => a.kind - b.kind);
  const common = {
    "messaging.system": "mqtt",
    "network.protocol.name": "mqtt",
    "network.protocol.version": "5.0",
    "messaging.client.id": "me",
    "messaging.destination.name": `${topic}/a`,
    "messaging.message.body.size": 5,
    "mqtt.qos": 1,
  };
  assert.equal(sent.name, `publish ${topic}/a`);
  assert.equal(sent.kind, SpanKind.PRODUCER);
  assert.deepEqual(
    { ...sent.attributes },
    { ...common, "messaging.operation.name": "publish", "messaging.operation.type": "send" },
  );
  assert.equal(processed.name, `process ${topic}/+`);
  assert.equal(processed.kind, SpanKind.CONSUMER);
  assert.deepEqual(
    { ...processed.attributes },
    {
      ...common,
      "messaging.operation.name": "process",
      "messaging.operation.type": "process",
      "messaging.destination.template": `${topic}/+`,
    },
  );
  assert.equal(processed.parentSpanContext.spanId, idOf(sent));
  assert.deepEqual(
    processed.links.map((link) => link.context.spanId),
    [idOf(sent)],
  );
  assert.equal(traceOf(processed), traceOf(sent));
  assert.equal(idOf(active), idOf(processed));
  assert.equal(idOf(within), idOf(processed));
  assert.equal(message.properties.userProperties.mine, "kept");
  assert.equal(message.properties.userProperties.traceparent, `00-${traceOf(sent)}-${idOf(sent)}-01`);
});

test("what a handler publishes belongs to its message, and its span ends with its promise", async (t) => {
  const topic = freshTopic("otel");
  const client = tracedClient(t);
  client.subscribe(`${topic}/in`, { qos: 1 }, async (client) => {
    await new Promise((resolve) => setTimeout(resolve, 5));
    await client.publish(`${topic}/out`, "x", { qos: 1 });
  });
  await client.publish(`${topic}/in`, "x", { qos: 1 });
  const all = await spans(3);
  const by = (name) => all.find((span) => span.name === `${name}`);
  const processed = by(`process ${topic}/in`);
  assert.equal(by(`publish ${topic}/out`).parentSpanContext.spanId, idOf(processed));
  assert.equal(all.at(-1), processed);
  assert.equal(new Set(all.map(traceOf)).size, 1);
});

test("a handler that fails and a publish that is refused are errors, and a dead letter stays in the trace", async (t) => {
  const topic = freshTopic("otel");
  const client = tracedClient(t);
  const options = { qos: 1, deadLetter: `${topic}/dead` };
  await client.subscribe(topic, options, async () => {
    throw Object.assign(new Error("no"), { code: "MINE" });
  });
  await client.publish(topic, "x", { qos: 1 });
  const all = await spans(3);
  const processed = all.find(({ name }) => name === `process ${topic}`);
  assert.equal(processed.status.code, SpanStatusCode.ERROR);
  assert.equal(processed.status.message, "no");
  assert.equal(processed.attributes["error.type"], "MINE");
  assert.equal(processed.events[0].name, "exception");
  assert.equal(new Set(all.map(traceOf)).size, 1);
  assert.deepEqual(
    client.errors.map(({ code }) => code),
    ["CALLBACK_FAILED"],
  );
  exporter.reset();
  await failure(client.publish("a/#", "x"));
  const [refused] = await spans(1);
  assert.equal(refused.attributes["error.type"], "INVALID_TOPIC");
  exporter.reset();
  await failure(client.publish("a", "x", { signal: AbortSignal.abort() }));
  const [aborted] = await spans(1);
  assert.equal(aborted.attributes["error.type"], "AbortError");
});

test("on_message, listeners, addHandler and loops have spans, and snapshot has none", async (t) => {
  const topic = freshTopic("otel");
  const client = clientFor(
    t,
    { mqttserver: mosquitto.url, mqttversion: 5 },
    { on_message: (...all) => seen.push(all[2].text()) },
  );
  const given = client.on_message;
  instrument(client);
  const seen = [];
  assert.equal(client.on_message, given);
  const listener = {
    handleEvent({ message }) {
      seen.push(`event ${message.text()}`);
    },
  };
  client.addEventListener("message", listener);
  await client.subscribe(`${topic}/a`, { qos: 1 });
  const added = client.addHandler(`${topic}/b`, () => seen.push("added"), { qos: 1 });
  const loop = client.messages(`${topic}/c`);
  await client.subscribe(`${topic}/c`, { qos: 1 }, () => {});
  await added.ready;
  await client.publish(`${topic}/a`, "1", { qos: 1 });
  await client.publish(`${topic}/b`, "2", { qos: 1 });
  await client.publish(`${topic}/c`, "3", { qos: 1 });
  const { value } = await loop.next();
  assert.equal(value.text(), "3");
  const inside = trace.getSpanContext(messageContext(value)).spanId;
  const open = await spans(7);
  assert.ok(open.every((span) => idOf(span) !== inside));
  await loop.return();
  const all = await spans(8);
  assert.equal(idOf(all.at(-1)), inside);
  assert.deepEqual(all.map(({ name }) => name.split(" ")[0] + name.slice(-2)).sort(), [
    "process/a",
    "process/a",
    "process/b",
    "process/c",
    "process/c",
    "publish/a",
    "publish/b",
    "publish/c",
  ]);
  await until(() => seen.length === 3, "three calls");
  assert.deepEqual(seen.sort(), ["1", "added", "event 1"]);
  client.removeEventListener("message", listener);
  exporter.reset();
  await client.publish(`${topic}/a`, "kept", { retain: true, qos: 1 });
  await until(() => seen.length === 4, "a call of on_message alone");
  exporter.reset();
  assert.equal((await client.snapshot(`${topic}/a`, { quiet: 0.1 })).size, 1);
  assert.ok(exporter.getFinishedSpans().length <= 1, "only on_message may see it");
});

test("request and respond are one trace", async (t) => {
  const topic = freshTopic("otel");
  const client = tracedClient(t);
  const answer = async (message) => `${message.text()}!`;
  await client.respond(topic, answer);
  await client.respond(topic, answer);
  const outer = tracers.getTracer("test").startSpan("outer");
  const response = await context.with(trace.setSpan(context.active(), outer), () =>
    client.request(topic, "hello"),
  );
  outer.end();
  assert.equal(response.text(), "hello!");
  const all = await spans(5);
  assert.equal(new Set(all.map(traceOf)).size, 1);
  assert.deepEqual(all.map(({ name }) => name).sort(), [
    "outer",
    "process mqttlib/response/{id}",
    `process ${topic}`,
    "publish mqttlib/response/{id}",
    `publish ${topic}`,
  ]);
});

for (const propagate of [true, false]) {
  test(`in 3.1.1 calls made before the connection are as without it (propagate: ${propagate})`, async (t) => {
    const topic = freshTopic("otel");
    const client = tracedClient(t, { propagate }, { mqttversion: 4 });
    const seen = [];
    client.subscribe(`${topic}/#`, { qos: 1 }, (_client, _userdata, message) => seen.push(message));
    const calls = [1, 2, 3].map((n) => client.publish(`${topic}/a`, n, { qos: 1 }));
    calls.push(client.qpublish(`${topic}/a`, 4, { qos: 1 }), client.flush());
    await Promise.all(calls);
    await client.publish(`${topic}/a`, 5, { qos: 1 });
    await until(() => seen.length === 5, "five messages");
    assert.deepEqual(
      seen.map((message) => message.text()),
      ["1", "2", "3", "4", "5"],
    );
    assert.equal(seen[0].properties, undefined);
    const kinds = (await spans(10)).map(({ kind }) => kind);
    assert.equal(kinds.filter((kind) => kind === SpanKind.CONSUMER).length, 5);
    assert.deepEqual(client.errors, []);
  });
}
