// Stages side by side: every one runs, none beside one that uses the same, none before what it needs, and one whose process gives
// no result has failed.
import assert from "node:assert/strict";
import { test } from "node:test";
import { next, runSideBySide } from "./side-by-side.mjs";
import { STAGES } from "./stages.mjs";

test("every stage has its turn, and none beside one that uses the same", () => {
  const left = [...STAGES];
  const taken = [];
  for (let stage = next(left, []); stage !== undefined; stage = next(left, [])) taken.push(stage);
  assert.deepEqual(new Set(taken), new Set(STAGES));
  assert.equal(taken.length, STAGES.length);
  const compiling = STAGES.filter(({ uses }) => uses === "cargo");
  for (const name of ["clippy", "rust", "wasm-node", "wasm-chrome", "wasm-wasi", "wasm-firefox"])
    assert.ok(
      compiling.some((stage) => stage.name === name),
      name,
    );
  const [first, ...others] = compiling;
  assert.equal(next([...others], [first]), undefined);
  assert.equal(next([...others, { name: "other" }], [first]).name, "other");
});

test("a stage that needs what another makes waits until that has ended, or does not wait if it is not chosen", () => {
  const [maker, needs] = [{ name: "maker" }, { name: "needs", after: "maker" }];
  assert.equal(next([needs, maker], []), maker);
  assert.equal(next([needs], [maker]), undefined);
  assert.equal(next([needs], [{ name: "other" }]), needs);
  for (const { name, after } of STAGES) {
    if (after !== undefined)
      assert.ok(
        STAGES.some((stage) => stage.name === after),
        name,
      );
  }
});

test("a stage alone runs here, several in processes; one without a result has failed", async () => {
  const row = { name: "generated", passed: 7, failed: 0, skipped: 0, seconds: 0 };
  const one = [{ name: "generated", title: "here" }];
  assert.deepEqual(await runSideBySide(one, async () => row), [row]);
  const nowhere = { name: "no such stage", title: "nowhere" };
  const last = { name: "fmt", title: "after it", after: "no such stage" };
  const rows = await runSideBySide([...one, last, nowhere], () => assert.fail("not here"));
  assert.deepEqual(
    rows.map(({ name, passed, failed }) => [name, passed, failed]),
    [
      ["generated", 1, 0],
      ["fmt", 1, 0],
      ["no such stage", 0, 1],
    ],
  );
});
