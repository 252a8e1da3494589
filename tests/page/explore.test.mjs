// What one looks into: payloads in binary formats, the history of a topic and what changed, the tree's search and order.
// On the broker of `npm start` itself, with MQTT 5.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { encode as cbor } from "cborg";
import { encode as messagePack } from "@msgpack/msgpack";
import mqtt from "mqtt";
import { encodePayload } from "../../dist/sparkplug.mjs";
import { sharedFixtures } from "../support/fixtures.mjs";
import { openPage, until } from "./support/page.mjs";

let site;
let page;
let other;

const rowOf = (topic) => `#messages .v-row:not([hidden])[data-topic="${topic}"]`;
const send = (topic, payload, options = {}) =>
  other.publishAsync(topic, typeof payload === "string" ? payload : Buffer.from(payload), {
    qos: 1,
    ...options,
  });
const jsonShown = async () => JSON.parse(await page.locator("#detail .payload pre").innerText());
const decodeAs = (name) => page.selectOption("#detail select[aria-label='Decode the payload']", name);
const topicRows = () =>
  page.locator("#topics .v-row:not([hidden])").evaluateAll((rows) => rows.map((row) => row.dataset.topic));

after(() => other?.endAsync(true));

sharedFixtures({ site: openPage }, async (shared) => {
  ({ site } = shared);
  page = site.page;
  other = await mqtt.connectAsync(site.broker.url, { protocolVersion: 5 });
  await page.selectOption("#version", "5");
  await site.connect();
  await site.subscribe("#", 1);
});

test("the broker of npm start speaks MQTT 5: the version is shown, and properties arrive", async () => {
  await site.shows("#greeting", /MQTT5\.0/);
  await send("five/one", "x", { properties: { contentType: "text/plain", userProperties: { a: "b" } } });
  await page.click(rowOf("five/one"));
  await site.shows("#detail .facts", /contentTypetext\/plain/);
  await site.shows("#detail .facts", /ab/);
  await page.keyboard.press("Escape");
});

test("CBOR, MessagePack, Base64 and Sparkplug are shown decoded; the choice holds for the topic", async () => {
  await send("binary/cbor", cbor({ celsius: 21.5, list: [1, 2] }));
  await page.click(rowOf("binary/cbor"));
  await decodeAs("CBOR");
  await site.shows("#detail .payload pre", /celsius/);
  assert.deepEqual(await jsonShown(), { celsius: 21.5, list: [1, 2] });
  await decodeAs("MessagePack");
  await site.shows("#detail .payload pre", /^This is not MessagePack: /);
  await decodeAs("CBOR");
  await page.locator("#messages").press("Escape");
  await send("binary/cbor", cbor({ celsius: 22 }));
  await page.locator(rowOf("binary/cbor")).first().click();
  await site.shows("#detail .payload pre", /22/);
  assert.deepEqual(await jsonShown(), { celsius: 22 });
  await page.locator("#messages").press("Escape");

  await send("binary/pack", messagePack({ on: true, big: 2n ** 60n }, { useBigInt64: true }));
  await page.click(rowOf("binary/pack"));
  await decodeAs("MessagePack");
  await site.shows("#detail .payload pre", /big/);
  assert.deepEqual(await jsonShown(), { on: true, big: String(2n ** 60n) });
  await page.click("#detail .segments button:text-is('Base64')");
  await site.shows("#detail .payload pre", /^gqJvbsOjYmlnz/);
  await page.locator("#messages").press("Escape");

  const metrics = [{ name: "level", type: "Double", value: 1.5 }];
  await send("spBv1.0/g/DDATA/n/d", encodePayload({ timestamp: 5, seq: 1, metrics }));
  await page.click(rowOf("spBv1.0/g/DDATA/n/d"));
  await site.shows("#detail .payload pre", /level/);
  assert.equal((await jsonShown()).metrics[0].value, 1.5);
  await page.locator("#messages").press("Escape");
});

test("a .proto of the user's decodes protobuf; a file that is none says so", async () => {
  await send("binary/proto", [8, 150, 1, 18, 2, 104, 105]);
  await page.click(rowOf("binary/proto"));
  await decodeAs("Protobuf");
  const file = (text) => ({ name: "a.proto", mimeType: "text/plain", buffer: Buffer.from(text) });
  await page.setInputFiles("#detail input[type=file]", file("no proto"));
  await site.shows("#detail .result", /illegal/);
  const proto =
    'syntax = "proto3"; package p; message First { } message Reading { int32 level = 1; string note = 2; }';
  await page.setInputFiles("#detail input[type=file]", file(proto));
  await page.selectOption("#detail select[aria-label='Message of the .proto']", "p.Reading");
  await site.shows("#detail .payload pre", /level/);
  assert.deepEqual(await jsonShown(), { level: 150, note: "hi" });
  await page.locator("#messages").press("Escape");
});

test("a topic's history says what changed from one message to the next", async () => {
  for (const value of [1, 2]) await send("lamp/state", JSON.stringify({ on: true, level: value }));
  await site.go("topics");
  await page.click("#open-topics");
  await page.fill("#topic-search", "lamp/state");
  await page.click('#topics .v-row[data-topic="lamp/state"]');
  await page.click("#topic-detail summary");
  await site.shows("#topic-detail .diff ins", '"level": 2');
  await site.shows("#topic-detail .diff del", '"level": 1');
  await send("lamp/state", JSON.stringify({ on: false, level: 2 }));
  await site.shows("#topic-detail .diff ins", '"on": false');
  assert.equal(await site.count("#topic-detail details li"), 3);
  await page.click("#topic-detail details li:last-child button");
  await site.shows("#topic-detail details", /The first in the list/);
});

test("the tree is searched with its parents, and ordered by name or by the number of messages", async () => {
  await page.fill("#topic-search", "nothing like it");
  await until(async () => (await topicRows()).length === 0, "no row");
  await page.fill("#topic-search", "CBOR");
  await until(async () => (await topicRows()).join() === "binary,binary/cbor", "the topic and its parent");
  await page.fill("#topic-search", "");
  await page.click("#close-topics");
  await until(async () => (await topicRows()).join() === "binary,five,lamp,spBv1.0", "by name");
  await page.selectOption("#topic-order", "messages");
  await until(async () => (await topicRows()).join() === "binary,lamp,five,spBv1.0", "by number");
  // Looked for in the page, and before it is sent: the rate of a second is shown for a second.
  const rate = page.waitForFunction(() =>
    document.querySelector('#topics .v-row[data-topic="five"] .rate')?.textContent?.includes("1/s"),
  );
  await Promise.all([rate, send("five/two", "x")]);
});

/** Over WebDriver BiDi, as in Firefox, `fill` adds to what a field for numbers has. */
const fillNumber = async (selector, value) => {
  await page.locator(selector).evaluate((field) => {
    field.value = "";
  });
  await page.fill(selector, value);
};

test("Repeat publishes from a template, so many times or until it is stopped", async () => {
  await site.go("messages");
  await site.write("repeat/{{count}}", '{"n":{{count}},"r":{{random 5 6}}}', { qos: 1, type: "json" });
  await page.click("#repeat-part summary");
  await fillNumber("#repeat-every", "0.1");
  await fillNumber("#repeat-times", "3");
  await page.click("#repeat");
  await site.shows("#send-result", "3 messages published, done");
  for (const n of [1, 2, 3])
    await site.shows(`${rowOf(`repeat/${n}`)} .text`, new RegExp(`^{"n":${n},"r":(5\\.\\d\\d|6\\.00)}$`));
  assert.equal(await site.count(rowOf("repeat/4")), 0);
  await fillNumber("#repeat-times", "");
  await page.fill("#search", "repeat/4"); // or the row of the fourth message soon leaves the screen
  await page.click("#repeat");
  await site.shows("#repeat", "Stop");
  await page.locator(rowOf("repeat/4")).waitFor();
  await page.click("#repeat");
  await site.shows("#send-result", /^Stopped after \d+ messages$/);
  await page.fill("#search", "");
  await fillNumber("#repeat-every", "0");
  await page.click("#repeat");
  await site.shows("#send-result[data-kind=bad]", "at least 0.01 s");
});

test("a file of JSON lines is published after a question; a line that is no message is named", async () => {
  const file = (text) => ({ name: "a.jsonl", mimeType: "application/x-ndjson", buffer: Buffer.from(text) });
  await page.setInputFiles("#lines-file", file('{"topic":"file/a","payload":"x"}\n{"payload":"no topic"}\n'));
  await site.shows("#send-result[data-kind=bad]", /^Line 2 is no message: it has no "topic"/);
  await page.setInputFiles("#lines-file", file("null\n"));
  await site.shows("#send-result[data-kind=bad]", /^Line 1 is no message: it has no "topic"/);
  await page.setInputFiles("#lines-file", file("\n"));
  await site.shows("#send-result[data-kind=bad]", "The file has no line with a message");
  const asked = [];
  page.once("dialog", (dialog) => {
    asked.push(dialog.message());
    dialog.accept();
  });
  await page.setInputFiles(
    "#lines-file",
    file('{"topic":"file/a","payload":"x","qos":1}\n{"topic":"file/b","payloadBase64":"AP8="}\n'),
  );
  await site.shows("#send-result", "2 of 2 messages published");
  assert.match(asked[0], /^Publish 2 messages to 127\.0\.0\.1:\d+\?$/);
  await site.shows(`${rowOf("file/b")} .text`, "00 ff");
});

test("the counters show what is not handled, what is suspected, and how fast acknowledgements come", async () => {
  await site.go("charts");
  await site.shows("#stats", /unhandled0/);
  await site.shows("#stat-ackP50", /\d ms$/);
});

test("JSON of any depth is shown, and what a payload says is never markup", async () => {
  await site.go("messages");
  await send("hostile/deep", "[".repeat(5_000) + "]".repeat(5_000));
  await page.click(rowOf("hostile/deep"));
  await site.shows("#detail .payload pre", /^\[\s*\[/);
  await page.locator("#messages").press("Escape");
  const markup = '<img src="x" onerror="globalThis.obeyed = true">';
  await send(markup, JSON.stringify({ [markup]: markup }), {
    properties: { contentType: markup, userProperties: { [markup]: markup } },
  });
  await page.locator("#messages .v-row:not([hidden])", { hasText: "onerror" }).first().click();
  await site.shows("#detail .payload pre", /onerror/);
  assert.equal(await page.locator(".centre img").count(), 0);
  assert.equal(await page.evaluate(() => /** @type {any} */ (globalThis).obeyed), undefined);
  await page.locator("#messages").press("Escape");
});

test("a saved connection fills the form again, without the password", async () => {
  await page.click("#disconnect");
  await site.shows("#state", /^stopped$/);
  await page.fill("#username", "anne");
  await page.fill("#password", "a-secret");
  await page.fill("#clientid", "saved-client");
  await page.click("#save-connection");
  const name = await page.inputValue("#saved");
  assert.match(name, /^anne@127\.0\.0\.1:\d+\/mqtt$/);
  assert.doesNotMatch(await page.evaluate(() => JSON.stringify(localStorage)), /a-secret/);
  await page.fill("#clientid", "other");
  await site.reload();
  assert.equal(await page.inputValue("#clientid"), "");
  await page.selectOption("#saved", name);
  assert.equal(await page.inputValue("#clientid"), "saved-client");
  assert.equal(await page.inputValue("#username"), "anne");
  assert.equal(await page.inputValue("#password"), "");
  assert.equal(await page.inputValue("#version"), "5");
  await page.click("#remove-connection");
  assert.equal(await page.evaluate(() => localStorage.length), 0);
});

test("saved connections that another program has damaged are none", async () => {
  for (const damaged of ["null", '"x"', '{"a":null,"b":{"fields":{}}}', "no JSON"]) {
    await page.evaluate((text) => localStorage.setItem("mqtt-lib connections", text), damaged);
    await site.reload();
    assert.deepEqual(await page.locator("#saved option").allTextContents(), ["None saved"], damaged);
  }
  await page.evaluate(() => localStorage.clear());
});
