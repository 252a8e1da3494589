// Pages and workers of Chromium in which the package runs, connected to mosquitto's WebSocket listener, with MQTT.js as the
// other client. Owns the browser, the site and the broker of the file that imports it.

import assert from "node:assert/strict";
import mqtt from "mqtt";
import { startMosquitto } from "../../support/mosquitto.mjs";
import { inChromium } from "./chromium.mjs";

const shared = inChromium({ broker: startMosquitto });

let topics = 0;

/** Sets up a test: a topic of its own, and a page whose console must stay empty. `run` executes a function in the context. */
export async function setUp(t, context, path = "/") {
  shared.site.wasmRequests = 0;
  shared.site.wasmFiles = [];
  shared.site.respondToWasm = undefined;
  shared.site.wasmHeld = undefined;
  topics += 1;
  const topic = `browser/${topics}`;
  const page = await shared.browser.newPage();
  /** Errors and warnings of the console, uncaught errors; a test removes those that it expects. */
  const problems = [];
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") problems.push(message.text());
  });
  page.on("pageerror", (error) => problems.push(error.message));
  const frames = { sent: 0 };
  page.on("websocket", (socket) => {
    socket.on("framesent", () => {
      frames.sent += 1;
    });
  });
  await page.goto(shared.site.url + path);
  if (context === "worker") {
    await page.evaluate(() => {
      globalThis.worker = new Worker("/worker.mjs", { type: "module" });
    });
  }
  t.after(async () => {
    await page.close();
    assert.deepEqual(problems, []);
  });
  const given = { url: shared.broker.wsUrl, topic };
  const run = (body, more) => {
    const all = { ...given, ...more };
    return context === "worker" ? inWorker(page, body, all) : page.evaluate(body, all);
  };
  return { page, topic, problems, frames, run, site: shared.site, broker: shared.broker };
}

function inWorker(page, body, given) {
  return page.evaluate(
    (data) =>
      new Promise((resolve, reject) => {
        const { worker } = globalThis;
        worker.onmessage = ({ data: { result, error } }) =>
          error === undefined ? resolve(result) : reject(new Error(error));
        worker.onerror = (event) => reject(new Error(event.message));
        worker.postMessage(data);
      }),
    { source: String(body), given },
  );
}

/** Subscribes with an MQTT.js client over TCP; `messages` has what it has received: `[topic, payload]`. */
export async function subscriber(t, filter, url = shared.broker.url) {
  const client = await mqtt.connectAsync(url);
  t.after(() => client.endAsync(true));
  const messages = [];
  client.on("message", (topic, payload) => messages.push([topic, payload]));
  await client.subscribeAsync(filter, { qos: 2 });
  return {
    client,
    messages,
    texts: () => messages.map(([, payload]) => payload.toString()),
    count: (count) =>
      until(
        () => messages.length >= count,
        () => `${messages.length} of ${count} messages`,
      ),
  };
}

async function until(condition, what, timeout = 20_000) {
  const end = performance.now() + timeout;
  while (!condition()) {
    if (performance.now() > end) {
      throw new Error(`${typeof what === "function" ? what() : what} after ${timeout / 1000} s`);
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Calls `work` while the site holds back the .wasm, until the page has requested it. */
export async function beforeTheWasm(work) {
  const release = shared.site.holdWasm();
  const result = work();
  result.catch(() => {});
  await until(() => shared.site.wasmRequests > 0, "the .wasm was not requested");
  await new Promise((resolve) => setTimeout(resolve, 50));
  release();
  return result;
}
