// What the proofs decide by themselves: which bytes differ, which licences are allowed, what a mutant is.

import assert from "node:assert/strict";
import { test } from "node:test";
import { changed, choose, places } from "./js-mutants.mjs";
import { modeOf } from "./modes.mjs";
import { runMutant } from "./mutant-program.mjs";
import { blamed, withSwitch } from "./mutant-switch.mjs";
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

const RUST = `/// A brace { in its comment.
#[inline]
fn sum((a, b): (u8, u8)) -> u8 {
    "ä"; a + b
}

const fn fixed() -> u8 {
    1 + 1
}
`;
const sum = { function_name: "sum", span: { start: { line: 1, column: 1 }, end: { line: 5, column: 2 } } };
const fixed = {
  function_name: "fixed",
  span: { start: { line: 7, column: 1 }, end: { line: 9, column: 2 } },
};
const at = (line, column, length) => ({ start: { line, column }, end: { line, column: column + length } });
const MUTANTS = [
  { number: 1, function: sum, span: at(4, 12, 1), replacement: "-" },
  { number: 2, function: sum, span: at(4, 5, 10), replacement: "0" },
  { number: 3, function: fixed, span: at(8, 7, 1), replacement: "-" },
  { number: 4, function: null, span: at(8, 7, 1), replacement: "-" },
];

test("a function has its body once for each mutant, and once as it was; a const fn cannot be switched", () => {
  const { text, alone } = withSwitch(RUST, MUTANTS);
  assert.deepEqual(
    alone.map(({ number }) => number),
    [3, 4],
  );
  assert.equal(
    text.replace(/\s+/g, " ").trim(),
    "/// A brace { in its comment. #[inline] fn sum((a, b): (u8, u8)) -> u8 { match crate::mutant() { " +
      '1 => { "ä"; a - b } 2 => { 0 } _ => { "ä"; a + b } } } const fn fixed() -> u8 { 1 + 1 }',
  );
});

test("an error of the compiler is blamed on the mutant whose line it is in, or on all of the function", () => {
  const switched = withSwitch(RUST, MUTANTS);
  const lines = switched.text.split("\n");
  const numbers = (part) =>
    blamed(switched, lines.findIndex((line) => line.includes(part)) + 1).map(({ number }) => number);
  assert.deepEqual(numbers("a  -  b"), [1]);
  assert.deepEqual(numbers("2 => {"), [2]);
  assert.deepEqual(numbers("a + b"), [1, 2]);
  assert.deepEqual(numbers("const fn"), []);
});

for (const [what, source, fate] of [
  ["that passes", "exit 0", "passed"],
  ["that fails", "exit 3", "failed"],
  ["that is slow because it does not have the processor", "sleep 1.5", "passed"],
  ["that uses up the processor", "while :; do :; done", "timeout"],
  ["that waits for ever", "exec sleep 600", "timeout"],
]) {
  test(`a test ${what} has ${fate === "timeout" ? "run into the time limit" : fate}`, async () => {
    assert.equal((await runMutant("/bin/sh", ["-c", source], 1, 0.5, 4)).fate, fate);
  });
}
