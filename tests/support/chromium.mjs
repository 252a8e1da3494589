// Debian's Chromium, through Playwright. Owns the flags with which it runs here.

import { chromium } from "playwright-core";

export function launchChromium(flags = []) {
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
