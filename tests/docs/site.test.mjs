// The documentation site builds without a warning, all its internal links work, and its pages fit the screen of a phone.

import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import { makeSite, SITE } from "../../scripts/docs.mjs";
import { launchChromium } from "../support/chromium.mjs";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

let browser;
let pages;

before(async () => {
  await makeSite();
  pages = readdirSync(SITE, { recursive: true }).filter((name) => name.endsWith(".html"));
  browser = await launchChromium();
});

after(() => browser?.close());

const ids = new Map();
function hasId(file, id) {
  if (!ids.has(file)) {
    ids.set(
      file,
      new Set([...readFileSync(file, "utf8").matchAll(/\bid="([^"]*)"/g)].map(([, name]) => name)),
    );
  }
  return ids.get(file).has(id);
}

test("every link leads to a file of the site, and to a place in it", () => {
  assert.ok(pages.length > 30, `${pages.length} pages`);
  const dead = [];
  let count = 0;
  for (const page of pages) {
    const file = join(SITE, page);
    for (const [, link] of readFileSync(file, "utf8").matchAll(/\bhref="([^"]*)"/g)) {
      if (/^(https?|data|mailto):/.test(link)) continue;
      count += 1;
      const [path, hash] = decodeURI(link).split("#");
      const target = path === "" ? file : join(dirname(file), path.split("?")[0]);
      if (!existsSync(target)) dead.push(`${page}: ${link}`);
      else if (hash && target.endsWith(".html") && !hasId(target, hash))
        dead.push(`${page}: ${link} (no such place)`);
    }
  }
  assert.ok(count > 500, `${count} links`);
  assert.deepEqual([...new Set(dead)], []);
});

/** Guides with all kinds of content: axe takes seconds for each. */
const LOOKED_AT = /index|Getting_started|Command_line|The_page|Troubleshooting|Performance/;

/** The serious violations that axe reports. */
async function findings(page) {
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() => globalThis.axe.run());
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(" | ")}`);
}

for (const [device, viewport, colorScheme] of [
  ["a phone, light", { width: 320, height: 640 }, "light"],
  ["a desktop, dark", { width: 1280, height: 900 }, "dark"],
]) {
  test(`guides on ${device}: a heading, no error, nothing wider than the screen, and no serious finding of axe`, async () => {
    const page = await browser.newPage({ viewport, colorScheme });
    const problems = [];
    page.on("pageerror", (error) => problems.push(error.message));
    const guides = pages.filter((name) => name === "index.html" || name.startsWith("documents"));
    assert.ok(guides.length > 10);
    for (const guide of guides) {
      await page.goto(pathToFileURL(join(SITE, guide)).href);
      assert.ok(await page.locator("h1").first().isVisible(), guide);
      const [wide, screen] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
      assert.ok(wide <= screen, `${relative(SITE, join(SITE, guide))} is ${wide} wide on ${screen}`);
      if (LOOKED_AT.test(guide)) assert.deepEqual(await findings(page), [], guide);
    }
    assert.deepEqual(problems, []);
    await page.close();
  });
}

test("each guide leads to the one before and the one after, in the order of the sidebar, through all of them", async () => {
  const page = await browser.newPage();
  const guides = pages.filter((name) => name.startsWith("documents"));
  const start = guides.find((name) => name.includes("Getting_started"));
  await page.goto(pathToFileURL(join(SITE, start)).href);
  const seen = [await page.title()];
  while ((await page.locator(".previous-next a[rel=next]").count()) > 0) {
    const from = await page.title();
    await page.click(".previous-next a[rel=next]");
    const back = await page.locator(".previous-next a[rel=prev]").innerText();
    assert.ok(from.startsWith(back.replace("Before: ", "")), `${from}: ${back}`);
    seen.push(await page.title());
  }
  assert.equal(new Set(seen).size, guides.length);
  await page.close();
});

/** What newcomers ask, in the words that they type, and a page that answers. */
const QUESTIONS = {
  password: ["Signing in", "Troubleshooting"],
  "self-signed certificate": ["TLS", "Troubleshooting"],
  "websocket port 9001": ["Getting started", "Loading", "API", "The API by example"],
  "sigterm kubernetes": ["A consumer that loses nothing"],
  "dead letter": ["A consumer that loses nothing"],
  "acknowledge after handler": ["A consumer that loses nothing"],
  "offline queue": ["Offline and persistence"],
  indexeddb: ["Offline and persistence"],
  "drop-oldest": ["Offline and persistence"],
  "batch json array": ["Batching and queues"],
  "last will": ["From MQTT.js", "API", "Options", "The API by example", "From Python"],
  "shared subscription": ["Scaling out"],
  "aws iot": ["Signing in", "TLS"],
  "request response": ["MQTT 5"],
  vite: ["Where it runs"],
  "content security policy": ["Content security policy"],
  handleMessage: ["From MQTT.js", "The drop-in for MQTT.js", "mqtt-lib/mqttjs"],
  rabbitmq: ["Brokers"],
  "opentelemetry trace": ["OpenTelemetry"],
  wasmtime: ["WASI"],
  ECONNREFUSED: ["Troubleshooting"],
  "wrong password": ["Troubleshooting"],
  "not authorized": ["Troubleshooting"],
  "message not received": ["Troubleshooting"],
  "next.js": ["Where it runs"],
  "aws lambda": ["Where it runs"],
  docker: ["Testing"],
  "unit test": ["Testing"],
  backpressure: ["A consumer that loses nothing"],
  "how fast": ["Performance"],
  "bundle size": ["Loading it in Node, pages and workers"],
  "client id taken over": ["Troubleshooting"],
  "self signed": ["TLS"],
  "delete retained": ["Command line", "The page"],
  install: ["Getting started"],
  "hello world": ["Getting started"],
  dashboard: ["A dashboard in a page"],
  "reconnect loop": ["Troubleshooting"],
  "unhandled rejection": ["Getting started"],
  typescript: ["Typed topics", "Getting started"],
  "exactly once": ["What is guaranteed"],
  duplicates: ["A consumer that loses nothing", "What is guaranteed"],
  "user properties": ["MQTT 5", "Properties"],
  "client certificate": ["TLS"],
  jwt: ["Signing in"],
  cdn: ["Loading it in Node, pages and workers"],
  "local broker": ["Command line"],
  "load test": ["Command line"],
  "mqtt explorer": ["The page"],
  protobuf: ["The page"],
  grafana: ["OpenTelemetry"],
  "react hook": ["React, Vue and Svelte"],
  "service worker": ["Loading it in Node, pages and workers", "Where it runs", "One connection for all tabs"],
  migrate: ["From MQTT.js", "From Python"],
  paho: ["From Python", "Performance"],
  "queue full": ["Offline and persistence", "Troubleshooting"],
  "health check": ["Watching a client"],
  emqx: ["Brokers"],
  "order of messages": ["What is guaranteed"],
  "how to connect with username and password": ["Signing in"],
  "connect to mosquitto websocket": ["Getting started"],
  "reconnect automatically": ["Watching a client", "Troubleshooting"],
  "publish json": ["The API by example"],
  "retained message": ["The API by example"],
  "wildcard subscribe": ["Typed topics", "The API by example"],
  "qos 1 vs qos 2": ["What is guaranteed", "The API by example"],
  "keep alive timeout": ["Options"],
  "use with vite": ["Where it runs"],
  "migrate from mqtt.js": ["From MQTT.js"],
  "message lost": ["A consumer that loses nothing", "What is guaranteed"],
  "shared subscription load balancing": ["Scaling out"],
  unsubscribe: ["MqttCustom.unsubscribe", "The API by example"],
  "large payload": ["Options"],
  "mock broker in jest test": ["Testing"],
  "connection refused": ["Troubleshooting"],
  "python paho equivalent": ["From Python"],
  "print messages in terminal": ["Command line"],
  "react native": ["Where it runs"],
  "docker kubernetes": ["A consumer that loses nothing"],
};
/** Somebody who searches looks at the first few results. */
const FIRST = 3;

test("the search finds prose: a page for each question of a newcomer is among the first three", async () => {
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  await page.goto(pathToFileURL(join(SITE, "index.html")).href);
  await page.keyboard.press("/");
  const results = page.locator("#tsd-search-results");
  const missing = [];
  const ask = async (question) => {
    await page.fill("#tsd-search-input", "");
    await page.waitForFunction(() => document.querySelectorAll("#tsd-search-results li a").length === 0);
    const failed = page.waitForEvent("pageerror").then((error) => {
      throw new Error(`the search fails at "${question}"`, { cause: error });
    });
    await page.fill("#tsd-search-input", question);
    const answered = page.waitForFunction(() => document.querySelector("#tsd-search-results li") !== null);
    await Promise.race([answered, failed]);
    failed.catch(() => {});
  };
  // Everything that begins with this digit.
  for (let digit = 0; digit <= 9; digit++) await ask(String(digit));
  for (const [question, answers] of Object.entries(QUESTIONS)) {
    await ask(question);
    const found = (await results.locator("li").allInnerTexts()).slice(0, FIRST).join(" | ");
    if (!answers.some((answer) => found.includes(answer)))
      missing.push(`${question}: ${found.slice(0, 200)}`);
  }
  await page.close();
  assert.deepEqual(missing, []);
});

test("examples run in the page, with a broker in it, and print what is said below them", async () => {
  const page = await browser.newPage();
  const wrong = [];
  let count = 0;
  page.on("pageerror", (error) => wrong.push(error.message));
  for (const guide of pages.filter((name) => name.startsWith("documents"))) {
    await page.goto(pathToFileURL(join(SITE, guide)).href);
    const examples = await page.locator(".live").all();
    for (const example of examples) {
      await example.getByRole("button", { name: "Run in this page" }).click();
      await example.getByText("It has ended.").waitFor();
      const printed = (await example.locator("pre").innerText()).trim();
      const said = await example.evaluate((bar) => {
        const next = bar.nextElementSibling;
        return next?.matches("pre") ? (next.querySelector("code.text")?.innerText ?? "") : "";
      });
      if (printed !== said.trim()) wrong.push(`${guide}: ${printed}`);
      count += 1;
    }
  }
  assert.deepEqual(wrong, []);
  assert.ok(count > 20, `${count} examples`);
  await page.close();
});

test("an example can be changed, and stopped", async () => {
  const page = await browser.newPage();
  const guide = pages.find((name) => name.includes("Try_it"));
  await page.goto(pathToFileURL(join(SITE, guide)).href);
  const code = page.locator("pre:has(+ .live) > code").first();
  await code.fill(
    'import { MqttCustom } from "mqtt-lib";\nconst client = new MqttCustom();\nawait client.start();\nconsole.log({ a: [1, "b"] });',
  );
  const bar = page.locator(".live").first();
  await bar.getByRole("button").click();
  await bar.getByText("{ a: [ 1, 'b' ] }").waitFor();
  await bar.getByRole("button", { name: "Stop" }).click();
  await bar.getByText("It has ended.").waitFor();
  await page.close();
});
