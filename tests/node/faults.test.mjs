// A few of the seeded schedules of tests/long/faults.test.mjs; MQTT_SEED=n runs only that one.

import { after, before, describe, test } from "node:test";
import { runSchedule } from "../support/faults.mjs";
import { startMosquitto } from "../support/mosquitto.mjs";
import { seeds } from "../support/random.mjs";

const again = "node --test tests/node/faults.test.mjs with";

describe("while the proxy breaks connections nothing is lost, and at QoS 2 nothing comes twice", {
  concurrency: true,
}, () => {
  let broker;
  before(async () => {
    broker = await startMosquitto({ persistence: true });
  });
  after(() => broker?.stop());

  for (const seed of seeds(6)) {
    test(`seed ${seed}`, async (t) => {
      const figures = await runSchedule(broker, seed, { again });
      t.diagnostic(JSON.stringify(figures));
    });
  }
});
