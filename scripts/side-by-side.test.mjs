// Stages side by side: every one runs, none beside one that uses the same, and one whose process gives no result has failed.
import assert from "node:assert/strict";
import { test } from "node:test";
import { next, runSideBySide } from "./side-by-side.mjs";
import { STAGES } from "./stages.mjs";

test("every stage has its turn, and none beside one that uses the same", () => {
  const left = [...STAGES];
  const taken = [];
  for (let stage = next(left, new Set()); stage !== undefined; stage = next(left, new Set()))
    taken.push(stage);
  assert.deepEqual(new Set(taken), new Set(STAGES));
  assert.equal(taken.length, STAGES.length);
  const compiling = STAGES.filter(({ uses }) => uses === "cargo");
  for (const name of ["clippy", "rust", "wasm-node", "wasm-chrome", "wasi", "wasm-firefox"])
    assert.ok(
      compiling.some((stage) => stage.name === name),
      name,
    );
  assert.equal(next([...compiling], new Set(["cargo"])), undefined);
  assert.equal(next([...compiling, { name: "other" }], new Set(["cargo"])).name, "other");
});

test("a stage alone runs here, several in processes; one without a result has failed", async () => {
  const row = { name: "generated", passed: 7, failed: 0, skipped: 0, seconds: 0 };
  const one = [{ name: "generated", title: "here" }];
  assert.deepEqual(await runSideBySide(one, async () => row), [row]);
  const rows = await runSideBySide([...one, { name: "no such stage", title: "nowhere" }], () =>
    assert.fail("not here"),
  );
  assert.deepEqual(
    rows.map(({ name, passed, failed }) => [name, passed, failed]),
    [
      ["generated", 1, 0],
      ["no such stage", 0, 1],
    ],
  );
});
