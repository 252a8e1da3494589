// 100 seeded schedules through the proxy with a real mosquitto, and 1,000 in the simulation of the engine. MQTT_SEED=n runs
// only that schedule of the proxy.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { run } from "../../scripts/run.mjs";
import { runSchedule, total } from "../support/faults.mjs";
import { printFigures } from "../support/figures.mjs";
import { startMosquitto } from "../support/mosquitto.mjs";
import { seeds } from "../support/random.mjs";

const again = "node --test tests/long/faults.test.mjs with";
const AT_ONCE = 5;
const SIMULATED = 1000;

let broker;
before(async () => {
  broker = await startMosquitto({ persistence: true });
});
after(() => broker?.stop());

test("100 schedules through the proxy: nothing lost, QoS 2 exactly once, every promise settled", async () => {
  const results = [];
  const failed = [];
  const left = seeds(100);
  const chosen = left.length;
  async function work() {
    for (let seed = left.shift(); seed !== undefined; seed = left.shift()) {
      try {
        results.push(await runSchedule(broker, seed, { again }));
      } catch (error) {
        failed.push({ seed, error });
      }
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  if (results.length > 0) printFigures("schedules through the proxy against mosquitto", total(results));
  for (const { error } of failed) console.error(error);
  assert.deepEqual(
    failed.map(({ seed }) => seed),
    [],
    "seeds that failed",
  );
  assert.equal(results.length, chosen);
});

test("1,000 schedules in the engine's simulation, in each version", {
  skip: process.env.MQTT_SEED !== undefined,
}, async () => {
  const start = performance.now();
  const { code, output } = await run("cargo", ["test", "--release", "--lib", "random::the_laws_hold"], {
    capture: true,
    env: { MQTT_SEEDS: `0..${SIMULATED}` },
  });
  const seed = /seed \d+ fails.*/.exec(output)?.[0];
  assert.equal(code, 0, seed ? `${seed}\n${output}` : output);
  assert.match(output, /test result: ok\. 2 passed/, "in both versions");
  const took = /finished in ([\d.]+)s/.exec(output)?.[1] ?? ((performance.now() - start) / 1000).toFixed(1);
  printFigures("schedules in the engine's simulation", {
    "schedules, in each version": SIMULATED,
    failed: 0,
    "seconds, without building": took,
  });
});
