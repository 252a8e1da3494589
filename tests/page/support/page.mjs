// The page of `npm start`, served by the embedded broker and opened in a browser, with the actions that its tests share.

import assert from "node:assert/strict";
import { startEmbedded } from "../../support/embedded.mjs";
import { startAll, stopAll } from "../../support/fixtures.mjs";
import { openBrowser } from "./browser.mjs";

export const TIMEOUT_MS = 15_000;
export const WIDE = { width: 1280, height: 860 };
export const PHONE = { width: 390, height: 844 };

/** Polls until the condition holds. @param {() => unknown} holds @param {string} what */
export async function until(holds, what, timeout = TIMEOUT_MS) {
  const end = performance.now() + timeout;
  while (!(await holds())) {
    if (performance.now() > end) assert.fail(`not within ${timeout} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** @param {{ viewport?: { width: number, height: number }, url?: string }} options `url` of the page, if another server serves it */
export async function openPage({ viewport = WIDE, url } = {}) {
  const started = await startAll({ broker: startEmbedded, browser: openBrowser });
  const { broker, browser } = started;
  const page = await browser.newPage({ viewport });
  page.setDefaultTimeout(TIMEOUT_MS);
  /** Errors and warnings of the page's console, and failed requests. @type {string[]} */
  const problems = [];
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") problems.push(message.text());
  });
  page.on("pageerror", (error) => problems.push(error.message));
  /** While a reload aborts what is still loaded: Chromium asks for the icon of the tab after everything else. */
  let leaving = false;
  page.on("requestfailed", (request) => {
    const why = request.failure()?.errorText;
    if (!(leaving && /ABORTED/.test(why ?? ""))) problems.push(`${request.url()} failed: ${why}`);
  });

  /** Resolves once an element that matches the selector has this text. @param {string} selector @param {string | RegExp} text */
  const shows = (selector, text) => page.locator(selector, { hasText: text }).first().waitFor();

  const ready = () => page.locator("html[data-ready]").waitFor({ state: "attached" });
  try {
    await page.goto(url ?? broker.page);
    await ready();
  } catch (error) {
    await stopAll(started);
    throw error;
  }

  return {
    broker,
    browser,
    page,
    problems,
    shows,
    async reload() {
      leaving = true;
      await page.reload();
      leaving = false;
      await ready();
    },
    count: (selector) => page.locator(selector).count(),
    text: async (selector) => (await page.textContent(selector))?.trim(),

    /** @param {string} [address] of the broker, if it is not the one that serves the page */
    async connect(address) {
      if (address !== undefined) await page.fill("#host", address);
      await page.click("#connect");
      await shows("#state", /^connected$/);
    },
    async disconnect() {
      await page.click("#disconnect");
      await shows("#state", /^stopped$/);
    },
    async subscribe(filter, qos = 0) {
      await page.fill("#subscribe-topic", filter);
      await page.selectOption("#subscribe-qos", String(qos));
      await page.click("#subscribe");
      await page
        .locator(`#subscriptions li[data-filter="${filter}"][data-granted]:not([data-granted=""])`)
        .waitFor();
    },
    /** Fills a number field, emptied first, because Firefox would append. @param {string} selector @param {number} value */
    async number(selector, value) {
      await page.locator(selector).evaluate((field) => {
        /** @type {any} */ (field).value = "";
      });
      await page.fill(selector, String(value));
    },
    async write(topic, payload, { qos = 0, type = "text" } = {}) {
      await page.fill("#topic", topic);
      await page.selectOption("#payload-type", type);
      await page.fill("#payload", payload);
      await page.selectOption("#qos", String(qos));
    },
    /** @param {string} name */
    async go(name) {
      await page.click(`nav.views a[href="#${name}"]`);
      await page.locator(`[data-of="${name}"][data-shown]`).waitFor();
    },
    async close() {
      await browser.close();
      await broker.stop();
    },
  };
}
