// `store: "persistent"` in Chromium: a page that is reloaded, and a second tab.
// tests/long/reload.test.mjs reloads more often.

import assert from "node:assert/strict";
import { test } from "node:test";
import { MqttCustom } from "mqtt-lib";
import { launchChromium } from "../support/chromium.mjs";
import { startAll, stopAll } from "../support/fixtures.mjs";
import { startMosquitto } from "../support/mosquitto.mjs";
import { randomOf } from "../support/random.mjs";
import { reloadRepeatedly } from "../support/reloads.mjs";
import { startSite } from "./support/site.mjs";

test("a page reloaded 3 times: nothing lost, nothing of QoS 2 twice", async () => {
  const { next } = randomOf(3);
  const { published, lost, twice, problems } = await reloadRepeatedly({ reloads: 3, random: next });
  assert.ok(published > 10, `${published}`);
  assert.deepEqual({ lost, twice, problems }, { lost: [], twice: [], problems: [] });
});

/** In the page: 40 messages, one transaction each, while the page is being left: none of them is finished before that. */
async function reloadAndPublish(url) {
  const { MqttCustom } = await import("/dist/browser.mjs");
  await import("/dist/persistent.browser.mjs");
  const client = new MqttCustom({
    autostart: false,
    credentials: { mqttclientid: "left", mqttserver: url, store: "persistent" },
  });
  addEventListener("pagehide", async () => {
    for (let number = 0; number < 40; number++) {
      client.publish("left", String(number), { qos: 1 });
      await null;
    }
  });
  await client.start();
  location.reload();
}

test("a page that is left while many transactions are unfinished: nothing is lost", async (t) => {
  const shared = await startAll({ broker: startMosquitto, site: startSite, browser: launchChromium });
  t.after(() => stopAll(shared));
  const { broker, site, browser } = shared;
  const watcher = new MqttCustom({ credentials: { mqttserver: broker.url } });
  t.after(() => watcher.stop());
  const arrived = new Set();
  await watcher.subscribe("left", { qos: 1 }, (_client, _userdata, message) => arrived.add(message.text()));
  const page = await browser.newPage();
  await page.goto(`${site.url}/persistent`);
  const reloaded = page.waitForEvent("load");
  page.evaluate(reloadAndPublish, broker.wsUrl).catch(() => {}); // the page is gone before it returns
  await reloaded;
  await page.evaluate(async (url) => {
    const { MqttCustom } = await import("/dist/browser.mjs");
    await import("/dist/persistent.browser.mjs");
    const client = new MqttCustom({
      credentials: { mqttclientid: "left", mqttserver: url, store: "persistent" },
    });
    await client.start();
    await client.stop();
  }, broker.wsUrl);
  for (let i = 0; i < 500 && arrived.size < 40; i++) await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(arrived.size, 40);
});

test("a second tab gets STORE_LOCKED, and the first goes on", async (t) => {
  const shared = await startAll({ broker: startMosquitto, site: startSite, browser: launchChromium });
  t.after(() => stopAll(shared));
  const { broker, site, browser } = shared;
  const context = await browser.newContext();
  const start = async (url) => {
    const { MqttCustom } = await import("/dist/browser.mjs");
    await import("/dist/persistent.browser.mjs");
    globalThis.client = new MqttCustom({
      autostart: false,
      credentials: { mqttclientid: "tab", mqttserver: url, store: "persistent" },
    });
    return globalThis.client.start().then(
      () => "started",
      (error) => error.code,
    );
  };
  const pages = [await context.newPage(), await context.newPage()];
  for (const page of pages) await page.goto(`${site.url}/persistent`);
  assert.equal(await pages[0].evaluate(start, broker.wsUrl), "started");
  assert.equal(await pages[1].evaluate(start, broker.wsUrl), "STORE_LOCKED");
  const publish = () => globalThis.client.publish("tab", "x", { qos: 2 });
  await pages[0].evaluate(publish);
  await pages[0].close();
  assert.equal(await pages[1].evaluate(start, broker.wsUrl), "started");
  await pages[1].evaluate(publish);
});
