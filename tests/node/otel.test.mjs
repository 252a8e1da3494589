// mqtt-lib/otel: spans, trace context in MQTT 5 user properties, and metrics, read back from the SDK's in-memory exporters.

import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { context, metrics, propagation, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { W3CTraceContextPropagator } from "@opentelemetry/core";
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from "@opentelemetry/sdk-trace-base";
import { instrument, messageContext } from "mqtt-lib/otel";
import { json, topic as typedTopic } from "mqtt-lib/topics";
import { startMosquitto } from "../support/mosquitto.mjs";
import { clientFor, failure, freshTopic, thrown, until } from "./helpers.mjs";

const exporter = new InMemorySpanExporter();
const tracers = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
let mosquitto;

before(async () => {
  trace.setGlobalTracerProvider(tracers);
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  mosquitto = await startMosquitto();
});

afterEach(() => exporter.reset());

after(() => mosquitto?.stop());

/** An instrumented client. */
function tracedClient(t, options, credentials = {}) {
  const client = clientFor(t, { mqttserver: mosquitto.url, mqttversion: 5, ...credentials });
  client.instrumentation = instrument(client, options);
  return client;
}

/** Resolves with the finished spans, by name, once there are so many. */
async function spans(count) {
  await until(() => exporter.getFinishedSpans().length >= count, `${count} spans`);
  const all = exporter.getFinishedSpans();
  assert.equal(all.length, count, all.map(({ name }) => name).join(", "));
  return all;
}

const idOf = (span) => span.spanContext().spanId;
const traceOf = (span) => span.spanContext().traceId;

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

test("in 3.1.1 what is published and stopped in one turn arrives", async (t) => {
  const topic = freshTopic("otel");
  const watcher = clientFor(t, { mqttserver: mosquitto.url });
  const seen = [];
  await watcher.subscribe(topic, (_client, _userdata, message) => seen.push(message.text()));
  const client = tracedClient(t, {}, { mqttversion: 4 });
  client.publish(topic, "1", { qos: 1 });
  client.qpublish(topic, "2", { qos: 1 });
  await client.stop();
  await until(() => seen.length === 2, "two messages");
  assert.deepEqual(seen, ["1", "2"]);
});

test("typed topics have one span for a call, and one for a message", async (t) => {
  const base = freshTopic("otel");
  const typed = typedTopic(`${base}/{id}`, json());
  const client = tracedClient(t);
  const values = [];
  await client.subscribe(typed, { qos: 1 }, (_client, _userdata, message) => values.push(message.value));
  await client.publish(typed, { n: 1 }, { qos: 1, params: { id: "7" } });
  await until(() => values.length === 1, "a message");
  assert.deepEqual((await spans(2)).map(({ name }) => name).sort(), [
    `process ${base}/{id}`,
    `publish ${base}/{id}`,
  ]);
});

test("without propagate the message of MQTT 5 is as it was given", async (t) => {
  const topic = freshTopic("otel");
  const client = tracedClient(t, { propagate: false });
  const seen = [];
  await client.subscribe(topic, (_client, _userdata, message) => seen.push(message));
  await client.publish(topic, "x", { qos: 1 });
  await until(() => seen.length === 1, "a message");
  assert.equal(seen[0].properties?.userProperties, undefined);
});

test("items of a batch stay one message", async (t) => {
  const topic = freshTopic("otel");
  const client = tracedClient(t, undefined, { batchsize: 3 });
  const seen = [];
  await client.subscribe(topic, (_client, _userdata, message) => seen.push(message.json()));
  await Promise.all([1, 2].map((n) => client.batch_publish(topic, n)).concat(client.batchPublish(topic, 3)));
  await until(() => seen.length === 1, "a message");
  assert.deepEqual(seen, [[1, 2, 3]]);
  assert.equal((await spans(4)).filter(({ kind }) => kind === SpanKind.CLIENT).length, 3);
});

test("without a registered propagator it is W3C Trace Context all the same", async (t) => {
  propagation.disable();
  t.after(() => propagation.setGlobalPropagator(new W3CTraceContextPropagator()));
  const topic = freshTopic("otel");
  const client = tracedClient(t);
  const seen = [];
  await client.subscribe(topic, (_client, _userdata, message) => seen.push(message));
  await client.publish(topic, "x", { qos: 1 });
  const [sent, processed] = (await spans(2)).toSorted((a, b) => a.kind - b.kind);
  assert.equal(processed.parentSpanContext.spanId, idOf(sent));
  assert.equal(seen[0].properties.userProperties.traceparent, `00-${traceOf(sent)}-${idOf(sent)}-01`);
  const given = {
    traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    tracestate: "a=1,b=2",
  };
  const read = trace.getSpanContext(messageContext({ properties: { userProperties: given } }));
  assert.equal(read.traceId, "0af7651916cd43dd8448eb211c80319c");
  assert.equal(read.traceState.get("b"), "2");
  for (const traceparent of [
    "00-00000000000000000000000000000000-b7ad6b7169203331-01",
    "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
    "nonsense",
    ["00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"],
  ]) {
    const wrong = messageContext({ properties: { userProperties: { traceparent } } });
    assert.equal(trace.getSpanContext(wrong), undefined, String(traceparent));
  }
});

test("the same handler twice is one, a second instrument() replaces the first, and remove() undoes all", async (t) => {
  const topic = freshTopic("otel");
  const client = tracedClient(t);
  const own = Object.getPrototypeOf(client).publish;
  const calls = [];
  const handler = (_client, _userdata, message) => calls.push(message.text());
  await client.subscribe(`${topic}/+`, handler);
  await client.subscribe([`${topic}/+`, `${topic}/b`], { qos: 1 }, handler);
  await client.publish(`${topic}/a`, "1", { qos: 1 });
  await until(() => calls.length > 0, "a call");
  client.on_message = handler;
  const second = instrument(client);
  assert.deepEqual(Object.keys(client), ["errors", "instrumentation"]);
  exporter.reset();
  await client.publish(`${topic}/c`, "2", { qos: 1 });
  assert.equal((await spans(2)).length, 2);
  assert.deepEqual(calls, ["1", "2"]);
  second.remove();
  assert.equal(client.publish, own);
  assert.equal(client.on_message, handler);
  exporter.reset();
  await client.publish(`${topic}/nobody`, "3", { qos: 1 });
  assert.ok(exporter.getFinishedSpans().every(({ kind }) => kind !== SpanKind.PRODUCER));
});

test("metrics are those of the conventions, and the counters of stats()", async (t) => {
  const topic = freshTopic("otel");
  const store = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter: store, exportIntervalMillis: 3_600_000 });
  const provider = new MeterProvider({ readers: [reader] });
  t.after(() => provider.shutdown());
  const client = tracedClient(t, {
    meter: provider.getMeter("test"),
    template: (name) => name.replace(/\d+$/, "{id}"),
  });
  const handled = [];
  await client.subscribe(`${topic}/#`, { qos: 1 }, async (_client, _userdata, message) => {
    handled.push(message);
    if (message.text() === "bad") throw new Error("no");
  });
  for (const n of [1, 2, 3]) await client.publish(`${topic}/${n}`, n === 3 ? "bad" : "good", { qos: 1 });
  await until(() => handled.length === 3, "three messages");
  await new Promise(setImmediate);
  await provider.forceFlush();
  const all = new Map(
    store
      .getMetrics()
      .at(-1)
      .scopeMetrics[0].metrics.map(({ descriptor, dataPoints }) => [
        descriptor.name,
        { descriptor, dataPoints },
      ]),
  );
  const values = (name) => all.get(name).dataPoints.map(({ value }) => value.count ?? value);
  assert.deepEqual(values("messaging.client.operation.duration"), [3]);
  assert.deepEqual(values("messaging.client.sent.messages"), [3]);
  assert.deepEqual(values("messaging.client.consumed.messages"), [2, 1]);
  assert.deepEqual(values("messaging.process.duration"), [2, 1]);
  assert.deepEqual(values("mqtt.client.connected"), [1]);
  assert.deepEqual(values("mqtt.client.reconnects"), [0]);
  assert.deepEqual(values("mqtt.client.sent"), [client.stats().bytesSent]);
  assert.equal(all.get("messaging.process.duration").descriptor.unit, "s");
  assert.deepEqual(all.get("messaging.process.duration").dataPoints[1].attributes, {
    "messaging.system": "mqtt",
    "network.protocol.name": "mqtt",
    "network.protocol.version": "5.0",
    "messaging.operation.name": "process",
    "messaging.operation.type": "process",
    "messaging.destination.template": `${topic}/{id}`,
    "error.type": "Error",
  });
  const { attributes } = all.get("messaging.client.sent.messages").dataPoints[0];
  assert.equal(attributes["messaging.destination.template"], `${topic}/{id}`);
  let observed = 0;
  const { stats } = client;
  client.stats = () => {
    observed += 1;
    return stats.call(client);
  };
  await provider.forceFlush();
  client.instrumentation.remove();
  await provider.forceFlush();
  assert.equal(observed, 1, "after remove() the client is not observed any more");
});

test("a template that throws disturbs no publish", async (t) => {
  const client = tracedClient(t, {
    template() {
      throw new Error("no");
    },
  });
  const topic = freshTopic("otel");
  await client.publish(topic, "x", { qos: 1 });
  assert.equal((await spans(1))[0].name, `publish ${topic}`);
});

test("without any SDK nothing changes", async (t) => {
  trace.disable();
  metrics.disable();
  t.after(() => trace.setGlobalTracerProvider(tracers));
  const topic = freshTopic("otel");
  const client = tracedClient(t);
  const seen = [];
  await client.subscribe(topic, (_client, _userdata, message) => seen.push(message));
  await client.publish(topic, "x", { qos: 1 });
  await until(() => seen.length === 1, "a message");
  assert.equal(seen[0].properties?.userProperties, undefined);
});

test("wrong arguments are named", (t) => {
  const client = tracedClient(t);
  const sentence = (...all) => thrown(() => instrument(...all)).message;
  assert.match(sentence({}), /must be a client/);
  assert.match(sentence(client, { trace: 1 }), /unknown option "trace"; known are tracer, meter/);
  assert.match(sentence(client, { tracer: {} }), /tracer must be a Tracer/);
  assert.match(sentence(client, { meter: 1 }), /meter must be a Meter/);
  assert.match(sentence(client, { template: "a" }), /template must be a function/);
});
