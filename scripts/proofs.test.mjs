// What the proofs decide by themselves: which bytes differ, which licences are allowed, what a mutant is.

import assert from "node:assert/strict";
import { test } from "node:test";
import { changed, choose, places } from "./js-mutants.mjs";
import { modeOf } from "./modes.mjs";
import { share } from "./mutants.mjs";
import { differences } from "./pack-twice.mjs";
import { isAllowed, refused } from "./sbom.mjs";

test("two tarballs differ in the files that are not the same, or are in one of them only", () => {
  const one = new Map(Object.entries({ a: "1", b: "2", c: "3" }));
  const other = new Map(Object.entries({ a: "1", b: "9", d: "4" }));
  assert.deepEqual(differences(one, one), []);
  assert.deepEqual(differences(one, other), ["b", "c", "d"]);
});

test("every file of the package has one mode, and its program another", () => {
  assert.equal(modeOf("dist/cli.cjs", ["dist/cli.cjs"]), 0o755);
  assert.equal(modeOf("dist/node.cjs", ["dist/cli.cjs"]), 0o644);
});

test("a licence is allowed if one of its alternatives asks for nothing but its name", () => {
  const fine = [
    "MIT",
    "MIT OR Apache-2.0",
    "MIT/Apache-2.0",
    "(MIT OR Apache-2.0) AND Unicode-3.0",
    "GPL-3.0 OR MIT",
  ];
  for (const expression of fine) assert.equal(isAllowed(expression), true, expression);
  for (const expression of ["", "GPL-3.0", "MIT AND GPL-3.0", "UNLICENSED"])
    assert.equal(isAllowed(expression), false, expression);
  const components = [
    { name: "good", licenses: [{ license: { id: "MIT" } }] },
    { name: "better", licenses: [{ expression: "MIT OR Apache-2.0" }] },
    { name: "bad", licenses: [{ license: { id: "GPL-3.0" } }] },
    { name: "silent" },
  ];
  assert.deepEqual(refused({ components }), ["bad (GPL-3.0)", "silent (none)"]);
});

test("a mutant changes code, and neither comments nor strings", () => {
  const text = [
    "// a === b",
    'const text = "a === b"; /* 1 < 2 */',
    "if (a === b && !c) {",
    "  this.#stop();",
    "}",
  ].join("\n");
  const mutants = places("x.mjs", text).map((place) => changed(text, place).split("\n")[place.at]);
  assert.deepEqual(mutants, ["if (a !== b && !c) {", "if (a === b || !c) {", "if (!(a === b && !c)) {", ""]);
});

test("a sample is chosen by its seed, and the share is that of the viable", () => {
  const all = Array.from({ length: 100 }, (_, i) => i);
  assert.deepEqual(choose(all, 5, 1), choose(all, 5, 1));
  assert.notDeepEqual(choose(all, 5, 1), choose(all, 5, 2));
  assert.equal(new Set(choose(all, 100, 3)).size, 100);
  const counted = { caught: ["a", "b"], timeout: ["c"], missed: ["d"], unviable: ["e"] };
  assert.equal(share(counted), 0.75);
});
