// Tests of a step of the build: when it is done again, and what a draft is good for.
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { test } from "node:test";
import { ROOT } from "./run.mjs";
import { step } from "./step.mjs";

/** A step of one input and one output in a folder of its own; `done` says how often it was done, as what. */
function aStep(t) {
  mkdirSync(join(ROOT, "target"), { recursive: true });
  const folder = mkdtempSync(join(ROOT, "target", "step-"));
  const stamp = relative(ROOT, folder).replaceAll(/\W+/g, "-");
  t.after(() => {
    rmSync(folder, { recursive: true });
    rmSync(join(ROOT, "target", "stamps", stamp), { force: true });
  });
  const [input, output] = ["input", "output"].map((name) => join(folder, name));
  const done = [];
  return {
    done,
    change: (text) => writeFileSync(input, text),
    lose: () => rmSync(output),
    make: (options) =>
      step(
        relative(ROOT, folder),
        { inputs: [relative(ROOT, input)], outputs: [relative(ROOT, output)], ...options },
        () => {
          done.push(options?.draft ? "draft" : "whole");
          writeFileSync(output, "");
        },
      ),
  };
}

test("a step is done again if an input has changed, an output is gone, or by force", async (t) => {
  const { done, change, lose, make } = aStep(t);
  change("1");
  await make();
  await make();
  assert.equal(done.length, 1);
  change("2");
  await make();
  assert.equal(done.length, 2);
  lose();
  await make();
  assert.equal(done.length, 3);
  await make({ force: true });
  assert.equal(done.length, 4);
});

test("a draft is not enough for the package, and the package is enough for npm start", async (t) => {
  const { done, change, make } = aStep(t);
  change("1");
  await make({ draft: true });
  await make({ draft: true });
  assert.deepEqual(done, ["draft"]);
  await make();
  await make({ draft: true });
  await make();
  assert.deepEqual(done, ["draft", "whole"]);
});

test("what failed is done again", async () => {
  const never = { inputs: [], outputs: [] };
  const fails = () => step("step-that-fails", never, () => Promise.reject(new Error("no compiler")));
  await assert.rejects(fails, /no compiler/);
  await assert.rejects(fails, /no compiler/);
});
