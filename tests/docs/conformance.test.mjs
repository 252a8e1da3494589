// docs/conformance.md agrees with the repository: every test it names exists, every statement is listed once, and the counts
// at its top are right.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

const read = (path) => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");
const page = read("docs/conformance.md");

/** Statement numbers that the specifications skip. */
const UNUSED = { "MQTT 3.1.1": [], "MQTT 5.0": ["2.2.1-1"] };

/** The section of a version: the rows of its table, and the statements that concern only the server. */
function section(version) {
  const text = page.split(`## ${version}\n`)[1].split("\n## ")[0];
  const rows = [...text.matchAll(/^\| MQTT-(\S+) \| (.+?) \| (.+) \|$/gm)].map(([, id, words, proof]) => {
    return { id, words, proof };
  });
  const alone = /^They bind the server alone[^:]*: (.*)\.$/m.exec(text)[1].split(", ");
  return { rows, alone };
}

/** The counts in the table at the top, by the name of the row. */
function counts(column) {
  const lines = page.split("\n## ")[0].matchAll(/^\| ([a-z][^|]*) \| (\d+) \| (\d+) \|$/gm);
  return Object.fromEntries([...lines].map((line) => [line[1], Number(line[column])]));
}

const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

function exists(file, name) {
  if (file.startsWith("node/")) return read(`tests/${file}.test.mjs`).includes(`test("${name}`);
  const path = /^(codec|engine)\//.test(file) ? `src/${file}.rs` : `src/engine/tests/${file}.rs`;
  return new RegExp(`#\\[test\\]\\s+fn ${escaped(name)}\\(`).test(read(path));
}

for (const [column, version] of [
  [2, "MQTT 3.1.1"],
  [3, "MQTT 5.0"],
]) {
  const { rows, alone } = section(version);

  test(`${version}: every row names tests that exist, or says why there is none`, () => {
    for (const { id, proof } of rows) {
      if (proof.startsWith("not covered: ")) continue;
      const named = proof.split("; ").filter((part) => !part.startsWith("see *"));
      assert.ok(named.length > 0, id);
      for (const part of named) {
        const [, file, name] = /^`([\w/-]+)(?:::|` )([^`]+)`?$/.exec(part) ?? [];
        assert.ok(name, `${id}: "${part}" names no test`);
        assert.ok(exists(file, name), `${id}: there is no ${part}`);
      }
    }
  });

  test(`${version}: the counts at the top are those of the table`, () => {
    const covered = rows.filter(({ proof }) => !proof.startsWith("not covered: ")).length;
    assert.deepEqual(counts(column), {
      statements: rows.length + alone.length,
      "bind the server alone": alone.length,
      "bind a client": rows.length,
      "covered by a test": covered,
      "not covered, with the reason": rows.length - covered,
    });
  });

  test(`${version}: every statement is there, and once`, () => {
    const all = [...rows.map(({ id }) => id), ...alone];
    assert.equal(new Set(all).size, all.length);
    const last = new Map();
    for (const id of all) {
      const [, place, number] = /^(\d+(?:\.\d+)+)-(\d+)$/.exec(id);
      last.set(place, Math.max(last.get(place) ?? 0, Number(number)));
    }
    const missing = [];
    for (const [place, most] of last) {
      for (let number = 1; number <= most; number += 1) {
        if (!all.includes(`${place}-${number}`)) missing.push(`${place}-${number}`);
      }
    }
    assert.deepEqual(missing, UNUSED[version]);
  });
}
