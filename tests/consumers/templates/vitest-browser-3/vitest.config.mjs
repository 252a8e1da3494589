// Chromium is the machine's own. Until Vitest 3 the provider is a name.
const launch = { executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] };

export default {
  test: {
    browser: {
      enabled: true,
      headless: true,
      screenshotFailures: false,
      provider: "playwright",
      instances: [{ browser: "chromium", launch }],
    },
  },
};
