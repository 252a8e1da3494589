// Chromium, and for the tests of one file the site in it. Owns the flags with which it runs here.

import { chromium } from "playwright-core";
import { forTheFile } from "../../support/for-the-file.mjs";
import { startSite } from "./site.mjs";

export function launch(flags = []) {
  return chromium.launch({
    executablePath: "/usr/bin/chromium",
    // A time limit of the test runner must end this process, not only the browser.
    handleSIGTERM: false,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-dev-shm-usage",
      "--disable-background-networking",
      ...flags,
    ],
  });
}

/** `browser` and `site`, and what else the file `starts` (see for-the-file.mjs). */
export function inChromium(starts = {}, flags = []) {
  return forTheFile({ site: startSite, browser: () => launch(flags), ...starts });
}

/** A page of this test. */
export async function openPage(t, { browser, site }, path = "/") {
  const page = await browser.newPage();
  t.after(() => page.close());
  await page.goto(site.url + path);
  site.asked = 0;
  return page;
}
