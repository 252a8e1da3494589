// A message that sub could not print stays with the broker: it is acknowledged, or removed, when its write has succeeded.

import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { CLI, launch, run } from "../support/command.mjs";
import { brokerAndClient } from "../support/broker-and-client.mjs";

const FULL = "mqtt-lib: cannot write to standard output: ENOSPC: no space left on device, write\n";

const shared = brokerAndClient();

/** Runs the command in a shell, with `redirect` behind it. */
function inShell(words, redirect) {
  const quoted = [process.execPath, CLI, ...words].map((word) => `'${word}'`).join(" ");
  return launch("sh", ["-c", `${quoted} ${redirect}`], { input: "" }).ended;
}

/** The words of a `sub` with a session that the broker keeps, and which has `count` messages. */
async function sessionWith(count, id, qos) {
  const words = ["sub", shared.broker.url, "-t", `jobs/${id}`, "-q", `${qos}`, "-c", "-i", id];
  assert.equal((await run([...words, "-E"])).code, 0);
  for (let i = 1; i <= count; i++) await shared.client.publish(`jobs/${id}`, `job${i}`, { qos });
  return words;
}

for (const qos of [1, 2]) {
  test(`on a full disk messages of QoS ${qos} stay with the broker, and come again in their order`, async () => {
    const words = await sessionWith(3, `full${qos}`, qos);
    const { code, stderr } = await inShell([...words, "-W", "3", "--wire"], ">/dev/full");
    assert.equal(code, 1, stderr);
    assert.ok(stderr.endsWith(FULL), stderr);
    assert.doesNotMatch(stderr, /-> (PUBACK|PUBREC)/);
    const next = await run([...words, "-C", "3", "-W", "9"]);
    assert.deepEqual([next.code, next.stdout], [0, "job1\njob2\njob3\n"]);
    const last = await run([...words, "-W", "1"]);
    assert.deepEqual([last.code, last.stdout], [27, ""], "what was printed is acknowledged");
  });
}

test("on a file system that becomes full in the middle of a message, that message stays with the broker", async (t) => {
  const words = await sessionWith(1, "limit", 1);
  await shared.client.publish("jobs/limit", "x".repeat(1000), { qos: 1 });
  // 512 bytes fit into the file: the first message, and a part of the second.
  const folder = await mkdtemp(join(tmpdir(), "mqtt-lib-limit-"));
  t.after(() => rm(folder, { recursive: true }));
  const quoted = [process.execPath, CLI, ...words, "-W", "3"].map((word) => `'${word}'`).join(" ");
  const script = `trap '' XFSZ; ulimit -f 1; exec ${quoted} >'${folder}/out'`;
  const { code, stderr } = await launch("sh", ["-c", script], { input: "" }).ended;
  assert.match(stderr, /cannot write to standard output: EFBIG/);
  assert.equal(code, 1);
  const next = await run([...words, "-W", "1"]);
  assert.ok(next.stdout.endsWith(`${"x".repeat(1000)}\n`), next.stdout);
});

test("a reader that closes the pipe: what comes later stays with the broker", async () => {
  const words = await sessionWith(0, "closed", 1);
  const sub = launch(process.execPath, [CLI, ...words, "-d"], { input: "" });
  await sub.until("stderr", (text) => text.includes("subscribed"));
  sub.child.stdout.destroy();
  await shared.client.publish("jobs/closed", "job1", { qos: 1 });
  await shared.client.publish("jobs/closed", "job2", { qos: 1 });
  assert.equal((await sub.ended).code, 0);
  const next = await run([...words, "-C", "2", "-W", "9"]);
  assert.deepEqual([next.code, next.stdout], [0, "job1\njob2\n"]);
});

test("messages behind the last one that --count allows stay with the broker", async () => {
  const words = await sessionWith(5, "count", 1);
  assert.equal((await run([...words, "-C", "2", "-W", "9"])).stdout, "job1\njob2\n");
  assert.equal((await run([...words, "-C", "3", "-W", "9"])).stdout, "job3\njob4\njob5\n");
});

test("a closed standard output is a failure, before anything is received", {
  skip: process.platform !== "linux",
}, async () => {
  const words = await sessionWith(1, "none", 1);
  for (const more of [
    ["-W", "3"],
    ["-C", "1", "-W", "3"],
  ]) {
    const { code, stderr } = await inShell([...words, ...more, "--wire"], ">&-");
    assert.equal(code, 1, stderr);
    assert.match(stderr, /^mqtt-lib: standard output is closed[^\n]*>\/dev\/null[^\n]*\n$/);
  }
  assert.equal((await inShell([...words, "-E"], ">&-")).code, 0, "it needs no output");
  const next = await run([...words, "-C", "1", "-W", "9"]);
  assert.deepEqual([next.code, next.stdout], [0, "job1\n"]);
  await shared.client.publish("jobs/none", "job2", { qos: 1 });
  assert.equal((await inShell([...words, "-C", "1", "-W", "9"], ">/dev/null")).code, 0);
});

test("sub --remove-retained leaves what it could not print", async () => {
  for (const name of ["a", "b", "c"])
    await shared.client.publish(`kept/${name}`, name, { qos: 1, retain: true });
  const words = ["sub", shared.broker.url, "-t", "kept/#", "-v", "--remove-retained"];
  const { code, stderr } = await inShell([...words, "-W", "3"], ">/dev/full");
  assert.equal(code, 1);
  // Those that had come when the first write failed.
  assert.match(stderr, /^mqtt-lib: 0 retained messages were removed; (?:1 was|[23] were) not\n/);
  assert.ok(stderr.endsWith(FULL), stderr);
  const kept = await run(["tree", shared.broker.url, "kept/#", "--json", "--quiet"]);
  assert.deepEqual(JSON.parse(kept.stdout), { "kept/a": "a", "kept/b": "b", "kept/c": "c" });
  const two = await run([...words, "-C", "2"]);
  assert.match(two.stderr, /2 retained messages were removed\n/);
  const left = await run(["tree", shared.broker.url, "kept/#", "--json", "--quiet"]);
  assert.deepEqual(
    Object.keys(JSON.parse(left.stdout)),
    ["kept/c"],
    "what --count does not print is not removed",
  );
});
