// Chromium and the test site, as fixtures of a file.

import { launchChromium } from "../../support/chromium.mjs";
import { sharedFixtures } from "../../support/fixtures.mjs";
import { startSite } from "./site.mjs";

/** The fixtures `browser` and `site`, and those that the file `starts` (see fixtures.mjs). */
export function inChromium(starts = {}, flags = []) {
  return sharedFixtures({ site: startSite, browser: () => launchChromium(flags), ...starts });
}

/** Opens a page, which is closed after the test. */
export async function openPage(t, { browser, site }, path = "/") {
  const page = await browser.newPage();
  t.after(() => page.close());
  await page.goto(site.url + path);
  site.wasmRequests = 0;
  return page;
}
