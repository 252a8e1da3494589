// The files of the persistent store in Node: the first format, permissions, links, the lock, copies of damaged stores, and
// that a log does not grow for ever.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  appendFileSync,
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Worker } from "node:worker_threads";
import { persistent } from "mqtt-lib/persistent";
import { content, simple, temporary, unpack } from "../support/file-stores.mjs";
import { run } from "./helpers.mjs";

const ENTRIES = ["12 in the log", "16 ", "4 in the LevelDB"];

test("a store of the first format opens, and is of the present format afterwards", async (t) => {
  const folder = temporary(t);
  unpack("first", folder);
  for (let i = 0; i < 3; i++) {
    assert.deepEqual(await content(folder, "first-format"), { entries: ENTRIES, told: [] });
  }
  const [inner] = readdirSync(folder);
  assert.deepEqual(readdirSync(join(folder, inner)).sort(), ["db", "entries", "mark"]);
});

test("a store of the first format in which a value was altered gives no value of the LevelDB, and says so", async (t) => {
  const folder = temporary(t);
  unpack("first", folder, (name, bytes) => {
    const at = bytes.indexOf("LevelDB");
    if (name.endsWith(".ldb") && at >= 0) bytes[at] ^= 1;
    return bytes;
  });
  const { entries, told } = await content(folder, "first-format");
  assert.deepEqual(entries, ["12 in the log", "16 "]);
  assert.match(told.join(), /damaged/);
  assert.deepEqual(await content(folder, "first-format"), { entries, told: [] });
});

test("a store of the first format whose migration was interrupted is migrated by the next open", async (t) => {
  const folder = temporary(t);
  unpack("first", folder);
  const [inner] = readdirSync(folder);
  writeFileSync(join(folder, inner, "entries.new"), "half");
  assert.deepEqual(await content(folder, "first-format"), { entries: ENTRIES, told: [] });
});

test("folders and files belong to the user alone", async (t) => {
  const base = join(temporary(t), "store");
  const inner = await simple(base);
  const mode = (path) => (statSync(path).mode & 0o777).toString(8);
  assert.equal(mode(base), "700");
  assert.equal(mode(inner), "700");
  for (const name of ["entries", "mark"]) assert.equal(mode(join(inner, name)), "600");
  chmodSync(inner, 0o755);
  await content(base, "simple");
  assert.equal(mode(inner), "700", "also of a folder that was there");
});

for (const name of ["", "entries", "mark", "db", "entries.new"]) {
  test(`a symbolic link is not followed: ${name || "the folder"}`, async (t) => {
    const base = temporary(t);
    const elsewhere = join(temporary(t), "target");
    const inner = await simple(base);
    const path = join(inner, name);
    if (existsSync(path)) renameSync(path, elsewhere);
    else writeFileSync(elsewhere, "of somebody else");
    const isFolder = statSync(elsewhere).isDirectory();
    const before = isFolder ? readdirSync(elsewhere).sort() : readFileSync(elsewhere);
    symlinkSync(elsewhere, path);
    if (name === "entries.new") {
      for (let i = 0; i < 2; i++) assert.deepEqual((await content(base, "simple")).entries, ["4 one"]);
      truncateSync(join(inner, "mark"), 0); // a new log is written
      await content(base, "simple");
    } else {
      await assert.rejects(content(base, "simple"), /symbolic link|ELOOP/);
      assert.ok(lstatSync(path).isSymbolicLink());
    }
    assert.deepEqual(isFolder ? readdirSync(elsewhere).sort() : readFileSync(elsewhere), before);
  });
}

const OPEN = (folder) => `
  import { persistent } from "mqtt-lib/persistent";
  const store = persistent({ folder: ${JSON.stringify(folder)} });
  console.log(await store.open("simple", () => {}).then(() => "open", (error) => error.code));
  process.exit();
`;

test("a second store of this process is refused, and other processes are refused as before", async (t) => {
  const folder = temporary(t);
  const store = persistent({ folder });
  await store.open("simple", assert.fail);
  for (let i = 0; i < 2; i++) await assert.rejects(content(folder, "simple"), { code: "STORE_LOCKED" });
  await assert.rejects(store.open("simple", assert.fail), { code: "STORE_LOCKED" });
  assert.equal((await run(OPEN(folder))).stdout, "STORE_LOCKED\n");
  store.write([[4, Buffer.from("one")]]);
  await store.close();
  assert.equal((await run(OPEN(folder))).stdout, "open\n");
  assert.deepEqual(await content(folder, "simple"), { entries: ["4 one"], told: [] });
});

const inWorker = "a second store in a worker is refused, and other processes are refused as before";
// Only Linux says which files a process has open.
(process.platform === "linux" ? test : () => {})(inWorker, async (t) => {
  const folder = temporary(t);
  const store = persistent({ folder });
  await store.open("simple", assert.fail);
  const source = `
    const { parentPort } = require("node:worker_threads");
    const { persistent } = require(${JSON.stringify(new URL("../../dist/persistent.node.cjs", import.meta.url).pathname)});
    const store = persistent({ folder: ${JSON.stringify(folder)} });
    store.open("simple", () => {}).then(() => "open", (error) => error.code).then((word) => parentPort.postMessage(word));
  `;
  const worker = new Worker(source, { eval: true });
  const word = await new Promise((resolve, reject) => worker.once("message", resolve).once("error", reject));
  await worker.terminate();
  assert.equal(word, "STORE_LOCKED");
  assert.equal((await run(OPEN(folder))).stdout, "STORE_LOCKED\n");
  await store.close();
});

test("a damaged store that cannot be copied leaves no folder behind, however often it is opened", async (t) => {
  const folder = temporary(t);
  const inner = await simple(folder);
  appendFileSync(join(inner, "mark"), "x");
  truncateSync(join(inner, "entries"), 30);
  execFileSync("mkfifo", [join(inner, "pipe")]); // a copy of it fails, as on a disk that is full
  for (let i = 0; i < 3; i++) {
    await assert.rejects(content(folder, "simple"));
    assert.equal(readdirSync(folder).length, 1);
  }
  rmSync(join(inner, "pipe"));
  assert.match((await content(folder, "simple")).told.join(), /damaged/);
  assert.equal(readdirSync(folder).length, 2);
});

test("a repair that was interrupted is finished and said by the next open, with the first copy", async (t) => {
  const folder = temporary(t);
  const inner = await simple(folder);
  mkdirSync(`${inner}.repair`);
  writeFileSync(join(`${inner}.repair`, "as it was"), "");
  const { entries, told } = await content(folder, "simple");
  assert.deepEqual(entries, ["4 one"]);
  const copy = /a copy of the store is in (.*)$/.exec(told[0])[1];
  assert.deepEqual(readdirSync(copy), ["as it was"]);
  assert.deepEqual(await content(folder, "simple"), { entries, told: [] });
});

test("a log with many changes stays short, and has the last value of each key", async (t) => {
  const folder = temporary(t);
  const store = persistent({ folder });
  await store.open("simple", assert.fail);
  const expected = [];
  const value = (i) => Buffer.from(`${i} `.repeat(200));
  for (let i = 1; i <= 5000; i++) {
    store.write([
      [i * 4, value(i)],
      [i * 4 + 1, Buffer.of(1)],
    ]);
    if (i > 10)
      store.write([
        [(i - 10) * 4, undefined],
        [(i - 10) * 4 + 1, undefined],
      ]);
    if (i > 4990) expected.push(`${i * 4} ${value(i)}`, `${i * 4 + 1} \u0001`);
  }
  const log = join(folder, readdirSync(folder)[0], "entries");
  assert.ok(statSync(log).size < 1 << 20, `${statSync(log).size}`);
  await store.close();
  assert.deepEqual(await content(folder, "simple"), { entries: expected.sort(), told: [] });
});

test("a record that the end of the process cut off is not a damage", async (t) => {
  const folder = temporary(t);
  const inner = await simple(folder);
  appendFileSync(join(inner, "entries"), Buffer.alloc(50, 7));
  for (let i = 0; i < 2; i++) {
    assert.deepEqual(await content(folder, "simple"), { entries: ["4 one"], told: [] });
  }
});

test("what another client's store has is not given out", async (t) => {
  const folder = temporary(t);
  const mine = await simple(join(folder, "a"), "mine");
  const other = await simple(join(folder, "b"), "other");
  for (const name of ["entries", "mark"]) writeFileSync(join(mine, name), readFileSync(join(other, name)));
  const { entries, told } = await content(join(folder, "a"), "mine");
  assert.deepEqual(entries, []);
  assert.equal(told.length, 1);
});

test("a pipe or a folder in the place of a file is refused, and blocks nothing", async (t) => {
  for (const name of ["entries", "mark"]) {
    const folder = temporary(t);
    const file = join(await simple(folder), name);
    rmSync(file);
    execFileSync("mkfifo", [file]);
    await assert.rejects(
      persistent({ folder }).open("simple", () => {}),
      /is no file/,
      name,
    );
    rmSync(file);
    mkdirSync(file);
    await assert.rejects(
      persistent({ folder }).open("simple", () => {}),
      /is no file/,
      name,
    );
  }
});

test("a lock that cannot be taken says why", async (t) => {
  const folder = temporary(t);
  const db = join(await simple(folder), "db");
  rmSync(db, { recursive: true });
  writeFileSync(db, "");
  await assert.rejects(
    persistent({ folder }).open("simple", () => {}),
    /the lock of .*db: .+/,
  );
});

for (const name of ["LOCK", "CURRENT", "MANIFEST-000004", "000009.dbtmp"]) {
  test(`a link, a pipe or a folder in the place of db/${name} is refused before there is a log`, async (t) => {
    const folder = temporary(t);
    unpack("first", folder);
    const path = join(folder, readdirSync(folder)[0], "db", name);
    const target = join(temporary(t), "target");
    writeFileSync(target, "of somebody else");
    const refused = async (sentence) => {
      await assert.rejects(
        persistent({ folder }).open("first-format", () => {}),
        sentence,
      );
      assert.equal(readFileSync(target, "utf8"), "of somebody else");
    };
    rmSync(path, { force: true });
    symlinkSync(target, path);
    await refused(/a symbolic link, which a store does not follow; remove it/);
    rmSync(path);
    mkdirSync(path);
    await refused(/is no file; remove it/);
    rmSync(path, { recursive: true });
    execFileSync("mkfifo", [path]); // LevelDB waits for a writer
    const script = `
      import { persistent } from "mqtt-lib/persistent";
      const store = persistent({ folder: ${JSON.stringify(folder)} });
      await store.open("first-format", () => {}).catch((error) => console.log(error.message));
    `;
    assert.match((await run(script)).stdout, /is no file; remove it/);
  });
}

test("a lock that is a link or a pipe is refused, and blocks nothing, also beside a log", async (t) => {
  const folder = temporary(t);
  const lock = join(await simple(folder), "db", "LOCK");
  const target = join(temporary(t), "target");
  writeFileSync(target, "");
  rmSync(lock);
  symlinkSync(target, lock);
  await assert.rejects(content(folder), /a symbolic link/);
  rmSync(lock);
  execFileSync("mkfifo", [lock]);
  await assert.rejects(content(folder), /is no file; remove it/);
  rmSync(lock);
  assert.deepEqual(await content(folder), { entries: ["4 one"], told: [] });
});

const DISAPPEAR = {
  "the folder is removed": (inner) => rmSync(inner, { recursive: true }),
  "the folder is moved": (inner) => renameSync(inner, `${inner}-moved`),
  "the log is removed": (inner) => rmSync(join(inner, "entries")),
  "another log is put in its place": (inner) => {
    writeFileSync(join(inner, "other"), readFileSync(join(inner, "entries")));
    renameSync(join(inner, "other"), join(inner, "entries"));
  },
};
for (const [what, disappear] of Object.entries(DISAPPEAR)) {
  test(`${what} while the store is open: the next write fails, and so does close()`, async (t) => {
    const folder = temporary(t);
    const inner = await simple(folder);
    const store = persistent({ folder });
    await store.open("simple", () => {});
    store.write([[8, Buffer.from("before")]]);
    disappear(inner);
    assert.throws(() => store.write([[12, Buffer.from("more")]]), /were removed while it was open/);
    assert.throws(() => store.write([[16, Buffer.from("more")]]), /were removed while it was open/);
    await assert.rejects(store.close(), /were removed while it was open/);
  });
}

test("a folder whose relative path is another one after process.chdir() is still written", async (t) => {
  const script = `
    import { persistent } from "mqtt-lib/persistent";
    process.chdir(${JSON.stringify(temporary(t))});
    const store = persistent({ folder: "relative" });
    await store.open("simple", () => {});
    process.chdir("/");
    store.write([[4, Buffer.alloc(3 << 20)]]);
    for (let i = 0; i < 3; i++) store.write([[4, Buffer.from("one")]]);
    await store.close();
    console.log("written");
  `;
  assert.equal((await run(script)).stdout, "written\n");
});

test("log and mark are both removed: the store is damaged, once", async (t) => {
  for (const name of ["", "again"]) {
    const folder = temporary(t);
    const inner = await simple(folder);
    if (name) await content(folder);
    for (const file of ["entries", "mark"]) rmSync(join(inner, file));
    const { entries, told } = await content(folder);
    assert.deepEqual(entries, []);
    assert.match(told.join(), /was damaged/);
    assert.deepEqual(await content(folder), { entries: [], told: [] });
  }
});

test("a process that ends before there is a log leaves a store that is not damaged", async (t) => {
  const folder = temporary(t);
  const inner = await simple(folder);
  const path = join(temporary(t), "killed");
  mkdirSync(join(path, inner.split("/").pop()), { recursive: true });
  for (let i = 0; i < 2; i++) assert.deepEqual(await content(path), { entries: [], told: [] });
  const other = join(temporary(t), "killed later");
  mkdirSync(join(other, inner.split("/").pop(), "db"), { recursive: true });
  writeFileSync(join(other, inner.split("/").pop(), "db", "LOCK"), "");
  writeFileSync(join(other, inner.split("/").pop(), "entries.new"), "half");
  for (let i = 0; i < 2; i++) assert.deepEqual(await content(other), { entries: [], told: [] });
});

test("files that others can read are for the user alone once the store is open", async (t) => {
  const folder = temporary(t);
  const inner = await simple(folder);
  assert.equal(statSync(join(inner, "db")).mode & 0o777, 0o700, "db as it is made");
  chmodSync(join(inner, "db"), 0o755);
  for (const name of ["entries", "mark"]) chmodSync(join(inner, name), 0o666);
  await content(folder);
  for (const name of ["entries", "mark"]) assert.equal(statSync(join(inner, name)).mode & 0o777, 0o600, name);
  assert.equal(statSync(join(inner, "db")).mode & 0o777, 0o700, "db");
});

test("a start without classic-level says so, and leaves nothing that a later one takes for damaged", async (t) => {
  const folder = temporary(t);
  const source = `
    import { persistent } from "mqtt-lib/persistent";
    const store = persistent({ folder: ${JSON.stringify(folder)} });
    const reports = [];
    await store.open("me", (text) => reports.push(text)).then(() => store.close(), ({ message }) => reports.push(message));
    console.log(reports.join());
  `;
  const hook = `export const resolve = (name, context, next) => {
    if (name === "classic-level") throw new Error("not installed");
    return next(name, context);
  };`;
  const address = JSON.stringify(`data:text/javascript,${hook}`);
  const loader = `data:text/javascript,import { register } from "node:module"; register(${address});`;
  const without = await run(source, [], { flags: ["--import", loader] });
  assert.match(without.stdout, /the package "classic-level" is missing/, without.stderr);
  assert.deepEqual(await run(source), { stdout: "\n", stderr: "", code: 0, signal: null });
  assert.equal(readdirSync(folder).length, 1);
});
