// The charts and the benchmark: they show what happens. Speed is not asserted.

import assert from "node:assert/strict";
import { test } from "node:test";
import { sharedFixtures } from "../support/fixtures.mjs";
import { startMosquitto } from "../support/mosquitto.mjs";
import { openPage, until } from "./support/page.mjs";

let site;
let page;
let mosquitto;

sharedFixtures({ site: openPage, mosquitto: startMosquitto }, async (shared) => {
  ({ site, mosquitto } = shared);
  page = site.page;
  await site.connect(mosquitto.wsUrl);
});

const number = (selector) => site.text(selector).then((text) => Number(text.replaceAll(",", "")));

/** The number of drawn pixels in each chart. */
const drawn = () =>
  page.evaluate(() =>
    [...document.querySelectorAll("#charts canvas")].map((canvas) => {
      const { width, height } = /** @type {HTMLCanvasElement} */ (canvas);
      const data = /** @type {any} */ (canvas).getContext("2d").getImageData(0, 0, width, height).data;
      return data.filter((value, at) => at % 4 === 3 && value > 0).length;
    }),
  );

test("the counters count, and the four charts are drawn", async () => {
  await site.subscribe("test/#", 1);
  await site.write("test/a", "payload", { qos: 1 });
  for (let i = 0; i < 10; i++) await page.click("#publish");
  await site.go("charts");
  await until(async () => (await number("#stat-received")) >= 10, "received");
  assert.ok((await number("#stat-sent")) >= 10);
  assert.equal(await number("#stat-dropped"), 0);
  await until(
    async () => (await drawn()).filter((pixels) => pixels > 500).length === 4,
    "four charts with something in them",
  );
});

test("the numbers beside a chart are those under the pointer", async () => {
  const shown = () => site.text("#charts figure:first-child .series-1 b");
  await until(async () => (await shown()) === "0/s", "nothing comes any more");
  const box = await page.locator("#charts .u-over").first().boundingBox();
  assert.ok(box);
  let seen = "0/s";
  const scan = async () => {
    for (let x = box.width - 1; x > 0 && seen === "0/s"; x -= 2) {
      await page.mouse.move(box.x + x, box.y + box.height / 2);
      seen = await shown();
    }
    return seen !== "0/s";
  };
  // Once more: the chart moves on while it is scanned, and shows its newest second when it is drawn anew.
  await until(scan, "the second in which ten messages came");
  await page.mouse.move(5, 5);
  await until(async () => (await shown()) === "0/s", "the newest again");
});

test("the round trip is measured while it is wanted", async () => {
  await site.shows("#meter-rtt", /ms$/);
  await page.uncheck("#round-trip");
  await site.shows("#meter-rtt", /^–$/);
  await until(() => /Received UNSUBSCRIBE/.test(mosquitto.log()), "UNSUBSCRIBE in the broker's log");
  await page.check("#round-trip");
});

for (const [workload, qos] of [
  ["publish", 0],
  ["publish", 1],
  ["publish", 2],
  ["receive", 0],
  ["receive", 1],
  ["receive", 2],
  ["latency", 1],
]) {
  test(`benchmark: ${workload} at QoS ${qos}`, async () => {
    await site.go("bench");
    const runs = await site.count("#bench-results tbody tr");
    await page.selectOption("#bench-workload", String(workload));
    await page.selectOption("#bench-qos", String(qos));
    await site.number("#bench-count", workload === "latency" ? 50 : 1000);
    await page.click("#bench-run");
    await until(async () => (await site.count("#bench-results tbody tr")) === runs + 1, "a row of figures");
    const cells = await page.locator("#bench-results tbody tr").first().locator("td").allTextContents();
    assert.deepEqual(cells.slice(0, 2), [workload, String(qos)]);
    assert.match(cells[4], /^[\d,.]*[1-9][\d,.]*$/, "messages a second");
    assert.equal(cells.at(-1), "0", "lost");
    const measured = workload === "latency" || (workload === "publish" && qos > 0);
    assert.match(cells[6], measured ? /ms$/ : /^–$/);
    assert.equal(await page.isDisabled("#bench-stop"), true);
  });
}

test("a benchmark can be stopped, and leaves no connection behind", async () => {
  await page.selectOption("#bench-workload", "publish");
  await site.number("#bench-count", 1_000_000);
  await page.click("#bench-run");
  await page.waitForFunction(
    () => Number(document.querySelector("progress#bench-progress")?.getAttribute("value") ?? 0) >= 0,
  );
  await page.click("#bench-stop");
  await site.shows("#bench-status", "Stopped.");
  assert.equal(await page.isDisabled("#bench-run"), false);
  const logged = (pattern) => (mosquitto.log().match(pattern) ?? []).length;
  await until(
    () => logged(/Client \S+ disconnected/g) === logged(/New client connected/g) - 1,
    "only the page's own client is left",
  );
});

test("a broker that is not there is reported, and the page goes on", async () => {
  await site.number("#port", 1);
  await page.click("#bench-run");
  await site.shows("#bench-status[data-kind=bad]", "127.0.0.1:1");
  assert.equal(await page.isDisabled("#bench-run"), false);
  assert.equal(await site.text("#state"), "connected");
});
