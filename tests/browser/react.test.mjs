// mqtt-lib/react in Chromium, under StrictMode: what is on the wire, and what components show. The packets of the page are those
// of its WebSocket.

import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import mqtt from "mqtt";
import mqttPacket from "mqtt-packet";
import { startMosquitto } from "../support/mosquitto.mjs";
import { inChromium } from "./support/chromium.mjs";
import { clientOfSite } from "./support/react-bundle.mjs";

const shared = inChromium({ broker: startMosquitto, bundle });

/** The page's script; the client is that of the site. */
async function bundle() {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL("support/react-page.mjs", import.meta.url))],
    bundle: true,
    format: "esm",
    write: false,
    plugins: [clientOfSite],
    define: { "process.env.NODE_ENV": '"development"' },
  });
  return { text: outputFiles[0].text, stop() {} };
}

async function open(t) {
  const page = await shared.browser.newPage();
  t.after(() => page.close());
  const problems = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) problems.push(message.text());
  });
  page.on("pageerror", (error) => problems.push(error.message));
  const sent = [];
  page.on("websocket", (socket) => {
    const parser = mqttPacket.parser({ protocolVersion: 4 });
    parser.on("packet", (packet) => sent.push(packet));
    socket.on("framesent", ({ payload }) => parser.parse(payload));
  });
  await page.goto(shared.site.url);
  await page.addScriptTag({ type: "module", content: shared.bundle.text });
  await page.waitForFunction(() => globalThis.show !== undefined);
  const show = (given) =>
    page.evaluate((all) => globalThis.show(all), {
      credentials: { mqttserver: shared.broker.wsUrl },
      ...given,
    });
  const shows = (text) =>
    page.waitForFunction((part) => document.querySelector("main").textContent.includes(part), text);
  const texts = (tag) => page.$$eval(tag, (all) => all.map((one) => one.textContent));
  return {
    page,
    problems,
    sent,
    show,
    shows,
    texts,
    count: (cmd) => sent.filter((packet) => packet.cmd === cmd).length,
  };
}

const FILTERS = Array.from({ length: 10 }, (_, i) => `react/${i}/+`);

test("100 components on 10 filters: 10 SUBSCRIBEs, and none left after they are unmounted", async (t) => {
  const { page, problems, sent, show, shows, texts, count } = await open(t);
  const publisher = await mqtt.connectAsync(shared.broker.url);
  t.after(() => publisher.endAsync(true));
  await show({ count: 100, filters: FILTERS });
  await shows("connected true 0 none");
  await until(() => count("subscribe") === 10);
  for (const [i, filter] of FILTERS.entries())
    await publisher.publishAsync(filter.replace("+", "x"), `v${i}`, { qos: 1, retain: true });
  await page.waitForFunction(() => !document.querySelector("main").textContent.includes("-"));
  assert.deepEqual(
    await texts("b"),
    Array.from({ length: 100 }, (_, i) => `v${i % 10}`),
  );
  await show({ count: 0, filters: FILTERS });
  await until(() => count("unsubscribe") === 10);
  assert.equal(count("subscribe"), 10);
  const filters = sent.filter(({ cmd }) => cmd === "subscribe").flatMap(({ subscriptions }) => subscriptions);
  assert.deepEqual(
    filters.map(({ topic, qos }) => [topic, qos]).sort(),
    FILTERS.map((filter) => [filter, 1]),
  );
  const ended = sent
    .filter(({ cmd }) => cmd === "unsubscribe")
    .flatMap(({ unsubscriptions }) => unsubscriptions);
  assert.deepEqual(ended.sort(), FILTERS);
  assert.equal(count("connect"), 1);
  await page.evaluate(() => globalThis.unmount());
  await until(() => count("disconnect") === 1);
  assert.deepEqual(problems, []);
});

test("a component that is mounted later shows the last message, and one UNSUBSCRIBE comes with the last component", async (t) => {
  const { page, problems, show, shows, texts, count } = await open(t);
  await show({ count: 1, filters: ["late"] });
  await shows("connected true");
  await page.evaluate(() => globalThis.client.publish("late", "first", { qos: 1 }));
  await shows("first");
  await show({ count: 3, filters: ["late"] });
  assert.deepEqual(await texts("b"), ["first", "first", "first"]);
  await show({ count: 1, filters: ["late"] });
  await page.evaluate(() => globalThis.client.publish("late", "second", { qos: 1 }));
  await shows("second");
  assert.deepEqual([count("subscribe"), count("unsubscribe")], [1, 0]);
  await page.evaluate(() => globalThis.unmount());
  await until(() => count("disconnect") === 1);
  assert.deepEqual([count("connect"), count("unsubscribe"), problems.length], [1, 1, 0]);
});

test("useMessages keeps the newest up to its limit; useConnection shows a loss", async (t) => {
  const { page, show, shows, texts } = await open(t);
  const broker = await startMosquitto();
  t.after(() => broker.stop());
  await show({ count: 0, filters: ["list"], lists: 2, limit: 3, credentials: { mqttserver: broker.wsUrl } });
  await shows("connected true");
  await page.evaluate(async () => {
    for (let i = 1; i <= 5; i++) await globalThis.client.publish("list", String(i), { qos: 1 });
  });
  await shows("3,4,5");
  assert.deepEqual(await texts("i"), ["3,4,5", "3,4,5"]);
  await broker.stop();
  await shows("reconnecting false");
  assert.deepEqual(await texts("i"), ["3,4,5", "3,4,5"]);
});

test("what is unmounted before SUBACK is no error", async (t) => {
  const { page } = await open(t);
  const errors = await page.evaluate(
    async (credentials) => {
      const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
      for (let i = 0; i < 20; i++) {
        globalThis.show({ count: 1, filters: ["quick"], credentials });
        await pause(i * 3);
        globalThis.unmount();
        await pause(50);
      }
      return globalThis.errors;
    },
    { mqttserver: shared.broker.wsUrl },
  );
  assert.deepEqual(errors, []);
});

test("a component that is mounted while the client is stopped gets messages when it is started; Infinity keeps all", async (t) => {
  const { page, show, shows } = await open(t);
  await show({ count: 1, filters: ["before"] });
  await shows("connected true");
  await page.evaluate(() => globalThis.client.stop());
  await shows("stopped false");
  await show({ count: 1, lists: 1, limit: "Infinity", filters: ["after"] });
  await page.evaluate(() => globalThis.client.start());
  await shows("connected true");
  await page.evaluate(async () => {
    for (let i = 1; i <= 120; i++) await globalThis.client.publish("after", String(i), { qos: 1 });
  });
  await shows(Array.from({ length: 120 }, (_, i) => i + 1).join());
  assert.deepEqual(await page.evaluate(() => globalThis.errors), []);
});

test("a refused connection shows its error, and every attempt its number", async (t) => {
  const { page, show, shows } = await open(t);
  await show({
    count: 1,
    filters: ["a"],
    credentials: { mqttserver: "ws://127.0.0.1:1/mqtt", maxmqttreconnectdelay: 0.05 },
  });
  await shows("CONNECTION_REFUSED");
  await page.waitForFunction(() => Number(document.querySelector("u").textContent.split(" ")[2]) > 2);
});

async function until(condition) {
  const end = performance.now() + 20_000;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`it took too long: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
