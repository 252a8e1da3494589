// The page with 10,000 messages a second for half a minute, in Chromium with Mosquitto: nothing is lost, and memory is
// bounded. Prints frame times and the longest task with the limits of a smooth page; times are not asserted.
//   MQTT_LIB_PAGE_RATE and MQTT_LIB_PAGE_SECONDS change the load; with MQTT_LIB_BROWSER=firefox only frames are measured

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, test } from "node:test";
import { MqttCustom } from "mqtt-lib";
import { mebibytes, printFigures } from "../support/figures.mjs";
import { sharedFixtures } from "../support/fixtures.mjs";
import { startMosquitto } from "../support/mosquitto.mjs";
import { startWebSocketRelay } from "../support/websocket-relay.mjs";
import { FIREFOX } from "../page/support/browser.mjs";
import { openPage, until } from "../page/support/page.mjs";

const RATE = Number(process.env.MQTT_LIB_PAGE_RATE ?? 10_000);
const SECONDS = Number(process.env.MQTT_LIB_PAGE_SECONDS ?? 30);
const WARM_UP = 10;
/** A busy machine may need longer. */
const TIMEOUT_MS = 180_000;
const TOPICS = 200;
/** The interval of the publisher. */
const TICK_MS = 10;
/** How much memory the page may use more at the end than after the warm-up; keeping each message would exceed it. */
const ROOM = 24 * 2 ** 20;

let site;
let door;
let publisher;
let published = 0;

// Before the broker is stopped.
after(async () => {
  await publisher?.stop();
  door?.close();
});

sharedFixtures({ site: openPage, mosquitto: startMosquitto }, async ({ site: page, mosquitto }) => {
  site = page;
  publisher = new MqttCustom({ credentials: { mqttserver: mosquitto.url } });
  await publisher.start();
  door = await startWebSocketRelay(mosquitto.port);
  await site.connect(door.url);
  await site.subscribe("plant/#");
  // None that overlaps: with MQTT 5 mosquitto sends a copy for each filter.
  await site.subscribe("other/+/3");
});

/** Publishes at RATE, evenly; a late tick publishes what is overdue. @param {number} seconds */
async function publishFor(seconds) {
  const start = performance.now();
  const from = published;
  for (;;) {
    const elapsed = Math.min(performance.now() - start, seconds * 1000);
    const due = from + Math.floor((elapsed / 1000) * RATE);
    for (; published < due; published++) {
      const payload = `{"number":${published},"celsius":${20 + (published % 100) / 10},"ok":true}`;
      publisher.publish(`plant/line${published % TOPICS}/${published % 5}`, payload);
    }
    if (elapsed >= seconds * 1000) return;
    await new Promise((resolve) => setTimeout(resolve, TICK_MS));
  }
}

const received = () =>
  site.text("#message-count").then((/** @type {string} */ text) => Number(text.replaceAll(",", "")));

/** The memory of the page after garbage collection: the JavaScript heap, and the memory of its process. */
async function memory() {
  if (FIREFOX) return { heap: 0, resident: 0 };
  const cdp = await site.page.context().newCDPSession(site.page);
  await cdp.send("HeapProfiler.collectGarbage");
  const { usedSize, backingStorageSize = 0 } = /** @type {any} */ (await cdp.send("Runtime.getHeapUsage"));
  await cdp.detach();
  const whole = await site.browser.newBrowserCDPSession();
  const { processInfo } = await whole.send("SystemInfo.getProcessInfo");
  const resident = processInfo
    .filter(({ type }) => type === "renderer")
    .map(({ id }) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${id}/status`, "utf8"))?.[1]) * 1024);
  await whole.detach();
  return { heap: usedSize + backingStorageSize, resident: Math.max(...resident) };
}

/** Starts to record the times of frames and long tasks. */
const watch = () =>
  site.page.evaluate(() => {
    const seen = { frames: /** @type {number[]} */ ([]), tasks: /** @type {number[]} */ ([]) };
    Object.assign(globalThis, { seen });
    if (PerformanceObserver.supportedEntryTypes.includes("longtask")) {
      new PerformanceObserver((list) => {
        for (const { duration } of list.getEntries()) seen.tasks.push(duration);
      }).observe({ type: "longtask" });
    }
    let last = performance.now();
    const frame = (/** @type {number} */ now) => {
      seen.frames.push(now - last);
      last = now;
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  });

test(`${RATE} messages a second for ${SECONDS} s: all are counted, the list stays small, memory is bounded`, async () => {
  await publishFor(WARM_UP);
  await until(async () => (await received()) === published, "the warm-up has arrived", TIMEOUT_MS);
  const before = await memory();

  await watch();
  const start = performance.now();
  await publishFor(SECONDS);
  const late = published - (await received());
  const { frames, tasks } = await site.page.evaluate(() => /** @type {any} */ (globalThis).seen);
  const seconds = (performance.now() - start) / 1000;
  await until(async () => (await received()) === published, "every message has arrived", TIMEOUT_MS);
  const after = await memory();

  const sorted = Float64Array.from(frames).sort();
  const at = (/** @type {number} */ share) => sorted[Math.floor(share * (sorted.length - 1))];
  const longest = Math.max(0, ...tasks);
  const ms = (/** @type {number} */ value) => `${value.toFixed(1)} ms`;
  const limit = (/** @type {number} */ value, /** @type {number} */ most) =>
    `${ms(value)}, ${value < most ? "below" : "NOT below"} ${most} ms`;
  const rows = await site.count("#messages .v-row");
  printFigures(
    `The page in ${FIREFOX ? "Firefox" : "Chromium"} ${site.browser.version().split(".")[0]} under ${RATE.toLocaleString("en")} messages a second for ${SECONDS} s`,
    {
      "messages received": await received(),
      "on their way at the end": late,
      "frames a second": (frames.length / seconds).toFixed(1),
      "frame time, median": limit(at(0.5), 20),
      "frame time, 95 %": ms(at(0.95)),
      "frame time, longest": ms(at(1)),
      "rows in the document": rows,
      ...(!FIREFOX && {
        "longest task": limit(longest, 200),
        "tasks over 50 ms": tasks.length,
        "heap after the warm-up": mebibytes(before.heap),
        "heap at the end": mebibytes(after.heap),
        "resident after the warm-up": mebibytes(before.resident),
        "resident at the end": mebibytes(after.resident),
      }),
    },
  );
  assert.ok(rows < 60, `${rows} rows`);
  assert.ok(after.heap < before.heap + ROOM, `the heap has grown to ${mebibytes(after.heap)}`);
  assert.deepEqual(site.problems, []);
});
