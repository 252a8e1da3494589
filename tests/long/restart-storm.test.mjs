// 50 clients whose broker goes away for a while: their attempts to come back are spread over time, not a storm.
// They are counted at a proxy in front of the broker, which takes every attempt and cuts it while there is none.
// Where this process was kept from running, attempts of that whole time come at once: then it is that time, not
// a tenth of a second, that they are a share of.

import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { MqttCustom } from "mqtt-lib";
import { printFigures } from "../support/figures.mjs";
import { startMosquitto } from "../support/mosquitto.mjs";
import { startProxy } from "../support/proxy.mjs";

const CLIENTS = 50;
const BUCKET = 100;
const TICK = 10;
const AWAY = 8000;
const PATIENCE = 120_000;

test(`${CLIENTS} clients whose broker is restarted come back spread over time`, async (t) => {
  const broker = await startMosquitto();
  t.after(() => broker.stop());
  const proxy = await startProxy({ port: broker.port });
  t.after(() => proxy.stop());
  const clients = Array.from(
    { length: CLIENTS },
    (_, i) =>
      new MqttCustom({
        credentials: { mqttserver: proxy.url, mqttclientid: `storm-${i}`, maxmqttreconnectdelay: 8 },
        on_error: () => {},
      }),
  );
  t.after(() => Promise.all(clients.map((client) => client.stop())));
  await Promise.all(clients.map((client) => client.start()));

  const stalls = watchStalls(t);
  const before = proxy.arrivals.length;
  const start = performance.now();
  await broker.kill("SIGKILL");
  await sleep(AWAY);
  await broker.start();
  const back = performance.now();
  const end = back + PATIENCE;
  while (!clients.every((client) => client.connected)) {
    assert.ok(
      performance.now() < end,
      `${clients.filter((client) => !client.connected).length} did not come back`,
    );
    await sleep(20);
  }
  const took = performance.now() - back;

  const arrivals = proxy.arrivals.slice(before).map((at) => at - start);
  const buckets = new Array(Math.floor(arrivals.at(-1) / BUCKET) + 1).fill(0);
  for (const at of arrivals) buckets[Math.floor(at / BUCKET)] += 1;
  const attempts = arrivals.length;
  const highest = Math.max(...buckets);
  /** Attempts in the time that a bucket stands for, as so many in each 100 ms of it. */
  const density = buckets.map((count, i) => (count * BUCKET) / (BUCKET + stalls.before(start, i)));
  const densest = Math.max(...density);
  console.log(`\nattempts to reconnect by ${BUCKET} ms after the broker went (back after ${AWAY} ms)`);
  for (const [i, count] of buckets.entries()) {
    console.log(`${String(i * BUCKET).padStart(7)} ms ${"#".repeat(count)}${count ? ` ${count}` : ""}`);
  }
  printFigures("the broker of 50 clients restarted", {
    attempts,
    "most in one 100 ms": `${highest} (${((highest / attempts) * 100).toFixed(1)} % of all)`,
    "the same, where this process could not run spread over that time": densest.toFixed(1),
    "longest time that this process could not run": `${stalls.longest().toFixed(0)} ms`,
    "100 ms with an attempt": buckets.filter(Boolean).length,
    "all back after the broker was": `${took.toFixed(0)} ms`,
  });

  assert.ok(attempts >= CLIENTS);
  // At a fixed interval it would be 50 in one bucket, and again and again.
  assert.ok(densest <= CLIENTS / 2, `${densest} of ${CLIENTS} clients tried within ${BUCKET} ms`);
  assert.ok(densest <= attempts / 3, `${densest} of ${attempts} attempts within ${BUCKET} ms`);
});

/** Notes when timers of this process came late. */
function watchStalls(t) {
  const found = [];
  let last = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    if (now - last > TICK * 2) found.push({ from: last, to: now });
    last = now;
  }, TICK);
  t.after(() => clearInterval(timer));
  return {
    longest: () => Math.max(0, ...found.map(({ from, to }) => to - from)),
    /** How much of the time before bucket `i` was caught up with in it, or in the one before. */
    before(start, i) {
      const [begin, end] = [start + i * BUCKET, start + (i + 1) * BUCKET];
      const mine = found.filter(({ from, to }) => from < begin && to > begin - BUCKET && from < end);
      return mine.reduce((sum, { from }) => sum + (begin - from), 0);
    },
  };
}
