// Every snippet of the guides in docs/ runs unchanged and prints the ```text block below it.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { snippets, startSnippets } from "../support/snippets.mjs";

const DOCS = fileURLToPath(new URL("../../docs", import.meta.url));
const read = (name) => readFileSync(`${DOCS}/${name}`, "utf8");
/** The snippets of these are run by tests in tests/wasi, and by tests/node/readme.test.mjs. */
const ELSEWHERE = ["wasi.md", "tour.md", "guarantees.md", "loading.md"];
const GUIDES = readdirSync(DOCS).filter((name) => name.endsWith(".md") && !ELSEWHERE.includes(name));

let runner;

before(async () => {
  runner = await startSnippets();
});

after(() => runner?.stop());

for (const guide of GUIDES) {
  const runnable = snippets(read(guide)).filter(
    // Shell commands are run if the guide shows their output: others install something.
    ({ language, prints }) => language === "js" || language === "cjs" || (language === "sh" && prints !== ""),
  );
  for (const [i, { heading, language, body, prints }] of runnable.entries()) {
    test(`${guide}: snippet ${i + 1}, under "${heading}"`, async () => {
      const { stdout, stderr, code } = await runner.run(`${guide}-${i}`, language, body);
      assert.equal(stderr, "");
      assert.equal(stdout, prints);
      assert.equal(code, 0);
      assert.notEqual(prints, "", "a snippet of a guide shows what it does");
    });
  }
}

test("no JavaScript of a guide goes by a name under which it is not run", () => {
  for (const guide of GUIDES) {
    for (const { language } of snippets(read(guide)))
      assert.doesNotMatch(language, /^(javascript|mjs|jsx|ts|typescript|tsx)$/, guide);
    assert.equal(
      read(guide).match(/^```/gm)?.length ?? 0,
      2 * (read(guide).match(/^```\w+$/gm)?.length ?? 0),
      guide,
    );
  }
});

test("every error code has a section in troubleshooting, and the README's words of it", () => {
  const codes = [...read("../js/types/errors.d.ts").matchAll(/^ {2}\| "([A-Z_]+)"/gm)].map(
    ([, code]) => code,
  );
  const sections = [...read("troubleshooting.md").matchAll(/^## ([A-Z_]+)$/gm)].map(([, code]) => code);
  const others = ["INVALID_OPTION", "OUT_OF_RANGE", "INVALID_TOPIC", "INVALID_PAYLOAD"];
  assert.ok(codes.length > 10);
  assert.deepEqual(sections.sort(), [...codes, ...others].sort());
});

test("error.help of each code leads to its section", async () => {
  const { MqttError } = await import("mqtt-lib");
  const sections = [...read("troubleshooting.md").matchAll(/^## ([A-Z_]+)$/gm)].map(([, code]) => code);
  for (const code of sections) {
    const help = new URL(new MqttError("a sentence", code).help);
    assert.ok(help.pathname.endsWith("/docs/troubleshooting.md"));
    assert.equal(help.hash, `#${code.toLowerCase()}`);
  }
});
