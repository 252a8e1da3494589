// The example examples/service as real processes against mosquitto: probes, metrics, logs, traces, SIGTERM, and two that share
// the jobs. Traces go to an OTLP endpoint of the test.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { startMosquitto } from "../support/mosquitto.mjs";
import { freePort } from "../support/ports.mjs";
import { clientFor, until } from "./helpers.mjs";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const TRACE = "0af7651916cd43dd8448eb211c80319c";
let folder;

before(() => {
  mkdirSync(join(ROOT, "target"), { recursive: true });
  // Within the project and without a package.json, so that "mqtt-lib" is the one that is built here.
  folder = mkdtempSync(join(ROOT, "target", "service-"));
  const isCode = (path) => !path.endsWith("package.json");
  cpSync(join(ROOT, "examples", "service"), folder, { recursive: true, filter: isCode });
});

after(() => rmSync(folder, { recursive: true, force: true }));

/** An OTLP endpoint over HTTP; `spans` are those that it has received. */
async function collector(t) {
  const spans = [];
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    for (const { resource, scopeSpans } of JSON.parse(body).resourceSpans)
      for (const scope of scopeSpans) spans.push(...scope.spans.map((span) => ({ ...span, resource })));
    response.setHeader("Content-Type", "application/json").end("{}");
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.close());
  return { spans, url: `http://127.0.0.1:${server.address().port}` };
}

async function startService(t, { url, name, otlp }) {
  const port = await freePort();
  const child = spawn(process.execPath, [join(folder, "service.mjs")], {
    env: {
      ...process.env,
      MQTT_URL: url,
      POD_NAME: name,
      PORT: `${port}`,
      OTEL_EXPORTER_OTLP_ENDPOINT: otlp,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  t.after(() => child.kill("SIGKILL"));
  let output = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text) => {
    output += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text) => {
    stderr += text;
  });
  const ended = new Promise((resolve) => child.once("close", (code, signal) => resolve({ code, signal })));
  const get = async (path) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`).catch(() => undefined);
    return response && { status: response.status, text: await response.text() };
  };
  return {
    child,
    ended,
    get,
    stderr: () => stderr,
    logs: () =>
      output
        .split("\n")
        .filter(Boolean)
        .map((line) => JSON.parse(line)),
    answers: (path, status) =>
      until(async () => (await get(path))?.status === status, `${status} of ${path}; ${output}${stderr}`),
  };
}

test("probes, metrics, logs and traces of a service that was there before its broker", async (t) => {
  const { spans, url: otlp } = await collector(t);
  const port = await freePort();
  const service = await startService(t, { url: `mqtt://127.0.0.1:${port}`, name: "worker-0", otlp });
  await service.answers("/healthz", 200);
  assert.equal((await service.get("/readyz")).status, 503);
  assert.equal((await service.get("/other")).status, 404);
  const broker = await startMosquitto({ port });
  t.after(() => broker.stop());
  await service.answers("/readyz", 200);

  const results = [];
  const client = clientFor(t, { mqttserver: broker.url, mqttversion: 5 });
  await client.subscribe(["results/+", "jobs-dead"], { qos: 1 }, (_client, _userdata, message) =>
    results.push(message),
  );
  const properties = { userProperties: { traceparent: `00-${TRACE}-b7ad6b7169203331-01` } };
  await client.publish("jobs/paint", JSON.stringify({ id: "a", ms: 5 }), { qos: 1, properties });
  await client.publish("jobs/paint", "no JSON", { qos: 1 });
  await until(() => results.length === 2, "a result and a dead letter");
  const [result, dead] = results.toSorted((a, b) => b.topic.localeCompare(a.topic));
  assert.deepEqual(result.json(), { id: "a", by: "worker-0" });
  assert.equal(result.properties.userProperties.traceparent.split("-")[1], TRACE);
  assert.equal(dead.text(), "no JSON");
  assert.equal(dead.properties.userProperties.deadLetterTopic, "jobs/paint");

  const { text } = await service.get("/metrics");
  const metric = (pattern) => Number(new RegExp(`^${pattern} (\\S+)`, "m").exec(text)?.[1]);
  assert.equal(metric("mqtt_client_connected\\{.*\\}"), 1);
  assert.ok(metric("messaging_client_consumed_messages_total\\{.*error_type=.*\\}") >= 3, text);
  assert.match(text, /messaging_process_duration_bucket\{.*messaging_destination_template=/);

  const done = service.logs().find(({ message }) => message === "job done");
  assert.equal(done.level, "info");
  assert.equal(done.trace_id, TRACE);
  assert.ok(service.logs().some(({ level, code }) => level === "error" && code === "CALLBACK_FAILED"));

  service.child.kill("SIGTERM");
  assert.deepEqual(await service.ended, { code: 0, signal: null });
  const own = spans.filter(({ traceId }) => traceId === TRACE);
  assert.deepEqual(own.map(({ name }) => name).sort(), ["process jobs/+", "publish results/a"]);
  assert.equal(own.find(({ kind }) => kind === 5).parentSpanId, "b7ad6b7169203331");
  assert.equal(
    own[0].resource.attributes.find(({ key }) => key === "service.name").value.stringValue,
    "jobs",
  );
  assert.equal(service.stderr(), "");
});

test("a broker that goes away makes it unready and not dead, and it comes back by itself", async (t) => {
  const broker = await startMosquitto();
  t.after(() => broker.stop());
  const { url: otlp } = await collector(t);
  const service = await startService(t, { url: broker.url, name: "worker-0", otlp });
  await service.answers("/readyz", 200);
  await broker.kill();
  await service.answers("/readyz", 503);
  assert.equal((await service.get("/healthz")).status, 200);
  await broker.start();
  await service.answers("/readyz", 200);
  assert.ok(service.logs().some(({ message }) => message === "reconnecting"));
});

test("SIGTERM under load: two share 200 jobs, one is stopped and comes back; each job is done once", async (t) => {
  const broker = await startMosquitto({ persistence: true });
  t.after(() => broker.stop());
  const { url: otlp } = await collector(t);
  const start = (name) => startService(t, { url: broker.url, name, otlp });
  const [first, second] = [await start("worker-0"), await start("worker-1")];
  await Promise.all([first.answers("/readyz", 200), second.answers("/readyz", 200)]);
  const results = [];
  const client = clientFor(t, { mqttserver: broker.url, mqttversion: 5 });
  await client.subscribe("results/+", { qos: 1 }, (_client, _userdata, message) =>
    results.push(message.json()),
  );
  const jobs = Array.from({ length: 200 }, (_, id) => `${id}`);
  const published = jobs.map((id) =>
    client.publish("jobs/paint", JSON.stringify({ id, ms: 30 }), { qos: 1 }),
  );
  await until(() => results.length > 20, "the first results");
  first.child.kill("SIGTERM");
  assert.deepEqual(await first.ended, { code: 0, signal: null });
  assert.equal(first.logs().at(-1).message, "stopped");
  assert.equal(first.logs().at(-1).unhandled, 0);
  const third = await start("worker-0");
  await Promise.all(published);
  await until(() => new Set(results.map(({ id }) => id)).size === jobs.length, "all results");
  assert.equal(results.length, jobs.length, "none is done twice");
  assert.deepEqual([...new Set(results.map(({ by }) => by))].sort(), ["worker-0", "worker-1"]);
  assert.equal(third.logs().find(({ message }) => message === "connected").sessionPresent, true);
});
