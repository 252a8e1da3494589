// Stages side by side: every stage is in one lane, and a stage whose process gives no result has failed.
import assert from "node:assert/strict";
import { test } from "node:test";
import { lanesOf, runLanes } from "./lanes.mjs";
import { STAGES } from "./stages.mjs";

test("every stage is in one lane, and those that compile follow one another", () => {
  const lanes = lanesOf(STAGES);
  assert.deepEqual(new Set(lanes.flat()), new Set(STAGES));
  assert.equal(lanes.flat().length, STAGES.length);
  const names = lanes[0].map(({ name }) => name);
  for (const name of ["clippy", "rust", "wasm-node", "wasm-chrome", "wasi"])
    assert.ok(names.includes(name), name);
});

test("stages of one lane run here, of two in processes; one without a result has failed", async () => {
  const row = { name: "generated", passed: 7, failed: 0, skipped: 0, seconds: 0 };
  const one = [{ name: "generated", title: "here", cargo: true }];
  assert.deepEqual(await runLanes(one, async () => row), [row]);
  const two = [...one, { name: "no such stage", title: "nowhere" }];
  const rows = await runLanes(two, () => assert.fail("not here"));
  assert.deepEqual(
    rows.map(({ name, passed, failed }) => [name, passed, failed]),
    [
      ["generated", 1, 0],
      ["no such stage", 0, 1],
    ],
  );
});
