// The page of docs/dashboard.md, as it stands there: retained values, new ones, and what it says of its connection.

import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import mqtt from "mqtt";
import { launchChromium } from "../support/chromium.mjs";
import { startMosquitto } from "../support/mosquitto.mjs";

const read = (name) => readFileSync(new URL(`../../${name}`, import.meta.url), "utf8");
const PAGE = read("docs/dashboard.md").match(/^```html\n([\s\S]*?)^```/m)[1];
const TYPES = { wasm: "application/wasm", mjs: "text/javascript", js: "text/javascript" };

let broker;
let browser;
let server;
let other;

before(async () => {
  broker = await startMosquitto();
  browser = await launchChromium();
  other = await mqtt.connectAsync(broker.url);
  server = createServer(({ url }, response) => {
    if (url === "/") {
      response.setHeader("Content-Type", "text/html");
      return response.end(PAGE.replace("localhost:9001", `127.0.0.1:${broker.wsPort}`));
    }
    const file = url.match(/^\/node_modules\/mqtt-lib\/(dist\/[\w.-]+\.(\w+))$/);
    if (!file) return response.writeHead(404).end();
    response.setHeader("Content-Type", TYPES[file[2]]);
    response.end(readFileSync(new URL(`../../${file[1]}`, import.meta.url)));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
});

after(async () => {
  server?.close();
  await other?.endAsync(true);
  await browser?.close();
  await broker?.stop();
});

test("the dashboard shows retained values and new ones as text, says that it lost the broker, and comes back", async () => {
  await other.publishAsync("home/kitchen", "21.5", { qos: 1, retain: true });
  const page = await browser.newPage();
  const problems = [];
  page.on("pageerror", (error) => problems.push(error.message));
  await page.goto(`http://127.0.0.1:${server.address().port}/`);
  await page.locator("dd", { hasText: "21.5" }).waitFor();
  await page.locator("#state", { hasText: /^connected$/ }).waitFor();
  await other.publishAsync("home/bath", "<b>24</b>", { qos: 1 });
  await page.locator("dd", { hasText: "<b>24</b>" }).waitFor();
  await broker.kill();
  await page.locator("#state", { hasText: /was lost|cannot connect/ }).waitFor(); // the next attempt has failed by then, or not
  const late = await browser.newPage();
  await late.goto(page.url());
  await late.locator("#state", { hasText: "cannot connect" }).waitFor();
  await broker.start();
  await page.locator("#state", { hasText: /^connected$/ }).waitFor();
  assert.deepEqual(problems, []);
});
