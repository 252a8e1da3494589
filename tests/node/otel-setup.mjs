// What the tests of mqtt-lib/otel share: a mosquitto, the SDK with its in-memory exporter, instrumented clients.

import assert from "node:assert/strict";
import { after, afterEach, before } from "node:test";
import { context, propagation, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { W3CTraceContextPropagator } from "@opentelemetry/core";
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from "@opentelemetry/sdk-trace-base";
import { instrument } from "mqtt-lib/otel";
import { startMosquitto } from "../support/mosquitto.mjs";
import { clientFor, until } from "./helpers.mjs";

export const exporter = new InMemorySpanExporter();
export const tracers = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
/** Started before the first test. @type {any} */
export let mosquitto;

before(async () => {
  trace.setGlobalTracerProvider(tracers);
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  mosquitto = await startMosquitto();
});

afterEach(() => exporter.reset());

after(() => mosquitto?.stop());

/** An instrumented client. */
export function tracedClient(t, options, credentials = {}) {
  const client = clientFor(t, { mqttserver: mosquitto.url, mqttversion: 5, ...credentials });
  client.instrumentation = instrument(client, options);
  return client;
}

/** Resolves with the finished spans, by name, once there are so many. */
export async function spans(count) {
  await until(() => exporter.getFinishedSpans().length >= count, `${count} spans`);
  const all = exporter.getFinishedSpans();
  assert.equal(all.length, count, all.map(({ name }) => name).join(", "));
  return all;
}

export const idOf = (span) => span.spanContext().spanId;
export const traceOf = (span) => span.spanContext().traceId;
