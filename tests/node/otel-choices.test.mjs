// mqtt-lib/otel: its choices and bounds, metrics, and what goes wrong.

import assert from "node:assert/strict";
import { test } from "node:test";
import { metrics, propagation, SpanKind, trace } from "@opentelemetry/api";
import { W3CTraceContextPropagator } from "@opentelemetry/core";
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import { BasicTracerProvider } from "@opentelemetry/sdk-trace-base";
import { instrument, messageContext } from "mqtt-lib/otel";
import { json, topic as typedTopic } from "mqtt-lib/topics";
import { clientFor, freshTopic, thrown, until } from "./helpers.mjs";
import { exporter, idOf, mosquitto, spans, tracedClient, traceOf, tracers } from "./otel-setup.mjs";

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

for (const where of ["onStart", "onEnd"]) {
  test(`a span processor whose ${where} throws loses no message and fails no publish`, async (t) => {
    const quiet = { onStart() {}, onEnd() {}, forceFlush: async () => {}, shutdown: async () => {} };
    const boom = () => {
      throw new Error("boom");
    };
    const provider = new BasicTracerProvider({ spanProcessors: [{ ...quiet, [where]: boom }] });
    const topic = freshTopic("otel");
    const client = tracedClient(t, { tracer: provider.getTracer("throws") });
    const handled = [];
    const heard = [];
    client.addEventListener("message", ({ message }) => heard.push(message.text()));
    const loop = client.messages(`${topic}/loop`);
    await client.subscribe(`${topic}/loop`, { qos: 1 });
    await client.subscribe(topic, { qos: 1 }, (_client, _userdata, message) => handled.push(message.text()));
    const outside = clientFor(t, { mqttserver: mosquitto.url });
    for (const one of [client, outside])
      for (const qos of [0, 1, 2]) await one.publish(topic, `${qos}`, { qos });
    client.publish(`${topic}/loop`, "looped", { qos: 1 });
    assert.equal((await loop.next()).value.text(), "looped");
    await loop.return();
    await until(() => handled.length === 6, "six messages");
    assert.deepEqual(heard, ["looped"]);
    assert.deepEqual(client.errors, []);
    await client.stop();
  });
}

test("a propagator that throws loses no message and fails no publish", async (t) => {
  const boom = () => {
    throw new Error("boom");
  };
  propagation.disable();
  propagation.setGlobalPropagator({ inject: boom, extract: boom, fields: () => [] });
  t.after(() => {
    propagation.disable();
    propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  });
  const topic = freshTopic("otel");
  const client = tracedClient(t);
  const handled = [];
  await client.subscribe(topic, { qos: 1 }, (_client, _userdata, message) => handled.push(message.text()));
  await client.publish(topic, "x", { qos: 1 });
  await client.publish(topic, "y", { qos: 1, properties: { userProperties: { traceparent: "00-1" } } });
  await until(() => handled.length === 2, "two messages");
  assert.deepEqual(client.errors, []);
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
  assert.match(sentence(client, 5), /options must be an object; a number was given/);
  assert.match(sentence(client, { trace: 1 }), /unknown option "trace"; known are tracer, meter/);
  assert.match(sentence(client, []), /options must be an object; an array was given/);
  assert.match(sentence(client, { attributes: 5 }), /attributes must be an object; a number was given/);
  assert.match(sentence(client, { propagate: "no" }), /propagate must be true or false; a string was given/);
  assert.match(sentence(client, { tracer: {} }), /tracer must be a Tracer/);
  assert.match(sentence(client, { meter: 1 }), /meter must be a Meter/);
  assert.match(sentence(client, { template: "a" }), /template must be a function/);
});
