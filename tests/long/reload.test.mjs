// 20 reloads of a page with the persistent store, at random moments. MQTT_SEED=n gives other moments.

import assert from "node:assert/strict";
import { test } from "node:test";
import { randomOf } from "../support/random.mjs";
import { reloadAgainAndAgain } from "../support/reloads.mjs";

const RELOADS = 20;

test(`${RELOADS} reloads in Chromium: nothing lost, nothing of QoS 2 twice`, async () => {
  const seed = Number(process.env.MQTT_SEED ?? 1);
  const { next } = randomOf(seed);
  const figures = await reloadAgainAndAgain({ reloads: RELOADS, random: next, life: 400 });
  const { published, lost, twice, twiceOfQos1, complaints } = figures;
  console.log(
    `seed ${seed}: ${RELOADS} reloads, ${published} published, ${lost.length} lost, ` +
      `${twice.length} of QoS 2 twice, ${twiceOfQos1} of QoS 1 twice`,
  );
  assert.ok(published > 200, `${published}`);
  assert.deepEqual({ lost, twice, complaints }, { lost: [], twice: [], complaints: [] });
});
