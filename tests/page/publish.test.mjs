// The publish panel, batches and the queue, used as a person does, with MQTT.js and mosquitto_sub as subscribers.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { after, before, test } from "node:test";
import mqtt from "mqtt";
import { openPage, until } from "./support/page.mjs";

let site;
let page;
let other;
let listener;
/** [topic, payload] that MQTT.js has received over TCP, and the lines that mosquitto_sub has printed. */
const seen = [];
let lines = "";

before(async () => {
  site = await openPage();
  page = site.page;
  other = await mqtt.connectAsync(site.broker.url);
  other.on("message", (topic, payload) => seen.push([topic, payload.toString()]));
  await other.subscribeAsync("#", { qos: 2 });
  listener = spawn("mosquitto_sub", ["-p", String(site.broker.port), "-t", "#", "-v", "-q", "2"]);
  listener.stdout.on("data", (chunk) => {
    lines += chunk;
  });
  await until(async () => {
    await other.publishAsync("test/probe", "x");
    return lines.includes("test/probe");
  }, "mosquitto_sub has subscribed");
});

after(async () => {
  await other?.endAsync(true);
  if (listener) {
    listener.kill();
    await once(listener, "close");
  }
  await site?.close();
});

/** The payloads that both subscribers have received on a topic. */
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

test("a one-shot publish needs no connection", async () => {
  assert.equal(await page.isDisabled("#publish"), true);
  await site.write("test/first", "one shot, before connecting", { qos: 1 });
  await page.click("#high-priority");
  await site.shows("#send-result[data-kind=good]", "a connection of its own");
  await othersSee("test/first", ["one shot, before connecting"]);
  assert.equal(await site.text("#state"), "idle");
});

for (const qos of [0, 1, 2]) {
  test(`publish at QoS ${qos}`, async () => {
    if (qos === 0) await site.connect();
    const payload = `at QoS ${qos} – ünï ✓ <b>`;
    await site.write(`test/qos${qos}`, payload, { qos });
    await page.click("#publish");
    await site.shows("#send-result[data-kind=good]", `Published at QoS ${qos}`);
    await othersSee(`test/qos${qos}`, [payload]);
  });
}

test("a retained publish is kept by the broker", async () => {
  await site.write("test/kept", "kept", { qos: 1 });
  await page.check("#retain");
  await page.click("#publish");
  await site.shows("#send-result", "Published at QoS 1");
  await page.uncheck("#retain");
  await othersSee("test/kept", ["kept"]);
  const late = await mqtt.connectAsync(site.broker.url);
  const arrived = once(late, "message");
  await late.subscribeAsync("test/kept");
  const [, payload, packet] = await arrived;
  assert.equal(payload.toString(), "kept");
  assert.equal(packet.retain, true);
  await late.endAsync();
});

test("JSON and bytes are checked before they are sent", async () => {
  await site.write("test/json", '{"degrees": 21.5', { type: "json" });
  await page.click("#publish");
  await site.shows("#send-result[data-kind=bad]", "JSON");
  await page.fill("#payload", '{"degrees": 21.5}');
  await page.click("#publish");
  await othersSee("test/json", ['{"degrees": 21.5}']);
  await site.write("test/hex", "68 6", { type: "hex" });
  await page.click("#publish");
  await site.shows("#send-result[data-kind=bad]", "hexadecimal");
  await page.fill("#payload", "68 69");
  await page.click("#publish");
  await othersSee("test/hex", ["hi"]);
});

test("Ctrl+Enter in the payload publishes, Enter in the topic too", async () => {
  await site.write("test/keyboard", "typed");
  await page.focus("#payload");
  await page.keyboard.press("Control+Enter");
  await othersSee("test/keyboard", ["typed"]);
  await page.focus("#topic");
  await page.keyboard.press("Enter");
  await othersSee("test/keyboard", ["typed", "typed"]);
});

test("five items of a batch are one message, and the panel shows what is not sent yet, until when, and what was sent", async () => {
  await site.write("test/batch", "payload");
  for (let i = 1; i <= 4; i++) await page.click("#batch-publish");
  await site.shows('#batches li[data-topic="test/batch"][data-count="4"]', "4 of 5: payload, payload");
  await site.shows("#batches .due", /^sent in \d+ s$/);
  assert.equal(await page.getAttribute("#batches progress", "value"), "4");
  assert.equal(await site.text("#batch-count"), "4");
  assert.deepEqual(payloadsOn("test/batch"), []);
  await page.click("#batch-publish");
  await site.shows("#batch-count", /^0$/);
  await site.shows('#went li[data-kind=batch][data-state="sent"]', "5 items");
  await othersSee("test/batch", ['["payload","payload","payload","payload","payload"]']);
});

test("an item of a batch can be any JSON value", async () => {
  await site.write("test/values", '{"a": [1, true]}', { type: "json" });
  await page.click("#batch-publish");
  await page.click("#flush");
  await othersSee("test/values", ['[{"a":[1,true]}]']);
});

test("five messages of the queue go out in order, and the panel shows them", async () => {
  const payloads = ["1", "2", "3", "4", "5"];
  for (const payload of payloads.slice(0, 4)) {
    await site.write("test/queue", payload, { qos: 1 });
    await page.click("#qpublish");
  }
  await site.shows("#queue-count", /^4$/);
  assert.equal(await site.count("#queue li"), 4);
  await site.shows("#queue-due", /^4 of 5 · sent in \d+ s$/);
  assert.deepEqual(payloadsOn("test/queue"), []);
  await site.write("test/queue", "5", { qos: 1 });
  await page.click("#qpublish");
  await site.shows("#queue-count", /^0$/);
  await site.shows('#went li[data-kind=queue][data-state="sent"]', "5 messages");
  await othersSee("test/queue", payloads);
});

test("flush sends batches and queue now", async () => {
  await site.write("test/flushed", "of a batch");
  await page.click("#batch-publish");
  await site.write("test/flushed/queue", "of the queue");
  await page.click("#qpublish");
  await site.shows("#queue-count", /^1$/);
  await page.click("#flush");
  await site.shows("#queue-count", /^0$/);
  await site.shows("#batch-count", /^0$/);
  await othersSee("test/flushed", ['["of a batch"]']);
  await othersSee("test/flushed/queue", ["of the queue"]);
});

test("a wrong topic is queued nowhere, and is reported below the form and in the log", async () => {
  await site.write("test/+", "x");
  await page.click("#batch-publish");
  await site.shows("#send-result[data-kind=bad]", "test/+");
  await site.shows("#batch-count", /^0$/);
  await site.go("log");
  await site.shows("#errors li[data-code=INVALID_TOPIC]", "test/+");
  await page.click("#clear-errors");
  assert.equal(await site.count("#errors li"), 0);
});

test("disconnect sends batches and queue", async () => {
  await site.write("test/batch", "waits");
  await page.click("#batch-publish");
  await site.shows("#batch-count", /^1$/);
  await site.disconnect();
  await othersSee("test/batch", ['["payload","payload","payload","payload","payload"]', '["waits"]']);
  await site.shows("#batch-count", /^0$/);
  assert.equal(await page.isDisabled("#publish"), true);
});

test("after a second a batch goes by itself, where the interval says so", async () => {
  await site.number("#publishinterval", 1);
  await site.connect();
  await site.write("test/interval", "late");
  // Looked for in the page, and before the click: it is shown for a second.
  const due = page.waitForFunction(() =>
    document.querySelector("#batches .due")?.textContent?.includes("sent in"),
  );
  await Promise.all([due, page.click("#batch-publish")]);
  await othersSee("test/interval", ['["late"]']);
  await site.shows("#batch-count", /^0$/);
  assert.deepEqual(site.problems, []);
});
