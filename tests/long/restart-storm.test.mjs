// 50 clients whose broker is down for a while: their reconnect attempts are spread over time. They are counted at a proxy in
// front of the broker, which accepts every attempt and closes it while the broker is down. If this process could not run for
// a while, the attempts of that time happen at once: then they are related to that time and not to a tenth of a second.

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
const TIMEOUT_MS = 120_000;

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
  const end = back + TIMEOUT_MS;
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
  /** The attempts in the time of a bucket, as a rate for each 100 ms. */
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
  // With a fixed interval there would be 50 in one bucket, repeatedly.
  assert.ok(densest <= CLIENTS / 2, `${densest} of ${CLIENTS} clients tried within ${BUCKET} ms`);
  assert.ok(densest <= attempts / 3, `${densest} of ${attempts} attempts within ${BUCKET} ms`);
});

/** Records when timers of this process fired late. */
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
    /** How much delayed time was made up for in bucket `i` or the one before. */
    before(start, i) {
      const [begin, end] = [start + i * BUCKET, start + (i + 1) * BUCKET];
      const mine = found.filter(({ from, to }) => from < begin && to > begin - BUCKET && from < end);
      return mine.reduce((sum, { from }) => sum + (begin - from), 0);
    },
  };
}
