// Chromium is the machine's own. Until Vitest 3 the provider is a name, since 4 a function of a package.
import { readFileSync } from "node:fs";

const { version } = JSON.parse(readFileSync("node_modules/vitest/package.json", "utf8"));
const launchOptions = { executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] };
const old = Number.parseInt(version, 10) < 4;
const { playwright } = old ? {} : await import("@vitest/browser-playwright");
const instance = old ? { browser: "chromium", launch: launchOptions } : { browser: "chromium" };
const provider = old ? "playwright" : playwright({ launchOptions });

export default {
  test: {
    browser: { enabled: true, headless: true, screenshotFailures: false, provider, instances: [instance] },
  },
};
