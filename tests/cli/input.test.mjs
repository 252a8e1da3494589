// The input of pub: lines, with batches, a queue and JSON, and wrong lines; and the output of sub.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { CLI, cli, launch, run, subscribed } from "../support/command.mjs";
import { startEmbedded } from "../support/embedded.mjs";

let broker;
const folder = mkdtempSync(join(tmpdir(), "mqtt-lib-cli-"));

before(async () => {
  broker = await startEmbedded();
});

after(async () => {
  await broker?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Runs pub with these arguments and this input; returns the `count` messages that a subscriber receives. */
async function published(count, words, input) {
  const sub = await subscribed([broker.url, "test/lines", "-q", "1", "-C", `${count}`]);
  const { code, stderr } = await run(["pub", broker.url, "test/lines", ...words], { input });
  const progress = /^mqtt-lib: [\d,]+ lines published.*\n/gm; // printed if it takes long
  assert.deepEqual([code, stderr.replace(progress, "")], [0, ""]);
  return (await sub.ended).bytes.toString("latin1").split("\n").slice(0, -1);
}

test("lines: empty ones are left out, both line ends are taken off, the last needs none, bytes stay", async () => {
  const input = Buffer.from("one\r\n\ntwo\n\xff\xfe\n three ", "latin1");
  assert.deepEqual(await published(4, ["-l"], input), ["one", "two", "\xff\xfe", " three "]);
});

test("a line that comes in pieces is one message", async () => {
  const sub = await subscribed([broker.url, "test/pieces", "-C", "2"]);
  const pub = cli(["pub", broker.url, "test/pieces", "-l", "-d"]);
  await pub.until("stderr", (text) => text.includes("connected"));
  pub.stdin.write("be");
  await new Promise((resolve) => setTimeout(resolve, 50));
  pub.stdin.write("gun\nwh");
  await sub.until("stdout", (text) => text.includes("begun\n"));
  pub.stdin.end("ole");
  assert.equal((await pub.ended).code, 0);
  assert.equal((await sub.ended).stdout, "begun\nwhole\n");
});

test("lines of a file", async () => {
  const file = join(folder, "lines");
  writeFileSync(file, "a\nb\n");
  assert.deepEqual(await published(2, ["-l", "-f", file]), ["a", "b"]);
});

test("--batch: a JSON array of so many lines, as text or as the JSON they are", async () => {
  assert.deepEqual(await published(3, ["-l", "--batch", "2", "-q", "1"], "1\n2\n3\n4\n5\n"), [
    '["1","2"]',
    '["3","4"]',
    '["5"]',
  ]);
  assert.deepEqual(await published(1, ["-l", "--batch", "9", "--json"], '{"a":1}\n\n[2]\n'), [
    '[{"a":1},[2]]',
  ]);
});

test("--queue: the lines, each by itself; --interval sends lines that are held", async () => {
  assert.deepEqual(await published(3, ["-l", "--queue", "2", "-q", "1"], "1\n2\n3\n"), ["1", "2", "3"]);
  const sub = await subscribed([broker.url, "test/interval", "-C", "1"]);
  const pub = cli(["pub", broker.url, "test/interval", "-l", "--batch", "1000", "--interval", "0.2"]);
  pub.stdin.write("waits\n");
  assert.equal((await sub.ended).stdout, '["waits"]\n'); // while standard input is still open
  pub.stdin.end();
  assert.equal((await pub.ended).code, 0);
});

test("a queue that is larger than what may be under way does not stand still", async () => {
  const lines = Array.from({ length: 5000 }, (_, i) => `${i}`);
  const words = ["-l", "--queue", "1000000", "-q", "1", "-M", "10"];
  assert.deepEqual(await published(5000, words, lines.join("\n")), lines);
});

test("a line that is not JSON: what was before it is sent, and the line is named", async () => {
  const sub = await subscribed([broker.url, "test/json", "-C", "1"]);
  const { code, stderr } = await run(["pub", broker.url, "test/json", "-l", "--json"], {
    input: "1\n\nx\n2\n",
  });
  assert.equal(code, 2);
  assert.match(stderr, /^mqtt-lib: line 3 of standard input is not JSON: .*\n$/);
  assert.equal((await sub.ended).stdout, "1\n");
});

test("output: formats, JSON of text and of bytes, no line end, what is kept out", async () => {
  const sub = (words) => subscribed([broker.url, "test/form", ...words, "-C", "1"]);
  const forms = [
    [["-F", "%t|%l|%q|%r|%x|%X|%p%%\\t"], "test/form|2|0|0|c3bf|C3BF|ÿ%\t\n"],
    [["-N"], "ÿ"],
    [["-v"], "test/form ÿ\n"],
  ];
  const subs = await Promise.all([...forms.map(([words]) => sub(words)), sub(["--json"])]);
  await run(["pub", broker.url, "test/form", "-m", "ÿ"]);
  for (const [i, [, expected]] of forms.entries()) assert.equal((await subs[i].ended).stdout, expected);
  assert.equal(JSON.parse((await subs.at(-1).ended).stdout).payload, "ÿ");

  const bytes = await sub(["--json"]);
  await run(["pub", broker.url, "test/form", "-s"], { input: Buffer.from([0xff, 0x00]) });
  assert.equal(JSON.parse((await bytes.ended).stdout).payloadBase64, "/wA=");

  await run(["pub", broker.url, "test/kept", "-m", "old", "-r", "-q", "1"]);
  const fresh = await subscribed([broker.url, "test/kept", "-R", "-C", "1"]);
  await run(["pub", broker.url, "test/kept", "-m", "new"]);
  assert.equal((await fresh.ended).stdout, "new\n");
});

test("a reader that has had enough ends sub without a failure", async () => {
  const sub = await subscribed([broker.url, "test/head"]);
  sub.child.stdout.destroy();
  const pub = cli(["pub", broker.url, "test/head", "-l"]);
  const feed = setInterval(() => pub.stdin.write("more\n"), 20);
  const { code, stderr } = await sub.ended;
  clearInterval(feed);
  pub.stdin.end();
  await pub.ended;
  assert.equal(code, 0);
  assert.doesNotMatch(stderr, /EPIPE|Error/);
});

test("a folder as standard input is an error, not an empty message", async () => {
  for (const words of [["-s"], ["-l"]]) {
    const command = [CLI, "pub", broker.url, "-t", "test/folder", ...words]
      .map((word) => `'${word}'`)
      .join(" ");
    const { code, stderr } = await launch("sh", ["-c", `${command} < /`], { input: "" }).ended;
    assert.equal(code, 1, words[0]);
    assert.match(stderr, /cannot read standard input: it is a folder/);
  }
});
