// The store of the component: what was not acknowledged outlives it, in the format of Node's store.

import assert from "node:assert/strict";
import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { checksum, ownerOf } from "../../js/persistent/checksum.mjs";
import { EntriesLog } from "../../js/persistent/entries-log.mjs";
import { HEADER_LENGTH, NO_SALT, recordOf } from "../../js/persistent/log-format.mjs";
import { collect, until } from "../node/helpers.mjs";
import { freePort } from "../support/ports.mjs";
import { startMosquitto } from "../support/mosquitto.mjs";
import { bytes, COMMAND, NETWORK, ROOT, start, WASMTIME } from "./helpers.mjs";
import { refused, remote } from "./remote.mjs";

function folderFor(t) {
  const folder = mkdtempSync(join(tmpdir(), "mqtt-lib-wasi-store-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

const ID = "stored";

/** A client with a store, in the folder that is preopened to it. */
const stored = (t, broker, folder, more = {}) =>
  remote(t, broker, { mqttclientid: ID, store: folder, ...more }, undefined, folder);

const nodeLog = (folder) => new EntriesLog(join(folder, "entries"), join(folder, "mark"), ownerOf(ID));

/** A client without a broker, which is ended with messages that nobody has sent. */
async function abandoned(t, folder, count) {
  const client = await stored(t, { port: await freePort() }, folder, { queuesize: 1 });
  for (let i = 0; i < count; i++) await client.call("qpublish", "kept", bytes(`${i}`), { qos: 1 });
  await client.end();
}

test("messages of a client that dies are sent by the next one, once", async (t) => {
  const folder = folderFor(t);
  await abandoned(t, folder, 3);
  const broker = await startMosquitto();
  t.after(() => broker.stop());
  const received = await collect(t, broker.url, "kept", { qos: 1 });
  for (const expected of [
    ["0", "1", "2"],
    ["0", "1", "2"],
  ]) {
    const client = await stored(t, broker, folder);
    await client.call("start");
    await client.call("stop");
    await received.count(3);
    assert.deepEqual(received.texts(), expected);
  }
  assert.equal(nodeLog(folder).read().entries.size, 0);
});

const version = (folder) =>
  ["entries", "mark"].map((name) => readFileSync(join(folder, name), "latin1").slice(0, 8)).join();

/** A client with a broker sends these, and nobody says that the store was damaged. */
async function sendsAll(t, folder, expected) {
  const broker = await startMosquitto();
  t.after(() => broker.stop());
  const received = await collect(t, broker.url, "kept", { qos: 1 });
  const client = await stored(t, broker, folder);
  await client.call("start");
  await client.call("stop");
  await received.count(expected.length);
  assert.deepEqual(received.texts(), expected);
  assert.deepEqual(
    readdirSync(folder).filter((name) => name.includes("damaged")),
    [],
  );
  assert.equal(version(folder), "mqttlog3,mqttmrk3");
}

test("Node reads what the component wrote, and the component what Node wrote", async (t) => {
  const folder = folderFor(t);
  await abandoned(t, folder, 5);
  assert.equal(version(folder), "mqttlog3,mqttmrk3");
  const log = nodeLog(folder);
  const { entries, sound } = log.read();
  assert.deepEqual([entries.size, sound, log.isCurrent], [5, true, true]);
  log.begin(entries);
  log.close();
  await sendsAll(t, folder, ["0", "1", "2", "3", "4"]);
});

test("Node and the component continue each other's log, with the numbers that it has", async (t) => {
  const folder = folderFor(t);
  await abandoned(t, folder, 2);
  const salt = () => readFileSync(join(folder, "entries")).subarray(24, 32).toString("hex");
  const before = salt();
  const log = nodeLog(folder);
  const { entries } = log.read();
  log.reopen();
  const [last] = [...entries.keys()].sort((a, b) => a - b).slice(-1);
  log.append([[last, entries.get(last)]]);
  log.close();
  await abandoned(t, folder, 2);
  const read = nodeLog(folder).read();
  assert.deepEqual([read.entries.size, read.sound, salt()], [4, true, before]);
  await sendsAll(t, folder, ["0", "1", "0", "1"]);
});

test("neither loses an entry of the other's log whose mark is older and whose last record was being written", async (t) => {
  const folder = folderFor(t);
  await abandoned(t, folder, 2);
  const mark = join(folder, "mark");
  const before = readFileSync(mark);
  await abandoned(t, folder, 2);
  appendFileSync(join(folder, "entries"), "\0\0\0\0!");
  writeFileSync(mark, before);
  const log = nodeLog(folder);
  const { entries, sound } = log.read();
  assert.deepEqual([entries.size, sound], [4, true]);
  log.begin(new Map());
  const written = readFileSync(mark);
  for (const entry of entries) log.append([entry]);
  log.close();
  appendFileSync(join(folder, "entries"), "\0\0\0\0!");
  writeFileSync(mark, written);
  await sendsAll(t, folder, ["0", "1", "0", "1"]);
  assert.deepEqual(nodeLog(folder).read().sound, true);
});

test("a log that is written anew has the numbers of the one before, whose mark loses nothing", async (t) => {
  const folder = folderFor(t);
  const broker = await startMosquitto();
  t.after(() => broker.stop());
  const files = ["entries", "mark"].map((name) => join(folder, name));
  const frames = () => files.map((file) => readFileSync(file).subarray(0, HEADER_LENGTH));
  const salts = () => frames().map((frame) => frame.toString("hex", 24, 32));
  const generations = () => frames().map((frame) => frame.readDoubleBE(8));
  const client = await stored(t, broker, folder);
  await client.call("start");
  const [[salt], [, mark]] = [salts(), frames()];
  assert.deepEqual(generations(), [1, 1]);
  for (let i = 0; i < 12; i++) {
    await client.call("qpublish", "kept", new Uint8Array(100_000), { qos: 1 });
    await client.call("flush");
  }
  await client.call("stop");
  await abandoned(t, folder, 2);
  assert.deepEqual(
    [generations(), salts()],
    [
      [2, 2],
      [salt, salt],
    ],
  );
  writeFileSync(files[1], mark);
  const { entries, sound } = nodeLog(folder).read();
  assert.deepEqual([entries.size, sound], [2, true]);
  await sendsAll(t, folder, ["0", "1"]);
});

/** Writes the entries of a store as version 2 had them. */
function writeSecondFormat(folder) {
  const owner = ownerOf(ID);
  const frame = (word, length) => {
    const bytes = Buffer.alloc(28);
    bytes.write(word, "latin1");
    bytes.writeDoubleBE(7, 8);
    bytes.writeDoubleBE(length, 16);
    bytes.writeUInt32BE(checksum(bytes.subarray(0, 24), owner), 24);
    return bytes;
  };
  let log = frame("mqttlog2", 28);
  for (const entry of nodeLog(folder).read().entries)
    log = Buffer.concat([log, recordOf([entry], log.length, NO_SALT, owner)]);
  writeFileSync(join(folder, "entries"), log);
  writeFileSync(join(folder, "mark"), frame("mqttmark", log.length));
}

test("Node and the component read a store of the second format, and write it in the present one", async (t) => {
  const folder = folderFor(t);
  await abandoned(t, folder, 3);
  writeSecondFormat(folder);
  const log = nodeLog(folder);
  const { entries, sound } = log.read();
  assert.deepEqual([entries.size, sound, log.isCurrent], [3, true, false]);
  const old = readFileSync(join(folder, "mark"));
  await abandoned(t, folder, 0);
  assert.equal(version(folder), "mqttlog3,mqttmrk3");
  // The program ended before it had written the mark.
  writeFileSync(join(folder, "mark"), old);
  assert.equal(nodeLog(folder).read().sound, true);
  await sendsAll(t, folder, ["0", "1", "2"]);
});

test("a record that could be written only in part is cut off", async (t) => {
  const folder = folderFor(t);
  const broker = await startMosquitto();
  t.after(() => broker.stop());
  // No file may be longer than a block of 512 or 1024 bytes; without images wasmtime needs no longer one.
  const limited = [
    "-c",
    "trap '' XFSZ; ulimit -f 1; exec \"$@\"",
    "sh",
    WASMTIME,
    "run",
    "-O",
    "memory-init-cow=n",
  ];
  const host = ["--dir", `${folder}::/data`, ...NETWORK, COMMAND];
  const words = ["pub", "kept", "x".repeat(2000), "-q", "1", "-i", ID, "--store", "/data"];
  const program = start("sh", [...limited, ...host, ...words, `mqtt://127.0.0.1:${broker.port}`]);
  const { code, stderr } = await program.ended();
  assert.equal(code, 1, stderr);
  assert.match(stderr, /the store in \/data cannot be written, so the client is stopped/);
  assert.equal(readFileSync(join(folder, "entries")).length, HEADER_LENGTH);
  const { entries, sound } = nodeLog(folder).read();
  assert.deepEqual([entries.size, sound], [0, true]);
});

test("a damaged store is said to be, and what can be read of it is sent", async (t) => {
  const folder = folderFor(t);
  await abandoned(t, folder, 3);
  const path = join(folder, "entries");
  const content = readFileSync(path);
  content[60] ^= 1;
  writeFileSync(path, content);
  const client = await stored(t, { port: await freePort() }, folder);
  assert.equal((await client.next("error")).code, "STORE_DAMAGED");
  assert.equal((await client.call("stats")).queued, 2n);
  assert.ok(readdirSync(folder).includes("entries.damaged-1"));
});

test("a store without a client id, and a folder that cannot be had, are errors of the constructor", async (t) => {
  const folder = folderFor(t);
  const port = await freePort();
  assert.equal(
    (await refused(stored(t, { port }, folder, { mqttclientid: undefined }))).code,
    "INVALID_OPTION",
  );
  const file = join(folder, "file");
  writeFileSync(file, "");
  const error = await refused(stored(t, { port }, folder, { store: file }));
  assert.equal(error.code, "STORE_FAILED", error.message);
  assert.ok(existsSync(file));
});

test("a second client on a folder that is open is an error, until the first one has stopped", async (t) => {
  const folder = folderFor(t);
  const port = await freePort();
  const first = await stored(t, { port }, folder, { queuesize: 1 });
  const error = await refused(stored(t, { port }, folder));
  assert.equal(error.code, "STORE_FAILED", error.message);
  assert.match(error.message, /another client has it open; stop that one, or give each a folder of its own$/);
  await first.call("qpublish", "kept", bytes("0"), { qos: 1 });
  assert.equal((await first.call("stats")).queued, 1n);
  await first.call("stop");
  const next = await stored(t, { port }, folder);
  assert.equal((await next.call("stats")).queued, 1n);
});

test("a folder is free again as soon as the process of its client is killed", async (t) => {
  const folder = folderFor(t);
  const port = await freePort();
  const program = start(process.execPath, [
    `${ROOT}/tests/wasi/store-publisher.mjs`,
    `${port}`,
    folder,
    "1",
    "0",
  ]);
  await until(() => program.result.stdout !== "", "a message that was accepted");
  const again = () => stored(t, { port }, folder, { mqttclientid: "killed" });
  assert.equal((await refused(again())).code, "STORE_FAILED");
  program.child.kill("SIGKILL");
  await program.ended();
  const client = await again();
  assert.ok((await client.call("stats")).queued > 0n);
});

test("a client stops and says so when something else has written to its folder, and leaves that as it is", async (t) => {
  const folder = folderFor(t);
  const client = await stored(t, { port: await freePort() }, folder, { queuesize: 1 });
  await client.call("qpublish", "kept", bytes("0"), { qos: 1 });
  const log = nodeLog(folder);
  const { entries } = log.read();
  log.reopen();
  log.append([[1e9, new Uint8Array([7])]]);
  log.close();
  await client.call("qpublish", "kept", bytes("1"), { qos: 1 });
  for (;;) {
    const { code, message } = await client.next("error");
    if (code !== "STORE_FAILED") continue;
    assert.match(message, /something else has written to it; give it to one client at a time$/);
    break;
  }
  const after = nodeLog(folder).read();
  assert.deepEqual([after.entries.size, after.sound], [entries.size + 1, true]);
});
