// 100,000 lines through a pipe at QoS 1: none is lost, also if the broker restarts meanwhile; without a broker no more lines
// are read than the bounds allow.

import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { after, before, test } from "node:test";
import { cli, subscribed } from "../support/command.mjs";
import { startMosquitto } from "../support/mosquitto.mjs";

const LINES = 100_000;
/** Lines are padded to this length, so that pipes and buffers hold only a small part. */
const LONG = 100;
/** 2,000 unacknowledged lines, and those that were read from the pipe in addition. */
const HELD_BACK = 10_000;

let broker;

before(async () => {
  broker = await startMosquitto({ persistence: true });
});

after(() => broker?.stop());

const at = () => ["-h", "127.0.0.1", "-p", `${broker.port}`];
const lineOf = (number) => `${number} `.padEnd(LONG, "x");

/** Writes the lines as fast as they are read; `offered` counts them. */
function feed(stdin) {
  const source = { offered: 0 };
  function* lines() {
    for (; source.offered < LINES; source.offered += 1) yield `${lineOf(source.offered)}\n`;
  }
  Readable.from(lines(), { objectMode: true, highWaterMark: 1 }).pipe(stdin);
  return source;
}

/** The numbers of the lines in the order of their first arrival; a split line would not be a number. */
function firstOnes(stdout) {
  const seen = new Set();
  for (const line of stdout.split("\n").slice(0, -1)) {
    const number = Number.parseInt(line, 10);
    assert.equal(line, lineOf(number));
    seen.add(number);
  }
  return [...seen];
}

/** Waits for the last line; duplicates may follow it. */
async function collected(sub) {
  await sub.until("stdout", (text) => text.endsWith("\n") && text.includes(`\n${lineOf(LINES - 1)}\n`));
  sub.kill("SIGINT");
  return sub.ended;
}

const EXPECTED = Array.from({ length: LINES }, (_, i) => i);

test("every line arrives once and in order", async () => {
  const sub = await subscribed([...at(), "-t", "lines/calm", "-q", "1", "-C", `${LINES}`]);
  const pub = cli(["pub", ...at(), "-t", "lines/calm", "-l", "-q", "1"]);
  feed(pub.stdin);
  const { code, stderr } = await pub.ended;
  assert.deepEqual([code, stderr.replace(/^mqtt-lib: [\d,]+ lines published.*\n/gm, "")], [0, ""]);
  const { stdout } = await sub.ended;
  assert.equal(stdout, EXPECTED.map((number) => `${lineOf(number)}\n`).join(""));
});

test("none is lost when the broker restarts in the middle, and memory stays bounded meanwhile", async () => {
  const sub = await subscribed([...at(), "-t", "lines/storm", "-q", "1", "-c", "-i", "collector"]);
  const pub = cli(["pub", ...at(), "-t", "lines/storm", "-l", "-q", "1", "-c", "-i", "feeder"]);
  const source = feed(pub.stdin);
  await sub.until("stdout", (_text, length) => length > (LINES * LONG) / 3);
  await broker.kill("SIGTERM");
  await pub.until("stderr", (text) => text.includes("reconnecting"));
  const before = source.offered;
  await new Promise((resolve) => setTimeout(resolve, 2000));
  assert.ok(
    source.offered - before < HELD_BACK,
    `${source.offered - before} lines were read while it was away`,
  );
  assert.ok(source.offered < LINES, "the restart is in the middle");
  await broker.start();

  const { code, stderr } = await pub.ended;
  assert.equal(code, 0, stderr);
  assert.match(stderr, /reconnected/);
  const { code: ended, stdout } = await collected(sub);
  assert.equal(ended, 0);
  assert.deepEqual(firstOnes(stdout), EXPECTED);
});
