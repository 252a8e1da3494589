// mqtt-lib/otel: one trace from a page through mosquitto to a worker in Node and back.

import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { launch } from "../support/kills.mjs";
import { setUp } from "./support/contexts.mjs";

const WORKER = fileURLToPath(new URL("../support/trace-worker.mjs", import.meta.url));
/** What a page has of OpenTelemetry, as one script. */
const SDK = `
  export { context, ROOT_CONTEXT, trace } from "@opentelemetry/api";
  export { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-base";
  export { instrument } from "mqtt-lib/otel";
`;

test("a click in a page, a job in a worker and its answer in the page are one trace", async (t) => {
  const { page, run, topic, broker } = await setUp(t, "page");
  const bundle = await build({
    stdin: { contents: SDK, resolveDir: fileURLToPath(new URL("../..", import.meta.url)) },
    bundle: true,
    format: "iife",
    globalName: "sdk",
    platform: "browser",
    write: false,
  });
  await page.addScriptTag({ content: bundle.outputFiles[0].text });
  const worker = launch(WORKER, [broker.url, topic]);
  await worker.prints("ready");
  const inPage = await run(async ({ url, topic }) => {
    const { MqttCustom } = await import("/dist/browser.mjs");
    const { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } = globalThis.sdk;
    const { context, instrument, ROOT_CONTEXT, trace } = globalThis.sdk;
    const exporter = new InMemorySpanExporter();
    trace.setGlobalTracerProvider(
      new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }),
    );
    // What the SDK for pages has as its default: no more than the stack.
    let active = ROOT_CONTEXT;
    context.setGlobalContextManager({
      active: () => active,
      with(next, work, self, ...all) {
        const previous = active;
        active = next;
        try {
          return work.call(self, ...all);
        } finally {
          active = previous;
        }
      },
    });
    const client = new MqttCustom({ credentials: { mqttserver: url, mqttversion: 5 } });
    instrument(client);
    const answered = new Promise((resolve) => {
      client.subscribe(`${topic}/done`, { qos: 1 }, (_client, _userdata, message) => resolve(message));
    });
    await client.start();
    const click = trace.getTracer("page").startSpan("click");
    await context.with(trace.setSpan(context.active(), click), () =>
      client.publish(`${topic}/jobs`, "1", { qos: 1 }),
    );
    click.end();
    await answered;
    await client.stop();
    return exporter.getFinishedSpans().map((span) => ({
      name: span.name,
      trace: span.spanContext().traceId,
      id: span.spanContext().spanId,
      parent: span.parentSpanContext?.spanId,
    }));
  });
  await worker.prints("spans ");
  await worker.ended;
  const inWorker = JSON.parse(/^spans (.*)$/m.exec(worker.output)[1]);
  const all = new Map([...inPage, ...inWorker].map((span) => [span.name, span]));
  assert.deepEqual(inPage.map(({ name }) => name).sort(), [
    "click",
    `process ${topic}/done`,
    `publish ${topic}/jobs`,
  ]);
  assert.deepEqual(inWorker.map(({ name }) => name).sort(), [
    `process ${topic}/jobs`,
    `publish ${topic}/done`,
    "query",
  ]);
  assert.equal(new Set([...all.values()].map((span) => span.trace)).size, 1, "one trace");
  const chain = [
    "click",
    `publish ${topic}/jobs`,
    `process ${topic}/jobs`,
    `publish ${topic}/done`,
    `process ${topic}/done`,
  ];
  for (const [at, name] of chain.entries())
    assert.equal(all.get(name).parent, at === 0 ? undefined : all.get(chain[at - 1]).id, name);
  assert.equal(all.get("query").parent, all.get(`process ${topic}/jobs`).id);
});
