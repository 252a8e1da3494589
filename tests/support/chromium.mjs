// Debian's Chromium, driven by Playwright. Owns its flags.

import { chromium } from "playwright-core";

export function launchChromium(flags = []) {
  return chromium.launch({
    executablePath: "/usr/bin/chromium",
    // So that SIGTERM of the test runner ends this process and not only the browser.
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
