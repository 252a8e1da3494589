// The other entries in a page: with the .wasm inside, or passed to init; and a policy that forbids WebAssembly.

import assert from "node:assert/strict";
import { test } from "node:test";
import { startMosquitto } from "../support/mosquitto.mjs";
import { inChromium, openPage } from "./support/chromium.mjs";

const shared = inChromium({ broker: startMosquitto });

/** Runs in the page: publishes "hello" to itself. */
async function talk({ entry, url, given }) {
  const { init, MqttCustom } = await import(entry);
  if (given) init(given);
  const client = new MqttCustom({ credentials: { mqttserver: url } });
  const messages = client.messages();
  await client.subscribe("test/entries");
  await client.publish("test/entries", "hello");
  const { value } = await messages.next();
  await client.stop();
  return value.text();
}

test("the inline entry asks for no .wasm", async (t) => {
  const page = await openPage(t, shared, "/strict");
  assert.equal(await page.evaluate(talk, { entry: "/dist/inline.mjs", url: shared.broker.wsUrl }), "hello");
  assert.equal(shared.site.wasmRequests, 0);
});

test("the bare entry loads what init is given, once", async (t) => {
  const page = await openPage(t, shared, "/strict");
  const given = "/dist/mqtt_lib_bg.wasm";
  assert.equal(
    await page.evaluate(talk, { entry: "/dist/bare.mjs", url: shared.broker.wsUrl, given }),
    "hello",
  );
  assert.equal(shared.site.wasmRequests, 1);
});

test("init without an argument loads early from the entry's own place", async (t) => {
  const page = await openPage(t, shared, "/");
  await page.evaluate(async () => (await import("/dist/browser.mjs")).init());
  assert.equal(shared.site.wasmRequests, 1);
  assert.equal(await page.evaluate(talk, { entry: "/dist/browser.mjs", url: shared.broker.wsUrl }), "hello");
  assert.equal(shared.site.wasmRequests, 1);
});

test("a policy that forbids WebAssembly is named with what to allow", async (t) => {
  const page = await openPage(t, shared, "/forbidding");
  const failure = await page.evaluate(async () => {
    const { init } = await import("/dist/browser.mjs");
    return init().catch((error) => [error.code, error.message]);
  });
  assert.equal(failure[0], "LOAD_FAILED");
  assert.match(failure[1], /allow 'wasm-unsafe-eval' in script-src, or import "mqtt-lib\/js"/);
});

test("mqtt-lib/js works under a policy that forbids WebAssembly", async (t) => {
  const page = await openPage(t, shared, "/forbidding");
  assert.equal(await page.evaluate(talk, { entry: "/dist/js.mjs", url: shared.broker.wsUrl }), "hello");
  assert.equal(shared.site.wasmRequests, 0);
});
