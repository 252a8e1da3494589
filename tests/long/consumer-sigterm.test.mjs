// SIGTERM of a consumer under 2,000 messages a second, 10 times each: nothing is lost, nothing is handled twice. Mosquitto
// has its stock window of 20 messages. Only `max_queued_messages` is raised from 1,000: at that rate the stock queue is
// full after half a second in which nobody consumes, and the broker itself drops what comes then. MQTT_RUNS=n.

import assert from "node:assert/strict";
import { test } from "node:test";
import { sigtermUnderLoad } from "../support/consumer-sigterm.mjs";
import { printFigures } from "../support/figures.mjs";
import { startMosquitto } from "../support/mosquitto.mjs";

const RUNS = Number(process.env.MQTT_RUNS ?? 10);
const PER_SECOND = 2000;
const CONFIG = "max_inflight_messages 20\nmax_queued_messages 100000";

const middle = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

for (const version of [4, 5]) {
  for (const handlerMs of [20, 200]) {
    test(`SIGTERM at ${PER_SECOND} messages a second, handlers of ${handlerMs} ms, MQTT ${version}`, async () => {
      const runs = [];
      for (let i = 0; i < RUNS; i++) {
        const broker = await startMosquitto({ config: CONFIG });
        try {
          const load = { url: broker.url, version, handlerMs, perSecond: PER_SECOND, life: 700 + 60 * i };
          runs.push(await sigtermUnderLoad(load));
        } finally {
          await broker.stop();
        }
      }
      const sum = (of) => runs.reduce((total, run) => total + of(run), 0);
      const times = runs.map(({ exitMs }) => exitMs);
      printFigures(`SIGTERM, handlers of ${handlerMs} ms, MQTT ${version}`, {
        runs: RUNS,
        published: sum(({ published }) => published),
        "handled before the exit": sum(({ before }) => before),
        lost: sum(({ lost }) => lost.length),
        "handled twice": sum(({ twice }) => twice.length),
        "ms to the exit, median": Math.round(middle(times)),
        "ms to the exit, longest": Math.round(Math.max(...times)),
      });
      for (const { lost, twice, problems } of runs) {
        assert.deepEqual({ lost, twice, problems }, { lost: [], twice: [], problems: [] });
      }
      assert.ok(sum(({ before }) => before) > 0);
    });
  }
}
