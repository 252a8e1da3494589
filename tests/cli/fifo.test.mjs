// A FIFO as the payload: it is read as a file is, and while nobody writes into it the time limit and signals end the command.

import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readdirSync, readlinkSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { CLI, cli, launch, run, subscribed } from "../support/command.mjs";
import { startEmbedded } from "../support/embedded.mjs";
import { scripts, startFakeBroker } from "../support/fake-broker.mjs";

let broker;
let deaf;
const folder = mkdtempSync(join(tmpdir(), "mqtt-lib-fifo-"));
const skip = process.platform === "linux" ? false : "what reads a FIFO without a thread is for Linux";
let number = 0;
function fifo() {
  const path = join(folder, `${number++}`);
  execFileSync("mkfifo", [path]);
  return path;
}

/** Resolves once the process has opened the file, or a while later. */
async function opened(pid, path) {
  const isOpen = () =>
    readdirSync(`/proc/${pid}/fd`).some((fd) => {
      try {
        return readlinkSync(`/proc/${pid}/fd/${fd}`) === path;
      } catch {
        return false; // closed meanwhile
      }
    });
  for (let tries = 0; tries < 200 && !isOpen(); tries++) await setTimeout(50);
}

before(async () => {
  broker = await startEmbedded();
  deaf = await startFakeBroker(scripts.accepts(({ cmd }) => cmd === "publish"));
});

after(async () => {
  await broker?.stop();
  await deaf?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const words = (...more) => [broker.url, "-t", "test/fifo", ...more];

test("-W ends what reads a FIFO without a writer, with code 27", { skip }, async () => {
  const unread = /^mqtt-lib: the time limit of 3 s was reached; ".*" was not read to its end\n$/;
  const none = /^mqtt-lib: the time limit of 3 s was reached; 0 lines were published\n$/;
  for (const [command, sentence] of [
    [["pub", ...words("-f", fifo())], unread],
    [["request", ...words("-f", fifo())], unread],
    [["pub", ...words("-l", "-f", fifo())], none],
  ]) {
    const { code, stderr } = await run([...command, "-W", "3"]);
    assert.match(stderr, sentence);
    assert.equal(code, 27);
  }
});

test("-W ends what reads a FIFO whose writer is silent, and standard input that stays open", {
  skip,
}, async () => {
  const path = fifo();
  const writer = spawn("sh", ["-c", `sleep 60 > '${path}'`], { detached: true });
  const { code, stderr } = await run(["pub", ...words("-f", path), "-W", "3"]);
  process.kill(-writer.pid);
  assert.match(stderr, /the time limit of 3 s was reached; ".*" was not read to its end/);
  assert.equal(code, 27);
  const open = cli(["pub", ...words("-s"), "-W", "3"]);
  open.stdin.write("begun");
  const ended = await open.ended;
  assert.match(ended.stderr, /the time limit of 3 s was reached; standard input was not read to its end/);
  assert.equal(ended.code, 27);
});

test("the first signal ends what reads a FIFO without a writer", { skip }, async () => {
  for (const [name, expected] of [
    ["SIGTERM", 143],
    ["SIGINT", 130],
    ["SIGHUP", 129],
  ])
    for (const command of ["pub", "request"]) {
      const path = fifo();
      const one = cli([command, ...words("-f", path)], { input: "" });
      await opened(one.child.pid, path);
      one.kill(name);
      const { code, stderr } = await one.ended;
      assert.deepEqual([code, stderr], [expected, `mqtt-lib: ended by ${name}\n`]);
    }
});

test("a FIFO is read until its writers have closed it, however late and in however many pieces", {
  skip,
}, async () => {
  const path = fifo();
  const sub = await subscribed(words("-C", "4", "-q", "1"));
  const pub = cli(["pub", ...words("-f", path, "-q", "1")], { input: "" });
  await opened(pub.child.pid, path);
  const file = openSync(path, "w");
  writeSync(file, "one ");
  await setTimeout(300);
  writeSync(file, "payload");
  closeSync(file);
  assert.deepEqual(await pub.ended.then(({ code, stderr }) => [code, stderr]), [0, ""]);
  const lines = cli(["pub", ...words("-l", "-f", path, "-q", "1")], { input: "" });
  await launch("sh", ["-c", `printf 'a\\nb\\n' > '${path}'`], { input: "" }).ended; // the broker is in this process
  assert.equal((await lines.ended).code, 0);
  // The writer has gone before it is read.
  const pipe = `'${process.execPath}' '${CLI}' pub '${broker.url}' -t test/fifo -q 1 -f <(printf piped); echo $?`;
  assert.equal((await launch("bash", ["-c", pipe], { input: "" }).ended).stdout, "0\n");
  assert.equal((await sub.ended).stdout, "one payload\na\nb\npiped\n");
});

test("a second signal ends the command at once", async () => {
  const pub = cli(["pub", deaf.url, "-t", "a", "-m", "b", "-q", "1", "-d"], { input: "" });
  await pub.until("stderr", (text) => text.includes("connected"));
  pub.kill("SIGTERM");
  await pub.until("stderr", (text) => text.includes("disconnecting"));
  const begin = performance.now();
  pub.kill("SIGTERM");
  const { signal } = await pub.ended;
  assert.equal(signal, "SIGTERM");
  assert.ok(performance.now() - begin < 3000);
});
