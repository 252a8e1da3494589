// A pipe whose reader does not read: memory stays bounded, the sentence of the time limit is true, and one signal ends the command.
// And a file system that becomes full within a turn's lines.

import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { CLI, cli, launch, run } from "../support/command.mjs";
import { brokerAndClient } from "../support/broker-and-client.mjs";

const MIB = 1 << 20;
const isLinux = process.platform === "linux";

const shared = brokerAndClient();

/** `sub` with a reader of its standard output that sleeps. */
async function withSleeper(words) {
  const sub = cli(["sub", shared.broker.url, "-d", ...words], { input: "" });
  sub.child.stdout.pause();
  await sub.until("stderr", (text) => text.includes("subscribed"));
  return sub;
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

test("at QoS 0 what the reader has not read is bounded by maxunhandledbytes", {
  skip: !isLinux,
}, async () => {
  const sub = await withSleeper(["-t", "big"]);
  const payload = new Uint8Array(2 * MIB);
  for (let i = 0; i < 120; i++) await shared.client.publish("big", payload, { qos: 1 });
  await pause(1000);
  const status = await readFile(`/proc/${sub.child.pid}/status`, "utf8");
  sub.kill("SIGKILL");
  const peak = Number(/VmHWM:\s+(\d+)/.exec(status)[1]) / 1024;
  assert.ok(peak < 220, `${peak} MiB`);
});

for (const qos of [0, 1]) {
  test(`one SIGINT ends sub at QoS ${qos} when the reader never reads`, async () => {
    const sub = await withSleeper(["-t", `stuck${qos}`, "-q", `${qos}`]);
    await shared.client.publish(`stuck${qos}`, new Uint8Array(5 * MIB), { qos: 1 });
    await pause(500);
    sub.kill("SIGINT");
    await new Promise((resolve) => sub.child.once("exit", resolve));
    assert.equal(sub.child.exitCode, 0);
  });
}

test("after SIGINT a reader that reads on gets all", async () => {
  const sub = await withSleeper(["-t", "slow"]);
  await shared.client.publish("slow", new Uint8Array(5 * MIB), { qos: 1 });
  await pause(500);
  sub.kill("SIGINT");
  sub.child.stdout.resume();
  const { code, bytes } = await sub.ended;
  assert.deepEqual([code, bytes.length], [0, 5 * MIB + 1]);
});

test("a message that has arrived and is not printed in time is not called missing", async () => {
  const sub = await withSleeper(["-t", "late", "-C", "1", "-W", "3"]);
  await shared.client.publish("late", new Uint8Array(5 * MIB), { qos: 1 });
  await sub.until("stderr", (text) => text.includes("disconnecting"));
  sub.child.stdout.resume();
  const { code, stderr } = await sub.ended;
  assert.equal(code, 27);
  assert.match(
    stderr,
    /1 message arrived, but could not be printed within 3 s: the reader of standard output/,
  );
});

for (const qos of [1, 2]) {
  test(`of a turn at QoS ${qos} that fits in part, the whole lines are not printed again`, {
    skip: !isLinux,
  }, async (t) => {
    const words = ["sub", shared.broker.url, "-t", `part${qos}`, "-q", `${qos}`, "-c", "-i", `part${qos}`];
    assert.equal((await run([...words, "-E"])).code, 0);
    const lines = Array.from({ length: 15 }, (_, i) => `${i}`.padEnd(99, "x"));
    for (const line of lines) await shared.client.publish(`part${qos}`, line, { qos });
    const folder = await mkdtemp(join(tmpdir(), "mqtt-lib-part-"));
    t.after(() => rm(folder, { recursive: true }));
    const quoted = [process.execPath, CLI, ...words, "-W", "3"].map((word) => `'${word}'`).join(" ");
    const script = `trap '' XFSZ; ulimit -f 1; exec ${quoted} >'${folder}/out'`;
    assert.equal((await launch("sh", ["-c", script], { input: "" }).ended).code, 1);
    const first = (await readFile(join(folder, "out"), "utf8")).split("\n").slice(0, -1);
    const next = (await run([...words, "-W", "2"])).stdout.split("\n").slice(0, -1);
    assert.ok(first.length > 0);
    assert.deepEqual([...first, ...next], lines);
  });
}

test("tree and request say that standard output is closed, before they connect", {
  skip: !isLinux,
}, async () => {
  for (const words of [["tree"], ["request", "-V", "5", "-t", "a", "-m", "b"]]) {
    const quoted = [process.execPath, CLI, ...words, "-p", "1"].map((word) => `'${word}'`).join(" ");
    const { code, stderr } = await launch("sh", ["-c", `${quoted} >&-`], { input: "" }).ended;
    assert.match(stderr, /^mqtt-lib: standard output is closed[^\n]*\n$/);
    assert.equal(code, 1);
  }
});
