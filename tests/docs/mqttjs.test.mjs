// docs/mqttjs.md lists each of MQTT.js's own tests that is not expected to pass (tests/long/mqttjs-expected.mjs), and no other.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { EXPECTED } from "../long/mqttjs-expected.mjs";

const page = readFileSync(new URL("../../docs/mqttjs.md", import.meta.url), "utf8");
const table = page.split("| tests | class | what a user sees |\n| --- | --- | --- |\n")[1].split("\n\n")[0];
const listed = table.split("\n").flatMap((row) => {
  const [names, kind] = row.slice(2).split(" | ");
  return names.split("; ").map((name) => ({ name, kind }));
});

test("each of MQTT.js's tests that does not pass is in the documentation, once", () => {
  assert.deepEqual(listed.map(({ name }) => name).sort(), EXPECTED.map(([part]) => part).sort());
});

test("its class in the documentation is that of its reason", () => {
  const classOf = (reason) =>
    /\binternals?\b/.test(reason) ? "internals" : reason.includes("fake clock") ? "time" : undefined;
  for (const { name, kind } of listed) {
    const [, reason] = EXPECTED.find(([part]) => part === name);
    const expected = classOf(reason) ?? (reason.includes("as in MQTT.js 5.16") ? "version" : "difference");
    assert.equal(kind, expected, name);
  }
});
