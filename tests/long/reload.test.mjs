// 20 reloads of a page with the persistent store, at random times. MQTT_SEED=n chooses other times.

import assert from "node:assert/strict";
import { test } from "node:test";
import { randomOf } from "../support/random.mjs";
import { reloadRepeatedly } from "../support/reloads.mjs";

const RELOADS = 20;

test(`${RELOADS} reloads in Chromium: nothing lost, nothing of QoS 2 twice`, async () => {
  const seed = Number(process.env.MQTT_SEED ?? 1);
  const { next } = randomOf(seed);
  const figures = await reloadRepeatedly({ reloads: RELOADS, random: next, life: 400 });
  const { published, lost, twice, twiceOfQos1, problems } = figures;
  console.log(
    `seed ${seed}: ${RELOADS} reloads, ${published} published, ${lost.length} lost, ` +
      `${twice.length} of QoS 2 twice, ${twiceOfQos1} of QoS 1 twice`,
  );
  assert.ok(published > 200, `${published}`);
  assert.deepEqual({ lost, twice, problems }, { lost: [], twice: [], problems: [] });
});
