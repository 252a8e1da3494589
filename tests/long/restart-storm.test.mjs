// 50 clients whose broker goes away for a while: their attempts to come back are spread over time, not a storm.
// They are counted at a proxy in front of the broker, which takes every attempt and cuts it while there is none.

import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { MqttCustom } from "mqtt-lib";
import { printFigures } from "../support/figures.mjs";
import { startMosquitto } from "../support/mosquitto.mjs";
import { startProxy } from "../support/proxy.mjs";

const CLIENTS = 50;
const BUCKET = 100;
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

  const buckets = [];
  for (const at of proxy.arrivals.slice(before)) {
    const bucket = Math.floor((at - start) / BUCKET);
    buckets[bucket] = (buckets[bucket] ?? 0) + 1;
  }
  const attempts = proxy.arrivals.length - before;
  const highest = Math.max(...Array.from(buckets, (count) => count ?? 0));
  console.log(`\nattempts to reconnect by ${BUCKET} ms after the broker went (back after ${AWAY} ms)`);
  for (const [i, count] of Array.from(buckets, (count) => count ?? 0).entries()) {
    console.log(`${String(i * BUCKET).padStart(7)} ms ${"#".repeat(count)}${count ? ` ${count}` : ""}`);
  }
  printFigures("the broker of 50 clients restarted", {
    attempts,
    "most in one 100 ms": `${highest} (${((highest / attempts) * 100).toFixed(1)} % of all)`,
    "100 ms with an attempt": Array.from(buckets).filter(Boolean).length,
    "all back after the broker was": `${took.toFixed(0)} ms`,
  });

  assert.ok(attempts >= CLIENTS);
  // All at a fixed interval would be 50 in one bucket, and again and again.
  assert.ok(highest <= CLIENTS / 2, `${highest} of ${CLIENTS} clients tried within ${BUCKET} ms`);
  assert.ok(highest <= attempts / 3, `${highest} of ${attempts} attempts within ${BUCKET} ms`);
  for (const second of [0, 1]) {
    const of = Array.from(buckets).slice(second * 10, second * 10 + 10);
    assert.ok(of.filter(Boolean).length >= 3, `attempts of second ${second} are spread`);
  }
});
