// Layout and accessibility of the page: no serious violation reported by axe in any view, light and dark, on a desktop and a
// phone; nothing wider than the screen; every field has a name. Writes screenshots to artifacts/.

import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import mqtt from "mqtt";
import { FIREFOX } from "./support/browser.mjs";
import { openPage, PHONE, WIDE } from "./support/page.mjs";

const PICTURES = fileURLToPath(new URL("../../artifacts/page", import.meta.url));
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const DESK = ["messages", "topics", "charts", "packets", "bench", "log"];
const HAND = ["connect", "messages", "topics", "publish", "charts", "packets", "bench", "log"];
const SIZES = { desktop: WIDE, tablet: { width: 900, height: 900 }, phone: PHONE };
const LINKS = { desktop: DESK, tablet: HAND.filter((name) => name !== "connect"), phone: HAND };

let site;
let page;
let other;

before(async () => {
  mkdirSync(PICTURES, { recursive: true });
  site = await openPage();
  page = site.page;
  await page.evaluate(AXE);
  other = await mqtt.connectAsync(site.broker.url);
  await populate();
});

after(async () => {
  await other?.endAsync(true);
  await site?.close();
});

/** Fills every panel with content. */
async function populate() {
  await other.publishAsync("home/kept", "kept", { qos: 1, retain: true });
  await site.connect();
  for (const [filter, qos] of [
    ["home/#", 2],
    ["factory/+/motor/#", 1],
    ["test/#", 0],
  ]) {
    await site.subscribe(filter, qos);
  }
  await site.write("test/batch", "waits");
  for (let i = 0; i < 3; i++) await page.click("#batch-publish");
  await site.write("test/queue", "waits too");
  for (let i = 0; i < 7; i++) await page.click("#qpublish");
  for (const [i, room] of ["kitchen", "bath", "cellar", "attic"].entries()) {
    const payload = JSON.stringify({ celsius: 20.5 + i, at: "2026-01-01T12:00:00Z", ok: true });
    await other.publishAsync(`home/${room}/temperature`, payload, { qos: 1 });
    await other.publishAsync(`factory/line${i}/motor/speed`, String(1000 + i), { qos: 1 });
  }
  await other.publishAsync("home/camera", Buffer.from([0xff, 0xd8, 0xff, 0, 16]), { qos: 1 });
  await site.shows("#message-count", /^1\d$/);
  await site.go("bench");
  await site.number("#bench-count", 200);
  await page.click("#bench-run");
  await page.locator("#bench-results td").first().waitFor();
  await site.write("test/+", "wrong");
  await page.click("#publish");
  await site.shows("#send-result[data-kind=bad]", "test/+");
  await site.go("topics");
  await page.click("#open-topics");
  await page.click('#topics .v-row[data-topic="home/kitchen/temperature"]');
  await site.go("messages");
  await page.click('#messages .v-row[data-topic="home/kitchen/temperature"]');
  await page.click("#will-part summary");
}

async function theme(wanted) {
  while ((await site.text("#theme-name")) !== wanted) await page.click("#theme");
}

/** The serious violations that axe reports. */
async function findings() {
  const { violations } = await page.evaluate(() => /** @type {any} */ (globalThis).axe.run());
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(" | ")}`);
}

for (const [size, viewport] of Object.entries(SIZES)) {
  test(`${size}: no serious finding in any view, light and dark, and nothing wider than the screen`, async () => {
    await page.setViewportSize(viewport);
    const found = [];
    for (const name of LINKS[size]) {
      await site.go(name);
      if (name === "charts") await page.locator("#charts canvas").nth(3).waitFor();
      for (const colours of ["light", "dark"]) {
        await theme(colours);
        for (const finding of await findings()) found.push(`${name}, ${colours}: ${finding}`);
        const file = `${FIREFOX ? "firefox-" : ""}${size}-${name}-${colours}.png`;
        await page.screenshot({ path: join(PICTURES, file) });
      }
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      if (overflow > 0) found.push(`${name}: ${overflow} px too wide`);
    }
    assert.deepEqual(found, []);
  });
}

test("every field and button has a name, and Tab reaches connection, views, messages and publishing", async () => {
  await page.setViewportSize(WIDE);
  await site.go("messages");
  const nameless = await page.evaluate(() =>
    [...document.querySelectorAll("input, select, textarea, button")]
      .filter((one) => {
        const { labels, textContent, ariaLabel } = /** @type {HTMLInputElement} */ (one);
        return !(labels?.length || textContent?.trim() || ariaLabel);
      })
      .map((one) => one.outerHTML),
  );
  assert.deepEqual(nameless, []);
  const reached = new Set();
  await page.focus("#theme");
  for (let i = 0; i < 90; i++) {
    await page.keyboard.press("Tab");
    reached.add(await page.evaluate(() => document.activeElement?.id));
  }
  for (const id of [
    "host",
    "disconnect",
    "subscribe-topic",
    "search",
    "messages",
    "pause",
    "topic",
    "payload",
    "publish",
    "flush",
  ]) {
    assert.ok(reached.has(id), `Tab does not reach ${id}`);
  }
});

/** Only in Chromium the preference of the system can be set. */
if (!FIREFOX)
  test("the system's choice of light or dark counts until the user makes one", async () => {
    await theme("auto");
    const background = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
    await page.emulateMedia({ colorScheme: "light" });
    const light = await background();
    await page.emulateMedia({ colorScheme: "dark" });
    assert.notEqual(await background(), light);
    await theme("light");
    assert.equal(await background(), light);
    assert.deepEqual(site.problems, []);
  });

/** Views that cannot be seen without scrolling, and heads whose controls stand out of them. */
const outside = () =>
  page.evaluate(() => {
    const isOut = (/** @type {Element} */ one) => {
      const { left, right } = one.getBoundingClientRect();
      return left < 0 || right > innerWidth + 0.5;
    };
    const links = [...document.querySelectorAll(".views a")].filter(isOut);
    const heads = [...document.querySelectorAll("[data-shown] > .title")].filter(
      (head) => head.scrollHeight > head.clientHeight + 1,
    );
    return [...links, ...heads].map(({ textContent }) => textContent?.trim());
  });

/** Choices narrower than the text that is chosen, and buttons of a view's head that are not in one line with the others. */
const cramped = () =>
  page.evaluate(() => {
    const cut = [...document.querySelectorAll("[data-shown] select")].filter((one) => {
      const select = /** @type {HTMLSelectElement} */ (one);
      const alone = /** @type {HTMLSelectElement} */ (select.cloneNode());
      alone.style.width = "auto";
      alone.append(new Option(select.selectedOptions[0]?.text));
      select.after(alone);
      const needed = alone.offsetWidth;
      alone.remove();
      return select.offsetWidth > 0 && select.offsetWidth < needed;
    });
    const heads = [...document.querySelectorAll("[data-shown] > .title")].filter((head) => {
      const buttons = [...head.querySelectorAll("button")];
      return new Set(buttons.map((button) => button.offsetTop)).size > 1;
    });
    return [...cut.map(({ id }) => id), ...heads.map(({ textContent }) => textContent?.trim())];
  });

for (const width of [320, 390, 820, 1440]) {
  test(`${width} px: in every view nothing is wider than the screen, and all views and controls can be seen and read`, async () => {
    await page.setViewportSize({ width, height: 640 });
    const links = width < 768 ? HAND : width < 1200 ? LINKS.tablet : DESK;
    for (const name of links) {
      await site.go(name);
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), width, name);
      assert.deepEqual(await outside(), [], name);
      assert.deepEqual(await cramped(), [], name);
    }
  });
}

test("1,280 px: search, choices and buttons of the messages are one line", async () => {
  await page.setViewportSize(WIDE);
  await site.go("messages");
  const lines = await page.evaluate(
    () =>
      new Set(
        [...document.querySelectorAll("#messages-view > .title :is(input[type=search], select, button)")].map(
          (one) => one.getBoundingClientRect().top,
        ),
      ).size,
  );
  assert.equal(lines, 1);
});

/** Only Chromium reports it. 0.1 is the bound of "good" of Core Web Vitals. */
if (!FIREFOX)
  for (const width of [320, 390, 820, 1440]) {
    test(`${width} px: nothing to speak of moves while the page loads`, async () => {
      const fresh = await site.browser.newPage({ viewport: { width, height: 900 } });
      await fresh.addInitScript(() => {
        const moved = /** @type {any[]} */ ([]);
        Object.assign(globalThis, { moved });
        new PerformanceObserver((list) => moved.push(...list.getEntries())).observe({
          type: "layout-shift",
          buffered: true,
        });
      });
      await fresh.goto(site.broker.page);
      await fresh.locator("html[data-ready]").waitFor({ state: "attached" });
      const shift = await fresh.evaluate(async () => {
        await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
        return /** @type {any} */ (globalThis).moved.reduce((sum, { value }) => sum + value, 0);
      });
      await fresh.close();
      assert.ok(shift < 0.1, `${shift}`);
    });
  }
