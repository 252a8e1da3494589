// Stores of Node for tests of their files: folders for them, a small one, one of an earlier format, and what a store gives.

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { persistent } from "mqtt-lib/persistent";

/** A folder that is removed after the test. */
export function temporary(t) {
  const folder = mkdtempSync(join(tmpdir(), "mqtt-lib-files-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Opens the store and closes it: what it gave, and what it said. */
export async function content(folder, clientId = "simple") {
  const told = [];
  const store = persistent({ folder });
  const entries = await store.open(clientId, (text) => told.push(text));
  await store.close();
  return { entries: [...entries].map(([key, value]) => `${key} ${Buffer.from(value)}`).sort(), told };
}

/** A store that is closed, with these values under the keys 4, 8, ..., a record each; its folder. */
export async function simple(folder, clientId = "simple", values = ["one"]) {
  const store = persistent({ folder });
  await store.open(clientId, assert.fail);
  for (const [i, value] of values.entries()) store.write([[4 * (i + 1), Buffer.from(value)]]);
  await store.close();
  return join(folder, readdirSync(folder)[0]);
}

/** Writes the files of a store of an earlier format, "first" or "second"; `change` may alter each. */
export function unpack(format, folder, change = (_name, bytes) => bytes) {
  const url = new URL(`${format}-format-store.json`, import.meta.url);
  for (const [name, text] of Object.entries(JSON.parse(readFileSync(url, "utf8")))) {
    const file = join(folder, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, change(name, Buffer.from(text, "base64")));
  }
}
