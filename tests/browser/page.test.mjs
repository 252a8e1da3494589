// The page of `npm start`, walked in Chromium on the embedded broker, while other clients listen.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import mqtt from "mqtt";
import { chromium } from "playwright-core";
import { startEmbedded } from "../support/embedded.mjs";

const PICTURES = fileURLToPath(new URL("../../artifacts", import.meta.url));
const PATIENCE = 10_000;

let broker;
let browser;
let page;
let other;
let listener;
/** What the page's console and its failed requests said. */
const complaints = [];
/** [topic, payload] as MQTT.js saw it over TCP, and lines as mosquitto_sub printed them. */
const seen = [];
let lines = "";

before(async () => {
  broker = await startEmbedded();
  other = await mqtt.connectAsync(broker.url);
  other.on("message", (topic, payload) => seen.push([topic, payload.toString()]));
  await other.subscribeAsync("#", { qos: 2 });
  listener = spawn("mosquitto_sub", ["-p", String(broker.port), "-t", "#", "-v", "-q", "2"]);
  listener.stdout.on("data", (chunk) => {
    lines += chunk;
  });
  await until(() => broker.aedes.connectedClients === 2, "mosquitto_sub is connected");
  browser = await chromium.launch({
    executablePath: "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking"],
  });
  page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  page.setDefaultTimeout(PATIENCE);
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("requestfailed", (request) => complaints.push(`${request.url()} failed`));
  await page.goto(broker.page);
  await page.locator("html[data-ready]").waitFor({ state: "attached" });
});

after(async () => {
  await browser?.close();
  await other?.endAsync(true);
  if (listener) {
    listener.kill();
    await once(listener, "close");
  }
  await broker?.stop();
});

async function until(holds, what) {
  const end = performance.now() + PATIENCE;
  while (!holds()) {
    if (performance.now() > end) assert.fail(`not within ${PATIENCE} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Resolves once the element's text is this. */
const shows = (selector, text) => page.locator(selector, { hasText: text }).first().waitFor();
const count = (selector) => page.locator(selector).count();

async function write(topic, payload, qos = 0) {
  await page.fill("#topic", topic);
  await page.fill("#payload", payload);
  await page.selectOption("#qos", String(qos));
}

/** The payloads that both other clients have seen on a topic. */
const payloadsOn = (topic) => seen.filter((entry) => entry[0] === topic).map((entry) => entry[1]);
async function othersSee(topic, payloads) {
  const printed = () => lines.split("\n").filter((line) => line.startsWith(`${topic} `));
  await until(() => payloadsOn(topic).length >= payloads.length, `MQTT.js sees ${topic}`);
  await until(() => printed().length >= payloads.length, `mosquitto_sub sees ${topic}`);
  assert.deepEqual(payloadsOn(topic), payloads);
  assert.deepEqual(
    printed(),
    payloads.map((payload) => `${topic} ${payload}`),
  );
}

test("before connecting: idle, on the broker that served the page, nothing to publish with", async () => {
  assert.equal(await page.textContent("#state"), "idle");
  assert.equal(await page.inputValue("#host"), "127.0.0.1");
  assert.equal(await page.inputValue("#port"), String(broker.port));
  assert.equal(await page.isDisabled("#publish"), true);
  assert.equal(await page.isDisabled("#disconnect"), true);
});

test("a one-shot publish needs no connection", async () => {
  await write("test/first", "one shot, before connecting", 1);
  await page.click("#high-priority");
  await shows("#send-result[data-kind=good]", "a connection of its own");
  await othersSee("test/first", ["one shot, before connecting"]);
  assert.equal(await page.textContent("#state"), "idle");
});

test("connect", async () => {
  await page.fill("#clientid", "the-page");
  await page.fill("#password", "secret");
  await page.fill("#username", "anyone");
  await page.locator("#connection summary").click();
  await page.fill("#will-topic", "test/will");
  await page.fill("#will-payload", "the page is gone");
  await page.click("#connect");
  await shows("#state", /^connected$/);
  assert.ok(broker.aedes.clients["the-page"]);
  assert.equal(await page.isDisabled("#connect"), true);
});

test("subscribe shows the QoS that was granted", async () => {
  await page.fill("#subscribe-topic", "test/#");
  await page.selectOption("#subscribe-qos", "2");
  await page.click("#subscribe");
  await shows('#subscriptions li[data-filter="test/#"][data-granted="2"]', "QoS 2 granted");
});

for (const qos of [0, 1, 2]) {
  test(`publish at QoS ${qos}`, async () => {
    const payload = `at QoS ${qos} – ünï ✓ <b>`;
    await write(`test/qos${qos}`, payload, qos);
    await page.click("#publish");
    await shows("#send-result[data-kind=good]", `Published at QoS ${qos}`);
    await othersSee(`test/qos${qos}`, [payload]);
    await shows(`#messages li[data-topic="test/qos${qos}"][data-qos="${qos}"] pre`, payload);
  });
}

test("a retained publish is kept by the broker", async () => {
  await write("test/kept", "kept", 1);
  await page.check("#retain");
  await page.click("#publish");
  await shows("#send-result", "Published at QoS 1");
  await page.uncheck("#retain");
  await othersSee("test/kept", ["kept"]);
  const late = await mqtt.connectAsync(broker.url);
  const arrived = once(late, "message");
  await late.subscribeAsync("test/kept");
  const [, payload, packet] = await arrived;
  assert.equal(payload.toString(), "kept");
  assert.equal(packet.retain, true);
  await late.endAsync();
});

test("five batch_publish are one message, an array of five", async () => {
  await write("test/batch", "payload");
  for (let i = 1; i <= 4; i++) await page.click("#batch-publish");
  await shows('#batches li[data-topic="test/batch"][data-count="4"]', "payload, payload");
  assert.equal(await page.textContent("#batch-count"), "4");
  assert.deepEqual(payloadsOn("test/batch"), []);
  await page.click("#batch-publish");
  await shows("#batch-count", /^0$/);
  await othersSee("test/batch", ['["payload","payload","payload","payload","payload"]']);
});

test("five qpublish are five messages in order", async () => {
  const payloads = ["1", "2", "3", "4", "5"];
  for (const payload of payloads.slice(0, 4)) {
    await write("test/queue", payload, 1);
    await page.click("#qpublish");
  }
  await shows("#queue-count", /^4$/);
  assert.equal(await count("#queue li"), 4);
  assert.deepEqual(payloadsOn("test/queue"), []);
  await write("test/queue", "5", 1);
  await page.click("#qpublish");
  await shows("#queue-count", /^0$/);
  await othersSee("test/queue", payloads);
});

test("flush sends what is pending now", async () => {
  await write("test/flushed", "of a batch");
  await page.click("#batch-publish");
  await write("test/flushed/queue", "of the queue");
  await page.click("#qpublish");
  await shows("#queue-count", /^1$/);
  await page.click("#flush");
  await shows("#queue-count", /^0$/);
  await shows("#batch-count", /^0$/);
  await othersSee("test/flushed", ['["of a batch"]']);
  await othersSee("test/flushed/queue", ["of the queue"]);
});

test("what other clients publish arrives; binary payloads are shown as bytes", async () => {
  await other.publishAsync("test/binary", Buffer.from([0, 255, 254, 16]), { qos: 1 });
  await shows('#messages li[data-topic="test/binary"] pre', "00 ff fe 10");
  assert.equal(await page.getAttribute("#messages li:first-child", "data-topic"), "test/binary");
});

test("the counters count", async () => {
  await page.waitForFunction(() => Number(document.getElementById("stat-received")?.textContent) >= 10);
  await page.waitForFunction(() => Number(document.getElementById("stat-sent")?.textContent) >= 10);
  assert.equal(await page.textContent("#stat-dropped"), "0");
});

test("a wrong topic is told in the log of errors", async () => {
  await write("test/+", "x");
  await page.click("#publish");
  await shows("#send-result[data-kind=bad]", "test/+");
  await shows("#errors li", "test/+");
  await page.click("#clear-errors");
  assert.equal(await count("#errors li"), 0);
});

test("the list of messages stays bounded", async () => {
  for (let i = 0; i < 700; i++) other.publish("test/many", String(i));
  await shows("#messages li:first-child pre", /^699$/);
  assert.equal(await count("#messages li"), 500);
});

test("pictures: desktop and phone, light and dark, nothing wider than the screen", async () => {
  mkdirSync(PICTURES, { recursive: true });
  await page.click("#clear-messages");
  await write("test/batch", "waits");
  await page.click("#batch-publish");
  await write("test/queue", "waits too");
  await page.click("#qpublish");
  for (let i = 0; i < 5; i++)
    await other.publishAsync("test/sensor", JSON.stringify({ degrees: 20 + i }), { qos: 1 });
  await shows("#messages li:first-child pre", "24");
  for (const [name, width, height] of [
    ["desktop", 1280, 900],
    ["phone", 380, 800],
  ]) {
    await page.setViewportSize({ width, height });
    for (const colorScheme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme });
      await page.screenshot({ path: join(PICTURES, `page-${name}-${colorScheme}.png`), fullPage: true });
    }
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(overflow <= 0, `${overflow} px too wide at ${width} px`);
  }
  await page.setViewportSize({ width: 1280, height: 900 });
});

test("every field and button has a name, and the keyboard reaches them", async () => {
  const nameless = await page.evaluate(() =>
    [...document.querySelectorAll("input, select, textarea, button")]
      .filter((one) => !(one.labels?.length || one.textContent?.trim() || one.ariaLabel))
      .map((one) => one.id),
  );
  assert.deepEqual(nameless, []);
  await write("test/keyboard", "typed");
  await page.focus("#topic");
  await page.keyboard.press("Enter");
  await othersSee("test/keyboard", ["typed"]);
});

test("unsubscribe", async () => {
  await page.click('#subscriptions li[data-filter="test/#"] button');
  await page.locator("#subscriptions li").waitFor({ state: "detached" });
  await page.click("#clear-messages");
  await other.publishAsync("test/unheard", "x", { qos: 1 });
  await other.publishAsync("test/unheard", "y", { qos: 1 });
  await page.waitForTimeout(100);
  assert.equal(await count("#messages li"), 0);
});

test("disconnect sends what is pending, keeps no connection, and raises no will", async () => {
  await page.click("#disconnect");
  await shows("#state", /^stopped$/);
  await othersSee("test/batch", ['["payload","payload","payload","payload","payload"]', '["waits"]']);
  await until(() => !broker.aedes.clients["the-page"], "the page is gone");
  assert.deepEqual(payloadsOn("test/will"), []);
  assert.equal(await page.isDisabled("#publish"), true);
});

test("connect again, and again without a broker: the state says so, and the errors why", async () => {
  await page.fill("#clientid", "");
  await page.click("#connect");
  await shows("#state", /^connected$/);
  await page.click("#disconnect");
  await shows("#state", /^stopped$/);
  assert.deepEqual(complaints, []);
  await page.fill("#port", "1");
  await page.click("#connect");
  await shows("#errors li", /./);
  await page.click("#disconnect");
  await shows("#state", /^stopped$/);
  complaints.length = 0; // Chromium itself reports the refused connection
});

test("nothing typed is stored, and the console is silent", async () => {
  const stored = await page.evaluate(() => [localStorage.length, sessionStorage.length, document.cookie]);
  assert.deepEqual(stored, [0, 0, ""]);
  assert.deepEqual(complaints, []);
});
