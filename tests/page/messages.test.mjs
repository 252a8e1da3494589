// Received messages: subscriptions with colours and counts, the list, the details of a message, the tree of topics.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import mqtt from "mqtt";
import { sharedFixtures } from "../support/fixtures.mjs";
import { startMosquitto } from "../support/mosquitto.mjs";
import { openPage, until } from "./support/page.mjs";

let site;
let page;
let mosquitto;
let other;

const ROWS = "#messages .v-row:not([hidden])";
const rowOf = (topic) => `${ROWS}[data-topic="${topic}"]`;
const colourOf = (selector) => page.locator(selector).first().getAttribute("data-colour");

after(() => other?.endAsync(true)); // before its broker is stopped

sharedFixtures({ site: openPage, mosquitto: startMosquitto }, async (shared) => {
  ({ site, mosquitto } = shared);
  page = site.page;
  other = await mqtt.connectAsync(mosquitto.url, { protocolVersion: 5 });
  await page.selectOption("#version", "5");
  await site.connect(mosquitto.wsUrl);
});

test("subscribe shows the QoS that was granted, and each subscription has a colour of its own", async () => {
  await site.subscribe("test/#", 2);
  await site.subscribe("home/+/temperature", 1);
  await site.shows('#subscriptions li[data-filter="test/#"][data-granted="2"]', "QoS 2");
  await site.shows('#subscriptions li[data-filter="home/+/temperature"][data-granted="1"]', "QoS 1");
  assert.notEqual(
    await colourOf('#subscriptions li[data-filter="test/#"]'),
    await colourOf('#subscriptions li[data-filter="home/+/temperature"]'),
  );
});

test("a filter that MQTT does not allow is an error, and not listed", async () => {
  await page.fill("#subscribe-topic", "a/#/b");
  await page.click("#subscribe");
  await page.locator("#errors li[data-code=INVALID_TOPIC]").waitFor({ state: "attached" });
  assert.equal(await site.count("#subscriptions li"), 2);
});

test("messages are listed, the newest first, with QoS, the retained mark, and their subscription's colour", async () => {
  for (const qos of [0, 1, 2]) await other.publishAsync(`test/qos${qos}`, `at QoS ${qos} – ✓ <b>`, { qos });
  await other.publishAsync("home/kitchen/temperature", '{"celsius":21.5,"ok":true}', { qos: 1 });
  await other.publishAsync("test/binary", Buffer.from([0, 255, 254, 16]), { qos: 1 });
  for (const qos of [0, 1, 2]) {
    await site.shows(`${rowOf(`test/qos${qos}`)} .text`, `at QoS ${qos} – ✓ <b>`);
    await site.shows(`${rowOf(`test/qos${qos}`)} .qos`, `QoS ${qos}`);
  }
  await site.shows(`${rowOf("test/binary")} .text`, "00 ff fe 10");
  assert.equal(await page.locator(ROWS).first().getAttribute("data-topic"), "test/binary");
  assert.equal(
    await colourOf(rowOf("home/kitchen/temperature")),
    await colourOf('#subscriptions li[data-filter="home/+/temperature"]'),
  );
  await site.shows('#subscriptions li[data-filter="test/#"] .number', /^4$/);
  await site.shows('#subscriptions li[data-filter="home/+/temperature"] .number', /^1$/);

  await other.publishAsync("kept/one", "kept", { qos: 1, retain: true });
  await site.subscribe("kept/#", 1);
  await page.locator(`${rowOf("kept/one")} .mark.retained`).waitFor();
  await site.shows('#subscriptions li[data-filter="kept/#"] .number', /^1$/);
  assert.equal(await colourOf(rowOf("kept/one")), await colourOf('#subscriptions li[data-filter="kept/#"]'));
  assert.equal(await site.count(`${rowOf("test/qos1")} .mark.retained:not([hidden])`), 0);
});

test("another colour for a subscription recolours what comes from now on", async () => {
  const before = await colourOf('#subscriptions li[data-filter="kept/#"]');
  await page.click('#subscriptions li[data-filter="kept/#"] .swatch');
  const now = await colourOf('#subscriptions li[data-filter="kept/#"]');
  assert.notEqual(now, before);
  await other.publishAsync("kept/two", "x", { qos: 1 });
  await page.locator(`${rowOf("kept/two")}[data-colour="${now}"]`).waitFor();
});

test("search looks in topics and payloads, and in what comes later", async () => {
  await page.fill("#search", "CELSIUS");
  await until(() => site.count(ROWS).then((count) => count === 1), "one message matches");
  await other.publishAsync("test/unrelated", "x");
  await other.publishAsync("home/cellar/temperature", '{"celsius":11}');
  await until(() => site.count(ROWS).then((count) => count === 2), "the new match");
  await page.fill("#search", "no such thing");
  await until(() => site.count(ROWS).then((count) => count === 0), "nothing matches");
  assert.match(
    (await page.getAttribute("#messages", "data-empty")) ?? "",
    /^None of the \d+ kept messages matches/,
  );
  await page.fill("#search", "");
  await page.check("#only-retained");
  await until(() => site.count(ROWS).then((count) => count === 1), "one is retained");
  await page.uncheck("#only-retained");
});

test("payloads as hexadecimal bytes in the list", async () => {
  await page.selectOption("#payload-as", "hex");
  await site.shows(`${rowOf("test/qos0")} .text`, "61 74 20 51 6f 53 20 30");
  await page.selectOption("#payload-as", "auto");
  await site.shows(`${rowOf("test/qos0")} .text`, "at QoS 0");
});

test("a chosen message is shown whole, as JSON, text and bytes, with its properties, and the list holds still", async () => {
  await other.publishAsync("home/bath/temperature", '{"celsius":22,"at":"noon"}', {
    qos: 1,
    properties: { contentType: "application/json", userProperties: { unit: "C" } },
  });
  await page.click(rowOf("home/bath/temperature"));
  await site.shows("#detail .topic", "home/bath/temperature");
  await site.shows("#detail dd", "application/json");
  await site.shows("#detail dt", "unit");
  await site.shows("#detail pre", '"celsius": 22');
  assert.equal(await site.text("#detail .json-number"), "22");
  await page.click("#detail .segments button:text-is('Hex')");
  await site.shows("#detail pre", "000000  7b 22 63 65 6c 73 69 75 73");
  await page.click("#detail .segments button:text-is('Text')");
  await site.shows("#detail pre", '{"celsius":22,"at":"noon"}');

  await other.publishAsync("test/meanwhile", "x", { qos: 1 });
  await site.shows("#resume", "1 new");
  assert.equal(await site.count(rowOf("test/meanwhile")), 0);
  await page.click("#resume");
  await page.locator(rowOf("test/meanwhile")).waitFor();
  assert.equal(await page.isVisible("#detail"), false);
});

test("the pause button holds the list, and gives it back", async () => {
  await page.click("#pause");
  assert.equal(await page.getAttribute("#pause", "aria-pressed"), "true");
  await other.publishAsync("test/paused", "x", { qos: 1 });
  await site.shows("#resume", "1 new");
  assert.equal(await site.count(rowOf("test/paused")), 0);
  await page.click("#pause");
  await page.locator(rowOf("test/paused")).waitFor();
});

test("the keyboard: arrows choose, Escape goes on", async () => {
  await page.focus("#messages");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  const chosen = page.locator(`${ROWS}[aria-selected=true]`);
  assert.equal(await chosen.getAttribute("aria-posinset"), "2");
  assert.equal(
    await page.getAttribute("#messages", "aria-activedescendant"),
    await chosen.getAttribute("id"),
  );
  await page.keyboard.press("End");
  await until(
    async () => (await chosen.getAttribute("aria-posinset")) === (await page.textContent("#message-count")),
    "the last one is chosen",
  );
  await page.keyboard.press("Escape");
  await until(
    () => site.count(`${ROWS}[aria-selected=true]`).then((count) => count === 0),
    "nothing is chosen",
  );
  assert.equal(await page.isVisible("#detail"), false);
});

test("a message fills the publish form", async () => {
  await page.click(rowOf("test/binary"));
  await page.click("#detail button:text-is('Use to publish')");
  assert.equal(await page.inputValue("#topic"), "test/binary");
  assert.equal(await page.inputValue("#payload-type"), "hex");
  assert.equal(await page.inputValue("#payload"), "00 ff fe 10");
  await page.keyboard.press("Control+Enter");
  await site.shows("#send-result[data-kind=good]", "Published");
  await page.click("#resume");
});

test("properties of MQTT 5 go out with a message and come back with it", async () => {
  await site.write("test/properties", "21.5");
  await page.click("#publish-part summary");
  await page.fill("#publish-contentType", "text/plain");
  await site.number("#publish-messageExpiryInterval", 3600);
  await page.fill("#publish-responseTopic", "test/answers");
  await page.fill("#publish-correlationData", "request 7");
  await page.check("#publish-payloadFormatIndicator");
  for (const [i, value] of ["C", "K"].entries()) {
    await page.click("#publish-user-add");
    await page.fill(`#publish-part .pair >> nth=${i} >> input >> nth=0`, "unit");
    await page.fill(`#publish-part .pair >> nth=${i} >> input >> nth=1`, value);
  }
  await page.click("#publish");
  await page.click(rowOf("test/properties"));
  const facts = await page.locator("#detail .facts div").allTextContents();
  assert.deepEqual(facts.sort(), [
    "contentTypetext/plain",
    "correlationDatarequest 7",
    "messageExpiryInterval3600",
    "payloadFormatIndicatortrue",
    "responseTopictest/answers",
    "unitC, K",
  ]);
  await page.click("#resume");
  await page.click("#publish-part .pair button >> nth=0");
  assert.equal(await site.count("#publish-part .pair"), 1);
  await page.click("#publish-part summary");
});

test("options of a subscription in MQTT 5: not what this page publishes", async () => {
  await page.click("#subscribe-part summary");
  await page.check("#no-local");
  await site.subscribe("mine/#", 1);
  await page.uncheck("#no-local");
  await page.click("#subscribe-part summary");
  await site.write("mine/own", "from the page", { qos: 1 });
  await page.click("#publish");
  await site.shows("#send-result[data-kind=good]", "Published at QoS 1");
  await other.publishAsync("mine/others", "from another", { qos: 1 });
  await page.locator(rowOf("mine/others")).waitFor();
  assert.equal(await site.count(rowOf("mine/own")), 0);
});

test("the tree counts each level, opens with the keyboard, and shows the last payload", async () => {
  await site.go("topics");
  const row = (topic) => `#topics .v-row:not([hidden])[data-topic="${topic}"]`;
  await site.shows(`${row("home")} .number`, /^3$/);
  assert.equal(await site.count(row("home/bath")), 0);
  await page.click(row("home"));
  await page.keyboard.press("ArrowRight");
  await page.locator(row("home/bath")).waitFor();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await site.shows(`${row("home/bath/temperature")} .text`, '{"celsius":22,"at":"noon"}');
  assert.equal(await page.getAttribute(row("home/bath/temperature"), "aria-level"), "3");
  assert.equal(await page.getAttribute(row("home"), "aria-expanded"), "true");
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("ArrowLeft");
  await until(() => site.count(row("home/bath")).then((count) => count === 0), "closed again");
  await page.click("#open-topics");
  await page.click(row("home/bath/temperature"));
  await site.shows("#topic-detail pre", '"at": "noon"');
  await page.click("#topic-detail .segments button:text-is('Text')");
  await other.publishAsync("home/bath/temperature", '{"celsius":23,"at":"one"}', { qos: 1 });
  await site.shows("#topic-detail pre", '{"celsius":23,"at":"one"}');
  await site.shows("#topic-detail p", /^2 messages/);
  await page.click("#topic-detail button:text-is('Messages')");
  await site.shows("#only-topic code", "home/bath/temperature");
  await until(() => site.count(ROWS).then((count) => count === 2), "only its messages");
  await page.click("#only-topic button");
  await until(() => site.count(ROWS).then((count) => count > 5), "all messages");
});

test("what is kept is bounded: of 1,500 messages 1,000 are listed, in few rows", async () => {
  await page.selectOption("#keep", "1000");
  for (let i = 0; i < 1500; i++) other.publish("test/many", String(i), { qos: 1 });
  await site.shows(`${ROWS}:first-child .text`, /^1499$/);
  await page.focus("#messages");
  await page.keyboard.press("End");
  await page.locator(`${ROWS}[aria-posinset="1000"][data-topic="test/many"]`).waitFor();
  const rows = await site.count("#messages .v-row");
  assert.ok(rows < 60, `${rows} rows`);
  await page.click("#clear-messages");
  await until(() => site.count(ROWS).then((count) => count === 0), "cleared");
});

test("unsubscribe", async () => {
  await page.click('#subscriptions li[data-filter="test/#"] button[aria-label^="Unsubscribe"]');
  await page.locator('#subscriptions li[data-filter="test/#"]').waitFor({ state: "detached" });
  await other.publishAsync("test/unheard", "x", { qos: 1 });
  await other.publishAsync("kept/heard", "y", { qos: 1 });
  await page.locator(rowOf("kept/heard")).waitFor();
  assert.equal(await site.count(rowOf("test/unheard")), 0);
  assert.deepEqual(site.problems, []);
});
