// Chromium with the site in it, for the tests of one file.

import { launchChromium } from "../../support/chromium.mjs";
import { forTheFile } from "../../support/for-the-file.mjs";
import { startSite } from "./site.mjs";

/** `browser` and `site`, and what else the file `starts` (see for-the-file.mjs). */
export function inChromium(starts = {}, flags = []) {
  return forTheFile({ site: startSite, browser: () => launchChromium(flags), ...starts });
}

/** A page of this test. */
export async function openPage(t, { browser, site }, path = "/") {
  const page = await browser.newPage();
  t.after(() => page.close());
  await page.goto(site.url + path);
  site.asked = 0;
  return page;
}
