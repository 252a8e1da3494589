// The table of docs/consumers.md is of the results of these consumers: after a change, `npm run test:consumers -- NAME --write`.

import assert from "node:assert/strict";
import { test } from "node:test";
import { ALL } from "./consumers.mjs";
import { guideWith, readGuide, readResults, tableOf } from "./results.mjs";

test("docs/consumers.md has the results, and they are of consumers that exist", () => {
  const results = readResults();
  const names = ALL.map(({ name }) => name);
  assert.equal(new Set(names).size, names.length, "two consumers have one name");
  const gone = Object.keys(results).filter((name) => !names.includes(name));
  assert.deepEqual(gone, [], "results without a consumer");
  assert.equal(readGuide(), guideWith(tableOf(results, ALL)));
});

test("an error of a tool is text in the table, whatever is in it", () => {
  const consumer = { name: "a", peer: undefined };
  const rows = {
    a: { "mqtt-lib": { runs: "Node", exchanged: "10" }, mqtt: { error: "[Symbol.iterator]() | <b>" } },
  };
  assert.match(tableOf(rows, [consumer]), /fails: \\\[Symbol\.iterator\\\]\(\) \\\| &lt;b&gt;/);
});

test("what fails with this package says why in the list of consumers", () => {
  const failed = Object.entries(readResults()).filter(([, row]) => row["mqtt-lib"]?.error);
  const known = ALL.filter(({ fails }) => fails).map(({ name }) => name);
  assert.deepEqual(
    failed.map(([name]) => name).filter((name) => !known.includes(name)),
    [],
  );
});
