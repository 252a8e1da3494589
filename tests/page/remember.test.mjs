// What a reload preserves: everything if the user has chosen that, otherwise nothing, and never a password.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { openPage } from "./support/page.mjs";

let site;
let page;

before(async () => {
  site = await openPage();
  page = site.page;
});
after(() => site?.close());

const stored = () => page.evaluate(() => JSON.stringify(localStorage) + JSON.stringify(sessionStorage));

async function fill() {
  await page.fill("#clientid", "remembered");
  await page.fill("#username", "anne");
  await page.fill("#password", "a-secret");
  await page.fill("#topic", "test/draft");
}

test("without the wish nothing is stored, and a reload begins anew", async () => {
  await fill();
  await site.reload();
  assert.equal(await page.inputValue("#clientid"), "");
  assert.equal(await stored(), "{}{}");
});

test("with it fields, properties, subscriptions and the theme come back; the password does not", async () => {
  await page.check("#remember");
  await fill();
  await page.selectOption("#version", "5");
  await page.click("#publish-part summary");
  await page.fill("#publish-contentType", "text/plain");
  await page.click("#publish-user-add");
  await page.fill("#publish-part .pair input >> nth=0", "unit");
  await page.fill("#publish-part .pair input >> nth=1", "C");
  await page.selectOption("#version", "4");
  await page.click("#theme");
  await site.connect();
  await site.subscribe("test/#", 1);
  await page.click('#subscriptions li[data-filter="test/#"] .swatch');
  await site.go("topics");
  await site.reload();

  assert.equal(await page.isChecked("#remember"), true);
  const fields = ["clientid", "username", "password", "topic", "publish-contentType"];
  const values = await Promise.all(fields.map((id) => page.inputValue(`#${id}`)));
  assert.deepEqual(values, ["remembered", "anne", "", "test/draft", "text/plain"]);
  assert.equal(await page.inputValue("#publish-part .pair input >> nth=1"), "C");
  assert.equal(await page.locator("html").getAttribute("data-theme"), "light");
  assert.equal(
    await page.locator('#subscriptions li[data-filter="test/#"]').getAttribute("data-colour"),
    "1",
  );
  assert.equal(await page.locator("#topics-view").isVisible(), true, "the view is in the address");
  assert.doesNotMatch((await stored()) + page.url(), /a-secret/);

  await site.connect();
  await site.shows('#subscriptions li[data-filter="test/#"][data-granted="1"]', "QoS 1");
});

test("a URL with a password in it is not stored either", async () => {
  await page.fill("#host", "http://anne:a-secret@broker.example");
  await page.fill("#topic", "test/after");
  await page.waitForFunction(() => /test.after/.test(localStorage.getItem("mqtt-lib") ?? ""));
  assert.doesNotMatch(await stored(), /a-secret/);
});

test("taking the wish back forgets everything", async () => {
  await page.uncheck("#remember");
  await site.reload();
  assert.equal(await stored(), "{}{}");
  assert.equal(await page.inputValue("#clientid"), "");
  assert.deepEqual(site.problems, []);
});
