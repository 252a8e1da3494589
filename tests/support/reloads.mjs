// Reloads a page with a persistent client repeatedly while it publishes, and counts which of its messages arrived.

import { MqttCustom } from "mqtt-lib";
import { startSite } from "../browser/support/site.mjs";
import { watchArrivals } from "./arrivals.mjs";
import { launchChromium } from "./chromium.mjs";
import { startAll } from "./fixtures.mjs";
import { startMosquitto } from "./mosquitto.mjs";

/** In the page: publishes, and prints the messages after the turn of their call has ended. */
async function publishForever({ url, first }) {
  const { MqttCustom } = await import("/dist/browser.mjs");
  await import("/dist/persistent.browser.mjs");
  const client = new MqttCustom({
    credentials: { mqttclientid: "reloaded", mqttserver: url, store: "persistent", publishinterval: 0.02 },
    on_error: (_client, _userdata, error) => console.log(`problem ${error.code} ${error.message}`),
  });
  await client.start();
  let number = first;
  const turn = () => {
    const lines = [];
    for (let i = 0; i < 1 + (number % 5); i++) {
      number += 1;
      const kind = ["publish", "qpublish", "batch_publish"][number % 3];
      const qos = 1 + (number % 2);
      client[kind]("reload", `<${number}>`, { qos });
      lines.push(`${number} ${qos} ${kind}`);
    }
    setTimeout(() => console.log(`published ${lines.join(",")}`), 0);
    setTimeout(turn, Math.random() * 8);
  };
  turn();
}

/** Reloads the page `reloads` times. Returns how many messages were published, lost, and received twice. */
export async function reloadRepeatedly({ reloads, random, life = 200 }) {
  const { broker, site, browser } = await startAll({
    broker: () => startMosquitto({ persistence: true }),
    site: startSite,
    browser: launchChromium,
  });
  const arrivals = watchArrivals();
  const watcher = new MqttCustom({ credentials: { mqttserver: broker.url } });
  const published = [];
  const problems = [];
  try {
    await watcher.subscribe("reload", { qos: 2 }, arrivals.handler);
    const page = await browser.newPage();
    page.on("console", (message) => {
      const [word, rest] = message.text().split(/ (.*)/);
      if (word === "published") published.push(...rest.split(",").map((line) => line.split(" ")));
      else problems.push(message.text());
    });
    page.on("pageerror", (error) => problems.push(error.message));
    await page.goto(`${site.url}/persistent`);
    for (let i = 0; i <= reloads; i++) {
      await page.evaluate(publishForever, { url: broker.wsUrl, first: (i + 1) * 1_000_000 });
      await new Promise((resolve) => setTimeout(resolve, random() * life));
      await page.reload();
    }
    // Once more, without publishing.
    await page.evaluate(async (url) => {
      const { MqttCustom } = await import("/dist/browser.mjs");
      await import("/dist/persistent.browser.mjs");
      await new MqttCustom({
        credentials: { mqttclientid: "reloaded", mqttserver: url, store: "persistent" },
      }).start();
    }, broker.wsUrl);
    const { lost, twice, twiceOfQos1 } = await arrivals.of(published);
    return { published: published.length, lost, twice, twiceOfQos1, problems };
  } finally {
    await browser.close();
    await watcher.stop();
    site.stop();
    await broker.stop();
  }
}
