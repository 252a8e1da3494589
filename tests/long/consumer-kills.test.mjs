// 100 times SIGKILL of a consumer, at random times, on each of three brokers: no job is left undone, and each job that was
// done twice had not been acknowledged at a kill. With a store and QoS 2 only that job may be done twice whose end was the
// last thing that the process did. MQTT_SEED=n chooses other times, MQTT_KILLS=n their number.

import assert from "node:assert/strict";
import { test } from "node:test";
import mosquitto from "../brokers/brokers/mosquitto.mjs";
import { nats } from "../brokers/brokers/nats.mjs";
import { rabbitmq } from "../brokers/brokers/rabbitmq.mjs";
import { EXPLANATIONS, killConsumers } from "../support/consumer-kills.mjs";
import { printFigures } from "../support/figures.mjs";
import { randomOf } from "../support/random.mjs";
import { withoutWindow } from "../support/without-window.mjs";

const KILLS = Number(process.env.MQTT_KILLS ?? 100);
const EXPLAINED = Object.values(EXPLANATIONS);
/** Handlers of 0 to 50 ms; one call in ten fails. */
const SUBSCRIPTIONS = [
  { filter: "jobs/left", options: { qos: 1, onFailure: "leave" }, most: 50, failures: 0.1 },
  {
    filter: "jobs/again",
    options: { qos: 1, onFailure: "retry", retries: 50, retryDelay: 0.005 },
    most: 50,
    failures: 0.1,
  },
];
const CELLS = [
  [mosquitto, 4],
  [mosquitto, 5],
  [rabbitmq, 4],
  [nats, 4],
];

function print(title, kills, { jobs, undone, twice, cut }, explained) {
  printFigures(title, {
    kills,
    jobs,
    undone: undone.length,
    "in a handler at a kill": cut,
    "done twice": Object.values(twice).reduce((sum, count) => sum + count, 0),
    ...Object.fromEntries(explained.map((why) => [`  ${why}`, twice[why] ?? 0])),
  });
}

function check({ jobs, undone, twice, problems }, kills, explained) {
  const unexplained = Object.fromEntries(Object.entries(twice).filter(([why]) => !explained.includes(why)));
  assert.deepEqual({ undone, unexplained, problems }, { undone: [], unexplained: {}, problems: [] });
  assert.ok(jobs > kills, `${jobs}`);
}

for (const [broker, version] of CELLS) {
  test(`${KILLS} times SIGKILL of a consumer, ${broker.title}, MQTT ${version}: every job is done`, async () => {
    assert.equal(broker.missing(), undefined, "npm run test:brokers installs it");
    const seed = Number(process.env.MQTT_SEED ?? 1);
    const { next: random } = randomOf(seed, version);
    const figures = await killConsumers({
      broker,
      version,
      kills: KILLS,
      random,
      subscriptions: SUBSCRIPTIONS,
    });
    print(`SIGKILL of a consumer, ${broker.title}, MQTT ${version}, seed ${seed}`, KILLS, figures, EXPLAINED);
    check(figures, KILLS, EXPLAINED);
  });
}

for (const version of [4, 5]) {
  const kills = Math.ceil(KILLS / 2);
  test(`${kills} times SIGKILL of a consumer with a store, QoS 2, MQTT ${version}: each job is done once`, async () => {
    const seed = Number(process.env.MQTT_SEED ?? 1);
    const figures = await killConsumers({
      broker: withoutWindow,
      version,
      kills,
      random: randomOf(seed, version).next,
      qos: 2,
      subscriptions: SUBSCRIPTIONS.map((one) => ({ ...one, options: { ...one.options, qos: 2 } })),
      more: { store: "persistent" },
    });
    print(`SIGKILL of a consumer with a store, QoS 2, MQTT ${version}, seed ${seed}`, kills, figures, [
      EXPLANATIONS.last,
    ]);
    check(figures, kills, [EXPLANATIONS.last]);
  });
}
