// 20 seeded schedules of faults with the WASI component through the proxy, in MQTT 3.1.1 and in 5: over TCP and WebSocket.
// MQTT_SEED=n runs only that schedule.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import mosquitto from "../brokers/brokers/mosquitto.mjs";
import { buildWasi } from "../../scripts/build-wasi.mjs";
import { runSchedule, total } from "../support/faults.mjs";
import { printFigures } from "../support/figures.mjs";
import { seeds } from "../support/random.mjs";
import { WasiClient } from "../support/wasi-client.mjs";

const AT_ONCE = 3;

let started;
let broker;
before(async () => {
  await buildWasi();
  started = await mosquitto.start();
  const { mqtt, ws } = started.nodes[0].urls[4];
  broker = { url: mqtt, wsUrl: ws, port: Number(new URL(mqtt).port), wsPort: Number(new URL(ws).port) };
});
after(() => started?.stop());

for (const mqttversion of [4, 5]) {
  test(`20 schedules with the component, MQTT ${mqttversion}: nothing lost, QoS 2 exactly once, every call ends`, async () => {
    const again = "node --test tests/long/wasi-faults.test.mjs with";
    const make = (options) => new WasiClient(options);
    const results = [];
    const failed = [];
    const left = seeds(20);
    const chosen = left.length;
    async function work() {
      for (let seed = left.shift(); seed !== undefined; seed = left.shift()) {
        try {
          results.push(await runSchedule(broker, seed, { again, mqttversion, make, ms: 3000 }));
        } catch (error) {
          failed.push({ seed, error });
        }
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    if (results.length > 0) printFigures(`schedules with the component, MQTT ${mqttversion}`, total(results));
    for (const { error } of failed) console.error(error);
    assert.deepEqual(
      failed.map(({ seed }) => seed),
      [],
      "seeds that failed",
    );
    assert.equal(results.length, chosen);
  });
}
