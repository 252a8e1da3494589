// Chromium is the machine's own. Since Vitest 4 the provider is a function of a package.
import { playwright } from "@vitest/browser-playwright";

const launchOptions = { executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] };

export default {
  test: {
    browser: {
      enabled: true,
      headless: true,
      screenshotFailures: false,
      provider: playwright({ launchOptions }),
      instances: [{ browser: "chromium" }],
    },
  },
};
