// Values: numbers in payloads are charted, retained messages deleted, and listed messages saved. The first connection subscribes,
// and a failing one shows why, and takes the fields as they are at the next try.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, test } from "node:test";
import { MqttCustom } from "mqtt-lib";
import { freePort } from "../support/ports.mjs";
import { sharedFixtures } from "../support/fixtures.mjs";
import { startMosquitto } from "../support/mosquitto.mjs";
import { FIREFOX } from "./support/browser.mjs";
import { openPage, until } from "./support/page.mjs";

let site;
let page;
let mosquitto;
let other;

sharedFixtures({ site: openPage, mosquitto: startMosquitto }, async (shared) => {
  ({ site, mosquitto } = shared);
  page = site.page;
  other = new MqttCustom({ credentials: { mqttserver: mosquitto.url } });
});
after(() => other?.stop());

test("a connection that fails says why in the bar; the next try takes what the fields say then", async () => {
  await page.fill("#host", "127.0.0.1");
  await site.number("#port", await freePort());
  await page.click("#connect");
  await site.shows("#about", /: .*127\.0\.0\.1:\d+/);
  const { width, height } = page.viewportSize();
  for (const narrow of [320, 820, width]) {
    await page.setViewportSize({ width: narrow, height });
    const cut = await page.$eval("#about", (about) => [
      about.scrollWidth - about.clientWidth,
      about.scrollHeight - about.clientHeight,
      document.documentElement.scrollWidth - innerWidth,
    ]);
    assert.deepEqual(cut, [0, 0, 0], `the reason is cut at ${narrow} px`);
  }
  await site.shows("#connect", "Try now");
  await site.number("#port", mosquitto.wsPort);
  await page.click("#connect");
  await site.shows("#state", /^connected$/);
});

test("the first connection subscribes to what the field says, and the list says what to do next", async () => {
  await page.locator('#subscriptions li[data-filter="test/#"][data-granted="2"]').waitFor();
  const hint = await page.getAttribute("#messages", "data-empty");
  assert.match(
    hint,
    /Subscribed to test\/#\..*npx mqtt-lib pub ws:\/\/127\.0\.0\.1:\d+\/mqtt test\/topic hello, or subscribe to #/,
  );
});

test("a number in a payload is charted, and several of one topic together", async () => {
  const publish = (temperature) =>
    other.publish("test/room", JSON.stringify({ temperature, inner: { humidity: [40] } }), { qos: 1 });
  await publish(20);
  await page.locator("#messages .v-row:not([hidden])").first().click();
  await page.getByRole("button", { name: "Chart temperature" }).click();
  await site.shows('#values figure[data-topic="test/room"]', "temperature 20");
  await page.fill("#value-topic", "test/room");
  await page.fill("#value-path", "inner.humidity[0]");
  await page.click("#value-form button");
  await publish(21.5);
  const figure = page.locator('#values figure[data-topic="test/room"]');
  await until(async () => (await figure.innerText()).includes("21.5"), "the value beside the chart");
  assert.match(await figure.innerText(), /temperature 21\.5[\s\S]*inner\.humidity\[0\] 40/);
  assert.equal(await figure.locator("p").isHidden(), true, "the message before it was charted counts");
  assert.equal(await figure.locator("canvas").count(), 1);
  await figure.getByRole("button", { name: "Remove the chart of test/room" }).click();
  assert.equal(await figure.count(), 0);
});

test("a chart without a number yet says so", async () => {
  await site.go("charts");
  await page.fill("#value-topic", "nobody/here");
  await page.fill("#value-path", "x");
  await page.click("#value-form button");
  await site.shows('#values figure[data-topic="nobody/here"]', "No number yet");
  await page.click('[aria-label="Remove the chart of nobody/here"]');
});

/** What is saved; over WebDriver BiDi, as in Firefox, Playwright hears of no download. */
async function exported() {
  if (!FIREFOX) {
    const [download] = await Promise.all([page.waitForEvent("download"), page.click("#export-messages")]);
    return readFileSync(await download.path(), "utf8");
  }
  await page.evaluate(() => {
    const { createObjectURL } = URL;
    URL.createObjectURL = (blob) => {
      globalThis.saved = blob;
      return createObjectURL.call(URL, blob);
    };
  });
  await page.click("#export-messages");
  return page.evaluate(() => globalThis.saved.text());
}

test("the listed messages are saved as JSON lines", async () => {
  await site.go("messages");
  await page.click("#resume");
  await other.publish("test/bytes", new Uint8Array([0, 255]), { qos: 1 });
  await until(async () => (await site.text("#messages")).includes("test/bytes"), "the message");
  const lines = (await exported())
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  assert.deepEqual(
    lines.map(({ topic }) => topic),
    ["test/room", "test/room", "test/bytes"],
  );
  assert.equal(JSON.parse(lines[1].payload).temperature, 21.5);
  assert.equal(lines[2].payloadBase64, "AP8=");
});

test("retained messages of a subtree are deleted after a question that names them", async () => {
  for (const name of ["test/shed/a", "test/shed/b"]) await other.publish(name, "x", { qos: 1, retain: true });
  await site.go("topics");
  await page.click("#open-topics");
  await page.locator('#topics [data-topic="test/shed"]').click();
  const asked = new Promise((resolve) => {
    page.once("dialog", (dialog) => {
      resolve(dialog.message());
      dialog.accept();
    });
  });
  await page.getByRole("button", { name: "Delete retained" }).click();
  assert.match(await asked, /Delete 2 retained messages\?\n\ntest\/shed\/a\ntest\/shed\/b/);
  await until(async () => (await other.snapshot("test/shed/#")).size === 0, "none is left");
  await site.shows("#topic-detail .result", "2 retained messages deleted");
});

test("what is published without a connection says that it is kept", async () => {
  await mosquitto.kill();
  await site.shows("#state", /reconnecting/);
  await site.write("test/kept", "payload", { qos: 1 });
  await page.click("#publish");
  await site.shows("#send-result", "Kept: it is sent when there is a connection");
  await mosquitto.start();
  await site.shows("#send-result", /Published at QoS 1/);
  site.problems.length = 0;
});
