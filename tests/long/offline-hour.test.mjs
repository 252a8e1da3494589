// An hour without a broker and a producer at 1,000 messages a second, on the engine's virtual clock: for each
// policy memory stays at its bound and the right messages are left. src/engine/tests/both/offline_hour.rs is the test;
// this runs its full hour.

import assert from "node:assert/strict";
import { test } from "node:test";
import { run } from "../../scripts/run.mjs";
import { printFigures } from "../support/figures.mjs";

test("an hour offline leaves what each policy says, within the bounds", async () => {
  const args = ["test", "--release", "--lib", "v4::offline_hour", "--", "--nocapture"];
  const { code, output } = await run("cargo", args, { capture: true });
  assert.equal(code, 0, output);
  const lines = [...output.matchAll(/^offline 3600 s: (.*): (\d+) of (\d+) left$/gm)];
  assert.ok(lines.length >= 1, output);
  const figures = lines.map(([, policy, left, of]) => [policy, `${left} of ${of} left, as they should be`]);
  printFigures("3,600 s offline with 1,000 messages a second", Object.fromEntries(figures));
});
