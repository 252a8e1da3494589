// The wire log of the page: each packet, decoded, both ways, without secrets; filter, pause, bound.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import mqtt from "mqtt";
import { sharedFixtures } from "../support/fixtures.mjs";
import { startMosquitto } from "../support/mosquitto.mjs";
import { openPage, PHONE, until, WIDE } from "./support/page.mjs";

let site;
let page;
let mosquitto;
let other;

const ROWS = "#packets .v-row:not([hidden])";
const rowOf = (name, direction) => `${ROWS}[data-name=${name}][data-direction=${direction}]`;
/** Direction and name of the listed packets, the newest first. */
const listed = () =>
  page
    .locator(ROWS)
    .evaluateAll((rows) =>
      rows
        .sort((a, b) => Number(a.ariaPosInSet) - Number(b.ariaPosInSet))
        .map(({ dataset }) => `${dataset.direction} ${dataset.name}`),
    );

after(() => other?.endAsync(true)); // before its broker is stopped

sharedFixtures({ site: openPage, mosquitto: startMosquitto }, async (shared) => {
  ({ site, mosquitto } = shared);
  page = site.page;
  other = await mqtt.connectAsync(mosquitto.url);
  await site.go("charts");
  await page.uncheck("#round-trip");
  await page.fill("#username", "user-secret");
  await page.fill("#password", "password-secret");
  await page.selectOption("#version", "5");
  await site.go("packets");
});

test("packets are listed, the newest first, with direction, name, fields and size", async () => {
  await site.connect(mosquitto.wsUrl);
  await page.locator(rowOf("CONNACK", "received")).waitFor();
  await site.subscribe("test/#", 1);
  await other.publishAsync("test/wire", "hello <b>", { qos: 1 });
  await page.locator(rowOf("PUBACK", "sent")).waitFor();
  assert.deepEqual((await listed()).slice(0, 4), [
    "sent PUBACK",
    "received PUBLISH",
    "received SUBACK",
    "sent SUBSCRIBE",
  ]);
  await site.shows(`${rowOf("PUBLISH", "received")} .text`, /^"test\/wire" qos=1 messageId=1.* "hello <b>"$/);
  await site.shows(`${rowOf("PUBACK", "sent")} .size`, /^4 B$/);
  await site.shows(`${rowOf("PUBACK", "sent")} .time`, /^\d\d:\d\d:\d\d\.\d{3}$/);
});

test("user name and password are masked, in the row and in the details", async () => {
  await page.locator(rowOf("CONNECT", "sent")).last().click();
  await site.shows("#packet-detail .facts", /username\*\*\*/);
  await site.shows("#packet-detail .facts", /password\*\*\*/);
  await site.shows("#packet-detail .soft", / · sent · \d+ bytes · connection \d+$/);
  assert.doesNotMatch(await page.locator("#packets-view").innerHTML(), /secret/);
});

test("the details of a PUBLISH have its fields and its payload", async () => {
  await page.keyboard.press("Escape");
  await page.locator("#packet-detail").waitFor({ state: "hidden" });
  await page.locator(rowOf("PUBLISH", "received")).first().click();
  await site.shows("#packet-detail .facts", /topictest\/wire/);
  await site.shows("#packet-detail .facts", /qos1/);
  await site.shows("#packet-detail pre", "hello <b>");
  await page.click("#packet-detail button.quiet >> text=Close");
  assert.equal(await page.locator("#packet-detail").isHidden(), true);
});

test("pause holds the list, says how many came, and goes on with all of them", async () => {
  await page.click("#pause-packets");
  const before = await listed();
  for (let number = 0; number < 3; number++) await other.publishAsync("test/wire", `${number}`, { qos: 1 });
  await site.shows("#pause-packets", "Resume · 6 new");
  assert.deepEqual(await listed(), before);
  await page.click("#pause-packets");
  await site.shows("#pause-packets", /^Pause$/);
  assert.deepEqual((await listed()).slice(0, 2), ["sent PUBACK", "received PUBLISH"]);
  assert.equal(await site.count(rowOf("PUBLISH", "received")), 4);
});

test("without Pings the round trips of the page are not listed, and other UNSUBSCRIBEs are", async () => {
  await site.go("charts");
  await page.check("#round-trip");
  await site.go("packets");
  await page.locator(rowOf("UNSUBACK", "received")).first().waitFor();
  await page.uncheck("#packet-pings");
  await until(
    async () => !(await listed()).some((line) => /UNSUB|PING/.test(line)),
    "no round trip is listed",
  );
  await site.go("charts");
  await page.uncheck("#round-trip");
  await site.go("packets");
  await page.check("#packet-pings");
  await page.locator(rowOf("UNSUBACK", "received")).first().click();
  assert.doesNotMatch(await site.text("#packet-detail"), /false/);
  await page.keyboard.press("Escape");
});

test("the filter finds names, topics and fields, and directions; what comes is filtered, too", async () => {
  await page.fill("#packet-filter", "publish");
  await until(async () => (await listed()).every((one) => one === "received PUBLISH"), "PUBLISH alone");
  await other.publishAsync("test/wire", "filtered", { qos: 1 });
  await site.shows(`${rowOf("PUBLISH", "received")} .text`, "filtered");
  assert.equal(await site.count(ROWS), 5);
  await page.fill("#packet-filter", "TEST/WIRE");
  await page.selectOption("#packet-way", "sent");
  await until(async () => (await site.count(ROWS)) === 0, "nothing matches");
  assert.match(await page.getAttribute("#packets", "data-empty"), /^None of the \d+ kept packets matches\.$/);
  await page.fill("#packet-filter", "");
  await until(async () => (await listed()).every((one) => one.startsWith("sent ")), "what was sent");
  await page.selectOption("#packet-way", "");
});

test("the number of kept packets is bounded, and the newest stay", async () => {
  await page.evaluate(async () => {
    const { createPackets } = await import("./model/packets.mjs");
    const packets = createPackets({ keep: 10 });
    for (let number = 0; number < 25; number++)
      packets.add({ direction: "sent", packet: { cmd: "pingreq" }, toString: () => `line ${number}` });
    globalThis.result = [
      packets.kept,
      packets.total,
      packets.shown.newest(0).line,
      packets.shown.newest(9).line,
    ];
    packets.filter({ text: "line 2" });
    globalThis.result.push(packets.shown.length);
    packets.filter({ text: "", pings: false });
    globalThis.result.push(packets.shown.length);
  });
  assert.deepEqual(await page.evaluate(() => globalThis.result), [10, 25, "line 24", "line 15", 5, 0]);
});

test("a reconnect is another connection in the list, and Clear empties it", async () => {
  await page.click("#clear-packets");
  await until(async () => (await site.count(ROWS)) === 0, "an empty list");
  await site.disconnect();
  await site.connect();
  await page.locator(rowOf("CONNECT", "sent")).first().click();
  await site.shows("#packet-detail .soft", /connection 2$/);
  await page.keyboard.press("Escape");
});

test("on a phone each packet has two lines, and the list scrolls in itself", async () => {
  await page.setViewportSize(PHONE);
  const row = await page.locator(rowOf("CONNECT", "sent")).first().boundingBox();
  assert.equal(row.height, 46);
  assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= PHONE.width);
  await page.setViewportSize(WIDE);
  assert.deepEqual(site.problems, []);
});
