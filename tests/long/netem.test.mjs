// Seeded schedules of what a network does, between two network namespaces with a real mosquitto: nothing is lost and nothing
// hangs, in both directions. MQTT_SCHEDULES=n runs as many (200), MQTT_SEED=n that one, MQTT_AT_ONCE=n so many side by side.

import assert from "node:assert/strict";
import { test } from "node:test";
import { printFigures } from "../support/figures.mjs";
import { seeds } from "../support/random.mjs";
import { compileLink, missing, startNetwork } from "./network/namespaces.mjs";
import { runSchedule } from "./network/schedule.mjs";

const SCHEDULES = Number(process.env.MQTT_SCHEDULES ?? 200);
const AT_ONCE = Number(process.env.MQTT_AT_ONCE ?? 8);

test(`${SCHEDULES} schedules of a bad network: nothing lost, nothing hung`, { skip: missing() }, async () => {
  await compileLink();
  const left = seeds(SCHEDULES);
  const chosen = left.length;
  const results = [];
  const failed = [];
  async function work(number) {
    const network = await startNetwork(number, left[0] ?? 0);
    try {
      for (let seed = left.shift(); seed !== undefined; seed = left.shift()) {
        try {
          results.push(await runSchedule(network, seed));
        } catch (error) {
          failed.push(seed);
          console.error(error);
        }
      }
    } finally {
      await network.stop();
    }
  }
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, chosen) }, (_, number) => work(number)));
  const sum = (of) => results.reduce((all, result) => all + of(result), 0);
  const phases = {};
  for (const result of results) for (const phase of result.phases) phases[phase] = (phases[phase] ?? 0) + 1;
  const figures = {
    schedules: results.length,
    failed: failed.length,
    published: sum(({ out }) => out),
    received: sum(({ back, forgotten }) => back - forgotten),
    "forgotten by the broker with its session": sum(({ forgotten }) => forgotten),
    "sessions that the broker forgot": sum(({ forgottenSessions }) => forgottenSessions),
    "schedules in which it did": sum(({ forgottenSessions }) => Number(forgottenSessions > 0)),
    "QoS 1 twice": sum(({ twice }) => twice[1]),
    "QoS 2 twice, in flight when the broker forgot the session": sum(({ reasons }) => reasons.forgotten),
    "QoS 2 twice, by mosquitto after its own PUBREL": sum(({ reasons }) => reasons.pubrel),
    "QoS 2 twice for no reason": sum(({ reasons }) => reasons.none),
    reconnects: sum(({ reconnects }) => reconnects),
    "seconds until all was there, the longest": Math.max(...results.map(({ seconds }) => seconds)),
    ...phases,
  };
  printFigures("a bad network", figures);
  assert.deepEqual(failed, [], "seeds that failed");
  assert.equal(results.length, chosen);
});
