// The log of the persistent store in Node and its mark: a mark that is older than the log, records that were being written,
// payloads that look like records, files of the second format.

import assert from "node:assert/strict";
import { copyFileSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { persistent } from "mqtt-lib/persistent";
import { ownerOf, sumOf } from "../../js/persistent/checksum.mjs";
import { isMostlyHistory } from "../../js/persistent/entries-log.mjs";
import { content, simple, temporary, unpack } from "../support/file-stores.mjs";
import { run } from "./helpers.mjs";

const HEADER = 36;
const RECORD_HEAD = 12;
/** What version 2 had in place of a random number. */
const LENGTH_XOR = 0x6d717474;
const ALL = ["12 three", "4 one", "8 two"];

/** A store with three records, and its mark as it was before the last `missing` of them. */
async function withOldMark(t, missing) {
  const folder = temporary(t);
  const inner = await simple(folder, "simple", []);
  const [log, mark] = ["entries", "mark"].map((name) => join(inner, name));
  const store = persistent({ folder });
  await store.open("simple", assert.fail);
  for (const [i, value] of ["one", "two", "three"].entries()) {
    if (i === 3 - missing) copyFileSync(mark, `${folder}/old`);
    store.write([[4 * (i + 1), Buffer.from(value)]]);
  }
  await store.close();
  const newest = readFileSync(mark);
  copyFileSync(`${folder}/old`, mark);
  rmSync(`${folder}/old`);
  return { folder, log, mark, newest };
}

/** Where the records of a log begin, and its end. */
function places(log) {
  const bytes = readFileSync(log);
  const list = [];
  for (let at = HEADER; at < bytes.length; at += RECORD_HEAD + bytes.readUInt32BE(at)) list.push(at);
  return [...list, bytes.length];
}

/** Flips one bit of a file. */
function flip(file, place) {
  const bytes = readFileSync(file);
  bytes[place] ^= 1;
  writeFileSync(file, bytes);
}

for (const missing of [1, 2, 3]) {
  test(`a mark that is ${missing} records older than the log loses nothing`, async (t) => {
    const { folder } = await withOldMark(t, missing);
    for (let i = 0; i < 2; i++) assert.deepEqual(await content(folder), { entries: ALL, told: [] });
  });
}

test("a mark of the log before this one loses nothing, and its log is not taken for this one's", async (t) => {
  const folder = temporary(t);
  const inner = await simple(folder);
  const [log, mark] = ["entries", "mark"].map((name) => join(inner, name));
  for (const file of [log, mark])
    copyFileSync(file, join(folder, `old-${file === log ? "entries" : "mark"}`));
  const store = persistent({ folder });
  await store.open("simple", assert.fail);
  for (let i = 0; i < 3; i++) store.write([[8, Buffer.alloc(1 << 20)]]);
  store.write([[8, Buffer.from("small")]]);
  store.write([[12, Buffer.from("the log is new")]]);
  store.write([[16, Buffer.from("and goes on")]]);
  await store.close();
  assert.ok(readFileSync(log).length < 1000);
  const entries = ["12 the log is new", "16 and goes on", "4 one", "8 small"];
  copyFileSync(join(folder, "old-mark"), mark);
  const again = await content(folder);
  assert.deepEqual(again, { entries, told: [] });
  copyFileSync(join(folder, "old-entries"), log);
  assert.match((await content(folder)).told.join(), /damaged/);
});

test("behind an older mark, an incomplete last record is dropped without a word, at each length", async (t) => {
  const { folder, log, mark } = await withOldMark(t, 2);
  const bytes = readFileSync(log);
  const before = readFileSync(mark);
  const last = places(log)[2];
  for (let length = last; length < bytes.length; length++) {
    writeFileSync(log, bytes.subarray(0, length));
    writeFileSync(mark, before);
    assert.deepEqual(await content(folder), { entries: ["4 one", "8 two"], told: [] }, `${length}`);
  }
});

test("behind an older mark, a damaged record before a sound one is reported", async (t) => {
  const { folder, log } = await withOldMark(t, 2);
  flip(log, places(log)[1] + RECORD_HEAD + 2);
  const { entries, told } = await content(folder);
  assert.deepEqual(entries, ["12 three", "4 one"]);
  assert.match(told.join(), /damaged/);
});

test("behind an older mark, a last record that is complete and damaged is reported", async (t) => {
  const { folder, log } = await withOldMark(t, 1);
  flip(log, places(log)[2] + RECORD_HEAD + 12);
  const { entries, told } = await content(folder);
  assert.deepEqual(entries, ["4 one", "8 two"]);
  assert.match(told.join(), /damaged/);
});

test("a log that ends before its mark is damaged, also between two records", async (t) => {
  const { folder, log, mark, newest } = await withOldMark(t, 1);
  writeFileSync(mark, newest);
  truncateSync(log, places(log)[2]);
  const { entries, told } = await content(folder);
  assert.deepEqual(entries, ["4 one", "8 two"]);
  assert.match(told.join(), /damaged/);
});

for (const file of ["log", "mark"]) {
  test(`a call that is rejected because the ${file} cannot be written leaves nothing in the log`, async (t) => {
    const folder = temporary(t);
    const script = `
      import fs from "node:fs";
      import { syncBuiltinESMExports } from "node:module";
      const { writeSync } = fs;
      let failing = false;
      fs.writeSync = (fd, bytes, from, length, place) => {
        const file = bytes.toString("latin1", 0, 5) === "mqttm" ? "mark" : "log";
        if (!failing || file !== ${JSON.stringify(file)}) return writeSync(fd, bytes, from, length, place);
        if (from === 0 && file === "log") return writeSync(fd, bytes, 0, 20, place);
        throw new Error("the disk is full");
      };
      syncBuiltinESMExports();
      const { persistent } = await import("mqtt-lib/persistent");
      const store = persistent({ folder: ${JSON.stringify(folder)} });
      await store.open("simple", () => {});
      store.write([[4, Buffer.from("one")]]);
      failing = true;
      try { store.write([[8, Buffer.from("rejected")]]); } catch (error) { console.log(error.message); }
      process.kill(process.pid, "SIGKILL");
    `;
    assert.equal((await run(script)).stdout, "the disk is full\n");
    assert.equal(places(join(folder, readdirSync(folder)[0], "entries")).length, 2, "one record");
    assert.deepEqual(await content(folder), { entries: ["4 one"], told: [] });
  });
}

/** A record as version 2 had it, which a sender can make. */
function forgedRecord(place, key, value) {
  const body = Buffer.alloc(12 + value.length);
  body.writeDoubleBE(key, 0);
  body.writeUInt32BE(value.length + 1, 8);
  body.write(value, 12);
  const head = Buffer.alloc(RECORD_HEAD);
  head.writeUInt32BE(body.length, 0);
  head.writeUInt32BE((body.length ^ LENGTH_XOR) >>> 0, 4);
  head.writeUInt32BE(sumOf(body, place, ownerOf("simple")), 8);
  return Buffer.concat([head, body]);
}

test("a part of a payload is no record of its own, whatever bit flips", async (t) => {
  // In a log of version 2, whose header has 28 bytes, the first forged record is in its place, in this version the second.
  const first = forgedRecord(28 + RECORD_HEAD + 12, 8, "forged!");
  const second = forgedRecord(HEADER + RECORD_HEAD + 12 + first.length, 8, "forged!");
  const payload = Buffer.concat([first, second]);
  const folder = temporary(t);
  const inner = await simple(folder, "simple", [payload]);
  const log = join(inner, "entries");
  const length = readFileSync(log).length;
  for (let i = HEADER; i < length; i++) {
    const copy = temporary(t);
    await simple(copy, "simple", [payload]);
    flip(join(copy, inner.split("/").pop(), "entries"), i);
    const { entries, told } = await content(copy);
    assert.deepEqual(entries, [], `${i}`);
    assert.match(told.join(), /damaged/);
  }
});

test("two logs with the same entries have different numbers, and the mark of one is none of the other", async (t) => {
  const folder = temporary(t);
  const a = await simple(join(folder, "a"));
  const b = await simple(join(folder, "b"));
  const [one, other] = [a, b].map((inner) => readFileSync(join(inner, "entries")));
  assert.equal(one.length, other.length);
  assert.notDeepEqual(one.subarray(24, 32), other.subarray(24, 32));
  assert.notDeepEqual(one.subarray(HEADER + 4, HEADER + 12), other.subarray(HEADER + 4, HEADER + 12));
  copyFileSync(join(b, "mark"), join(a, "mark"));
  const { entries, told } = await content(join(folder, "a"));
  assert.deepEqual(entries, ["4 one"]);
  assert.match(told.join(), /damaged/);
});

test("a damaged header costs no record: the mark has the same numbers", async (t) => {
  const folder = temporary(t);
  const inner = await simple(folder, "simple", ["one", "two"]);
  writeFileSync(join(inner, "entries"), readFileSync(join(inner, "entries")).fill(0, 0, HEADER));
  const { entries, told } = await content(folder);
  assert.deepEqual(entries, ["4 one", "8 two"]);
  assert.match(told.join(), /damaged/);
});

test("the search for records is linear, whatever a payload or the file contains", async (t) => {
  const size = 1 << 19;
  const folder = temporary(t);
  const log = join(await simple(folder, "simple", [Buffer.alloc(size)]), "entries");
  const bytes = readFileSync(log);
  const salt = bytes.readUInt32BE(24);
  for (const lengthXor of [LENGTH_XOR, salt]) {
    for (let at = HEADER + RECORD_HEAD + 12; at + RECORD_HEAD <= bytes.length; at += RECORD_HEAD) {
      const length = bytes.length - at - RECORD_HEAD;
      bytes.writeUInt32BE(length, at);
      bytes.writeUInt32BE((length ^ lengthXor) >>> 0, at + 4);
    }
    const copy = temporary(t);
    const inner = await simple(copy);
    writeFileSync(join(inner, "entries"), bytes);
    const start = performance.now();
    const { entries, told } = await content(copy);
    const took = performance.now() - start;
    assert.deepEqual(entries, []);
    assert.match(told.join(), /damaged/);
    assert.ok(took < 3000, `${took} ms`);
  }
});

test("a store of the second format opens, and is of the present format afterwards", async (t) => {
  const folder = temporary(t);
  unpack("second", folder);
  const entries = ["12 two", "16 ", "4 one"];
  for (let i = 0; i < 3; i++) assert.deepEqual(await content(folder, "second-format"), { entries, told: [] });
  const inner = join(folder, "second-format-a93e8f7535bc");
  assert.equal(readFileSync(join(inner, "entries"), "latin1").slice(0, 8), "mqttlog3");
  assert.equal(readFileSync(join(inner, "mark"), "latin1").slice(0, 8), "mqttmrk3");
});

test("a store of the second format whose new log has the old mark opens without a word", async (t) => {
  const folder = temporary(t);
  unpack("second", folder);
  const mark = join(folder, "second-format-a93e8f7535bc", "mark");
  const old = readFileSync(mark);
  const { entries } = await content(folder, "second-format");
  writeFileSync(mark, old);
  assert.deepEqual(await content(folder, "second-format"), { entries, told: [] });
});

test("a damaged record of the second format is reported, and is searched for no other", async (t) => {
  const folder = temporary(t);
  unpack("second", folder, (name, bytes) => {
    if (name.endsWith("entries")) bytes[28 + RECORD_HEAD + 13] ^= 1;
    return bytes;
  });
  const { entries, told } = await content(folder, "second-format");
  assert.deepEqual(entries, ["12 two", "16 "]);
  assert.match(told.join(), /damaged/);
});

test("a log is written anew when three quarters of it are history, and before it is too long to be read", () => {
  const MIB = 1 << 20;
  for (const [length, live, anew] of [
    [MIB, 0, false],
    [MIB + 1, 0, true],
    [8 * MIB, 2 * MIB, false],
    [8 * MIB + 1, 2 * MIB, true],
    [1056 * MIB, 544 * MIB, false],
    [1057 * MIB, 544 * MIB, true],
  ]) {
    assert.equal(isMostlyHistory(length, live), anew, `${length} ${live}`);
  }
});
