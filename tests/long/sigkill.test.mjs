// 100 times SIGKILL of a publisher with the persistent store, at random times. MQTT_SEED=n chooses other times.

import assert from "node:assert/strict";
import { test } from "node:test";
import { killRepeatedly } from "../support/kills.mjs";
import { randomOf } from "../support/random.mjs";

const KILLS = 100;

test(`${KILLS} times SIGKILL: nothing lost, nothing of QoS 2 twice`, async () => {
  const seed = Number(process.env.MQTT_SEED ?? 1);
  const { next } = randomOf(seed);
  const figures = await killRepeatedly({ kills: KILLS, random: next, life: 300 });
  const { published, lost, twice, twiceOfQos1, problems } = figures;
  console.log(
    `seed ${seed}: ${KILLS} kills, ${published} published (QoS 1 and 2; publish, qpublish, batch_publish), ` +
      `${lost.length} lost, ${twice.length} of QoS 2 twice, ${twiceOfQos1} of QoS 1 twice`,
  );
  assert.ok(published > 1000, `${published}`);
  assert.deepEqual({ lost, twice, problems }, { lost: [], twice: [], problems: [] });
});
