// What a newcomer sees first: README.md is short, its pictures exist, and its chart says what docs/performance.md says.

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { chart } from "../../bench/chart.mjs";

const at = (name) => new URL(`../../${name}`, import.meta.url);
const read = (name) => readFileSync(at(name), "utf8");
const README = read("README.md");

test("the README has at most 150 lines, and says what it is before anything else", () => {
  const lines = README.split("\n");
  assert.ok(lines.length <= 151, `${lines.length - 1} lines`);
  assert.match(lines[2], /^An MQTT client for browsers, Node\.js and WASI/);
  assert.ok(lines.indexOf("## Install") < 35);
});

test("every file to which the README links is there", () => {
  const links = [...README.matchAll(/\]\(([^)#]+)[^)]*\)|src="([^"]+)"/g)].map(([, a, b]) => a ?? b);
  const missing = links.filter((link) => !/node_modules|^https:/.test(link) && !existsSync(at(link)));
  assert.ok(links.length > 30);
  assert.deepEqual(missing, []);
});

test("the chart is that of the figures in docs/performance.md", () => {
  assert.equal(read("docs/benchmark.svg"), chart(read("docs/performance.md")));
});
