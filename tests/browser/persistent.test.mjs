// `store: "persistent"` in Chromium: a page that is reloaded, and a second tab.
// tests/long/reload.test.mjs reloads more often.

import assert from "node:assert/strict";
import { test } from "node:test";
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

test("a second tab is told STORE_LOCKED, and the first goes on", async (t) => {
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
