// 1,000 random damages of the files of a persistent store. MQTT_SEED=n chooses others.

import assert from "node:assert/strict";
import { test } from "node:test";
import { damageRepeatedly } from "../support/store-damage.mjs";

const DAMAGES = 1000;

test(`${DAMAGES} damages of a store's files: nothing altered, nothing missing without a word`, async () => {
  const seed = Number(process.env.MQTT_SEED ?? 1);
  const { damages, whole, told, kinds, problems } = await damageRepeatedly({ count: DAMAGES, seed });
  console.log(
    `seed ${seed}: ${damages} damages (${Object.entries(kinds)
      .map(([kind, count]) => `${kind} ${count}`)
      .join(
        ", ",
      )}): ${whole} stores gave everything, ${told} said STORE_DAMAGED, ${problems.length} problems`,
  );
  assert.deepEqual(problems, []);
});
