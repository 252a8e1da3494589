// 100 seeded schedules of faults through the proxy with a mosquitto whose settings are its own (`max_inflight_messages` 20,
// `max_queued_messages` 1000), in MQTT 3.1.1 and in 5. MQTT_SEED=n runs only that schedule.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import mosquitto from "../brokers/brokers/mosquitto.mjs";
import { runSchedule, total } from "../support/faults.mjs";
import { printFigures } from "../support/figures.mjs";
import { seeds } from "../support/random.mjs";

const AT_ONCE = 5;

let started;
let broker;
before(async () => {
  started = await mosquitto.start();
  const { mqtt, ws } = started.nodes[0].urls[4];
  broker = { url: mqtt, wsUrl: ws, port: Number(new URL(mqtt).port), wsPort: Number(new URL(ws).port) };
});
after(() => started?.stop());

for (const mqttversion of [4, 5]) {
  test(`100 schedules with a stock mosquitto, MQTT ${mqttversion}: nothing lost, QoS 2 exactly once, every promise settled`, async () => {
    const again = "node --test tests/long/stock-faults.test.mjs with";
    const results = [];
    const failed = [];
    const left = seeds(100);
    const chosen = left.length;
    async function work() {
      for (let seed = left.shift(); seed !== undefined; seed = left.shift()) {
        try {
          results.push(await runSchedule(broker, seed, { again, mqttversion }));
        } catch (error) {
          failed.push({ seed, error });
        }
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    if (results.length > 0)
      printFigures(`schedules with a stock mosquitto, MQTT ${mqttversion}`, total(results));
    for (const story of results.flatMap(({ stories }) => stories)) console.log(story);
    for (const { error } of failed) console.error(error);
    assert.deepEqual(
      failed.map(({ seed }) => seed),
      [],
      "seeds that failed",
    );
    assert.equal(results.length, chosen);
  });
}
