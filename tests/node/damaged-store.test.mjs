// A persistent store whose files were damaged gives what was written or says that it is damaged; it never gives anything
// else. tests/long/damage.test.mjs damages a thousand.

import assert from "node:assert/strict";
import { test } from "node:test";
import { damageRepeatedly } from "../support/store-damage.mjs";

test("100 random damages of a store's files: nothing altered, nothing missing without a word", async () => {
  const { damages, problems } = await damageRepeatedly({ count: 100, seed: 18 });
  assert.deepEqual({ damages, problems }, { damages: 100, problems: [] });
});
