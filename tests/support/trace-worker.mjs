// A worker process for the test of mqtt-lib/otel in a page: handles one job, answers it, and prints its spans as JSON.
// Its arguments: the broker's URL and the base of the topics.

import { context, propagation, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { W3CTraceContextPropagator } from "@opentelemetry/core";
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from "@opentelemetry/sdk-trace-base";
import { MqttCustom } from "mqtt-lib";
import { instrument } from "mqtt-lib/otel";

const [mqttserver, base] = process.argv.slice(2);
const exporter = new InMemorySpanExporter();
const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
trace.setGlobalTracerProvider(provider);
context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
propagation.setGlobalPropagator(new W3CTraceContextPropagator());

const client = new MqttCustom({ credentials: { mqttserver, mqttversion: 5 } });
instrument(client);
const answered = new Promise((resolve) => {
  client.subscribe(`${base}/jobs`, { qos: 1 }, async (client, _userdata, message) => {
    await new Promise((later) => setTimeout(later, 5));
    const query = trace.getTracer("worker").startSpan("query");
    query.end();
    await client.publish(`${base}/done`, message.payload, { qos: 1 });
    resolve();
  });
});
await client.start();
console.log("ready");
await answered;
await client.stop();
const spans = exporter.getFinishedSpans().map((span) => ({
  name: span.name,
  trace: span.spanContext().traceId,
  id: span.spanContext().spanId,
  parent: span.parentSpanContext?.spanId,
}));
console.log(`spans ${JSON.stringify(spans)}`);
