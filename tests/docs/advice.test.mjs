// Advice of the README and of the guides that a reader copies without reading on.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { snippets } from "../support/snippets.mjs";

const read = (name) => readFileSync(new URL(`../../${name}`, import.meta.url), "utf8");

test("every on_connect that is shown and subscribes or publishes tests rc: it is called for refusals too", () => {
  let shown = 0;
  for (const name of ["README.md", "docs/getting-started.md", "docs/from-python.md", "docs/from-mqttjs.md"]) {
    for (const { body } of snippets(read(name))) {
      const inside = /\bon_?[cC]onnect\(([\s\S]*?)\n {0,2}\}/.exec(body)?.[1] ?? "";
      if (!/\.(subscribe|publish|batch)/.test(inside)) continue;
      shown += 1;
      assert.match(inside, /\brc !== 0|\brc === 0/, `${name}: ${inside}`);
    }
  }
  assert.ok(shown >= 2, `${shown} examples`);
});

test("the guide from MQTT.js says that rc tells success, and that offlinesize is not queueQoSZero", () => {
  const rows = read("docs/from-mqttjs.md").split("\n");
  assert.match(
    rows.find((row) => row.includes('client.on("connect"')),
    /rc === 0/,
  );
  const row = rows.find((line) => line.includes("queueQoSZero"));
  assert.match(row, /client\.connected/);
  assert.match(row, /no option.*`offlinesize: 0` is something else/);
});

test("docs/brokers.md and the troubleshooting say that a stock mosquitto drops beyond max_queued_messages, and what helps", () => {
  for (const name of ["docs/brokers.md", "docs/troubleshooting.md"]) {
    const text = read(name).replaceAll(/\s+/g, " ");
    assert.match(text, /`max_queued_messages`[^.]*\.? ?[^.]*5,000/, name);
    assert.match(text, /`max_queued_messages 0`/, name);
  }
});
