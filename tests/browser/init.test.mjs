// The other entries in a page: the .wasm inside, or given to init; and a policy that forbids WebAssembly.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { chromium } from "playwright-core";
import { startMosquitto } from "../support/mosquitto.mjs";
import { startSite } from "./support/site.mjs";

let broker;
let site;
let browser;

before(async () => {
  broker = await startMosquitto();
  site = await startSite();
  browser = await chromium.launch({
    executablePath: "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking"],
  });
});

after(async () => {
  await browser?.close();
  site?.stop();
  await broker?.stop();
});

async function open(t, path) {
  const page = await browser.newPage();
  t.after(() => page.close());
  await page.goto(site.url + path);
  site.asked = 0;
  return page;
}

/** Runs in the page: says "hello" to itself. */
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
  const page = await open(t, "/strict");
  assert.equal(await page.evaluate(talk, { entry: "/dist/inline.mjs", url: broker.wsUrl }), "hello");
  assert.equal(site.asked, 0);
});

test("the bare entry loads what init is given, once", async (t) => {
  const page = await open(t, "/strict");
  const given = "/dist/mqtt_lib_bg.wasm";
  assert.equal(await page.evaluate(talk, { entry: "/dist/bare.mjs", url: broker.wsUrl, given }), "hello");
  assert.equal(site.asked, 1);
});

test("init without an argument loads early from the entry's own place", async (t) => {
  const page = await open(t, "/");
  await page.evaluate(async () => (await import("/dist/browser.mjs")).init());
  assert.equal(site.asked, 1);
  assert.equal(await page.evaluate(talk, { entry: "/dist/browser.mjs", url: broker.wsUrl }), "hello");
  assert.equal(site.asked, 1);
});

test("a policy that forbids WebAssembly is named with what to allow", async (t) => {
  const page = await open(t, "/forbidding");
  const said = await page.evaluate(async () => {
    const { init } = await import("/dist/browser.mjs");
    return init().catch((error) => [error.code, error.message]);
  });
  assert.equal(said[0], "LOAD_FAILED");
  assert.match(said[1], /allow 'wasm-unsafe-eval' in script-src/);
});
