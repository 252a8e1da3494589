// Received messages, real brokers and real processes: a consumer that is killed, one that gets SIGTERM under load, a loop
// that is slower than the broker. tests/long/ has the same at length.

import assert from "node:assert/strict";
import { test } from "node:test";
import mosquitto from "../brokers/brokers/mosquitto.mjs";
import { EXPLANATIONS, killConsumers } from "../support/consumer-kills.mjs";
import { sigtermUnderLoad } from "../support/consumer-sigterm.mjs";
import { startMosquitto } from "../support/mosquitto.mjs";
import { SOURCES, slowLoop } from "../support/slow-loops.mjs";
import { withoutWindow } from "../support/without-window.mjs";

const KILLS = 5;
const RETRIES = { onFailure: "retry", retries: 50, retryDelay: 0.005 };

/** Handlers of 0 to 50 ms; one call in ten fails. */
const subscriptions = (qos) => [
  { filter: "jobs/left", options: { qos, onFailure: "leave" }, most: 50, failures: 0.1 },
  { filter: "jobs/again", options: { qos, ...RETRIES }, most: 50, failures: 0.1 },
];

for (const version of [4, 5]) {
  test(`a consumer that is killed leaves no job undone, MQTT ${version}`, async () => {
    const task = { broker: mosquitto, version, kills: KILLS, random: Math.random };
    const figures = await killConsumers({ ...task, subscriptions: subscriptions(1) });
    check(figures, Object.values(EXPLANATIONS));
  });

  test(`a consumer with a store that is killed does each job of QoS 2 once, MQTT ${version}`, async () => {
    const task = { broker: withoutWindow, version, kills: KILLS, random: Math.random, qos: 2 };
    const more = { store: "persistent" };
    const figures = await killConsumers({ ...task, more, subscriptions: subscriptions(2) });
    check(figures, [EXPLANATIONS.last]);
  });

  test(`SIGTERM under load loses nothing, and nothing is handled twice, MQTT ${version}`, async () => {
    const broker = await startMosquitto({ config: "max_inflight_messages 20" });
    try {
      const load = { url: broker.url, version, handlerMs: 50, perSecond: 2000, life: 300 };
      const { lost, twice, problems, before } = await sigtermUnderLoad(load);
      assert.deepEqual({ lost, twice, problems }, { lost: [], twice: [], problems: [] });
      assert.ok(before > 0);
    } finally {
      await broker.stop();
    }
  });
}

for (const [index, source] of Object.keys(SOURCES).entries()) {
  const version = 4 + index;
  test(`a loop that is slower than ${source} loses nothing, MQTT ${version}`, async () => {
    const { wrong, dropped, unhandled, errors } = await slowLoop({ source, version, count: 2000, at: [] });
    assert.deepEqual(
      { wrong, dropped, unhandled, errors },
      { wrong: undefined, dropped: 0, unhandled: 0, errors: [] },
    );
  });
}

function check({ jobs, undone, twice, problems }, explained) {
  const unexplained = Object.fromEntries(Object.entries(twice).filter(([why]) => !explained.includes(why)));
  assert.deepEqual({ undone, unexplained, problems }, { undone: [], unexplained: {}, problems: [] });
  assert.ok(jobs > KILLS, `${jobs}`);
}
