// Pages and workers of Chromium in which the package runs, against mosquitto's WebSocket listener, with MQTT.js as the
// other side. Functions given to `runs` are executed over there. Owns the browser, the site and the broker of the file
// that imports it.

import assert from "node:assert/strict";
import mqtt from "mqtt";
import { startMosquitto } from "../../support/mosquitto.mjs";
import { inChromium } from "./chromium.mjs";

const shared = inChromium({ broker: startMosquitto });

let topics = 0;

/** What a test needs: a topic of its own, a page that must not complain, and a peer. */
export async function setUp(t, place, path = "/") {
  shared.site.asked = 0;
  shared.site.instead = undefined;
  shared.site.held = undefined;
  topics += 1;
  const topic = `browser/${topics}`;
  const page = await shared.browser.newPage();
  /** Console errors and warnings, errors nobody caught; a test takes out what it expects. */
  const complaints = [];
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(error.message));
  const frames = { sent: 0 };
  page.on("websocket", (socket) => {
    socket.on("framesent", () => {
      frames.sent += 1;
    });
  });
  await page.goto(shared.site.url + path);
  if (place === "worker") {
    await page.evaluate(() => {
      globalThis.worker = new Worker("/worker.mjs", { type: "module" });
    });
  }
  t.after(async () => {
    await page.close();
    assert.deepEqual(complaints, []);
  });
  const given = { url: shared.broker.wsUrl, topic };
  const runs = (body, more) => {
    const all = { ...given, ...more };
    return place === "worker" ? inWorker(page, body, all) : page.evaluate(body, all);
  };
  return { page, topic, complaints, frames, runs, site: shared.site };
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

/** An MQTT.js client over TCP that has subscribed, and what it has received: `[topic, payload]`. */
export async function listen(t, filter, url = shared.broker.url) {
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

async function until(condition, what, patience = 20_000) {
  const end = performance.now() + patience;
  while (!condition()) {
    if (performance.now() > end) {
      throw new Error(`${typeof what === "function" ? what() : what} after ${patience / 1000} s`);
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Runs it while the .wasm is kept back, until it has been asked for. */
export async function beforeTheWasm(work) {
  const release = shared.site.hold();
  const result = work();
  result.catch(() => {});
  await until(() => shared.site.asked > 0, "nobody asked for the .wasm");
  await new Promise((resolve) => setTimeout(resolve, 50));
  release();
  return result;
}
