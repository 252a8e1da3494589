// What docs/evidence.md names as the test of a promise is there: files by their names, tests by their titles.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

const root = new URL("../../", import.meta.url);
const read = (name) => readFileSync(new URL(name, root), "utf8");
const files = ["src", "tests", "bench"].flatMap((folder) =>
  readdirSync(new URL(folder, root), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => `${entry.parentPath ?? entry.path}/${entry.name}`.replaceAll("\\", "/")),
);
const sources = files
  .filter((name) => /\.(rs|mjs|ts)$/.test(name))
  .map((name) => readFileSync(name, "utf8").replaceAll("\\", ""));

/** A file, with or without its ending, from any folder of tests or of the benchmark. */
const isFile = (name) =>
  files.some((file) => ["", ".test.mjs", ".mjs", ".rs"].some((end) => file.endsWith(`/${name}${end}`)));
/** A title may be made of parts, which the page separates by `…`. */
const isTitle = (title) => {
  const parts = title.split("…").map((part) => part.trim());
  return sources.some((text) => parts.every((part) => text.includes(part)));
};

/** The last column of a table's rows, below one of these headings. */
function* lastColumn(heading) {
  const section = read("docs/evidence.md")
    .split(/^(?=#+ )/m)
    .find((text) => text.startsWith(heading));
  const table = section.slice(section.search(/^\| (promise|what was done|row) \|.* test \|$/m));
  for (const line of table.split("\n\n")[0].split("\n").slice(2)) yield line.split(" | ").at(-1);
}

for (const heading of [
  "# Evidence",
  "## The rows of the hardening",
  "## The rows of the field",
  "## The rows of the object",
]) {
  test(`every test that "${heading}" names exists`, () => {
    let named = 0;
    for (const cell of lastColumn(heading)) {
      for (const [, name] of cell.matchAll(/`([^`]+)`/g)) {
        named += 1;
        assert.ok(isFile(name) || isTitle(name), `docs/evidence.md names "${name}", which no test has`);
      }
    }
    assert.ok(named > 15, `${named} names`);
  });
}
