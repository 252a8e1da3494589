// Debian's Chromium and Firefox, driven by WebDriver over HTTP, which both support.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort, untilAccepts } from "../../support/ports.mjs";

const TIMEOUT_MS = 45_000;
const SEVERE_WAIT_MS = 20_000;
const CHROMIUM = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"];
const BROWSERS = {
  Chromium: {
    driver: "chromedriver",
    capabilities: {
      "goog:chromeOptions": { binary: "/usr/bin/chromium", args: CHROMIUM },
      "goog:loggingPrefs": { browser: "SEVERE" },
    },
  },
  Firefox: { driver: "geckodriver", capabilities: { "moz:firefoxOptions": { args: ["-headless"] } } },
};

export async function openBrowser(name, ownArgs = []) {
  const { driver, capabilities: common } = BROWSERS[name];
  const capabilities = structuredClone(common);
  if (ownArgs.length > 0) capabilities["goog:chromeOptions"].args.push(...ownArgs);
  const port = await freePort();
  const child = spawn(driver, [`--port=${port}`], { stdio: "ignore" });
  let why;
  child.once("error", (error) => {
    why = `${driver} could not be started: ${error.message}`;
  });
  const ended = once(child, "close");
  const call = async (method, path, body) => {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
      method,
      headers: { "Content-Type": "application/json" },
      body: body && JSON.stringify(body),
    });
    const { value } = await answer.json();
    if (!answer.ok) throw new Error(`${name}: ${value.error}: ${value.message}`);
    return value;
  };
  const begin = async () => {
    await untilAccepts(port, { gone: () => why });
    return call("POST", "/session", { capabilities: { alwaysMatch: capabilities } });
  };
  const { sessionId, capabilities: got } = await begin().catch((error) => {
    child.kill();
    throw error;
  });
  const session = `/session/${sessionId}`;
  /** What the console of Chromium says is an error. */
  const errors = async () => {
    if (name !== "Chromium") return [];
    const entries = await call("POST", `${session}/se/log`, { type: "browser" });
    return entries.map(({ message }) => `error: ${message}`);
  };
  return {
    version: `${name} ${got.browserVersion.split(".")[0]}`,
    /** Opens a page and resolves with its title once it has the result. */
    async titleOf(url) {
      // What the page before it has said while its server ended is not of this one.
      await errors();
      await call("POST", `${session}/url`, { url });
      const begun = performance.now();
      const said = [];
      for (;;) {
        const title = await call("GET", `${session}/title`);
        if (/^(exchanged|failed)/.test(title)) return title;
        said.push(...(await errors()));
        const waits = performance.now() - begun;
        if (waits > TIMEOUT_MS || (said.length > 0 && waits > SEVERE_WAIT_MS)) {
          throw new Error(`${name} still shows "${title}" at ${url}\n${said.join("\n")}`);
        }
        await sleep(100);
      }
    },
    async close() {
      await call("DELETE", session).catch(() => {});
      child.kill();
      await ended;
    },
  };
}
