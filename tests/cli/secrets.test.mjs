// No message of the command prints a password, whatever form the URL has that contains it.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { run } from "../support/command.mjs";
import { freePort } from "../support/ports.mjs";

let port;
before(async () => {
  port = await freePort();
});
after(() => {});

const SECRETS = [
  "s3cr3t",
  "s3c/r3t",
  "s3c#r3t",
  "s3c?r3t",
  "12/s3cr3t",
  "s3c@r3t",
  "s3c:r3t",
  "s3c\rr3t",
  "s3c\nr3t",
  "s3c\x1br3t",
  "s3c r3t",
  "s3c%r3t",
  "s3c%2Fr3t",
  "/s3cr3t",
  "?s3cr3t",
  "#s3cr3t",
  "s3cr3t/",
  "s3cr3t\r",
];
const FORMS = [
  (secret, at) => [`mqtt://me:${secret}@${at}`],
  (secret, at) => [`mqtt://me:${secret}@${at}\r`],
  (secret, at) => ["-L", ` mqtt://me:${secret}@${at}/topic`],
  (secret, at) => [`--url=ws://me:${secret}@${at}/mqtt`],
  (secret, at) => ["-h", `mqtt://me:${secret}@${at}`],
  (secret, at) => ["-h", `me:${secret}@${at}`],
  (secret, at) => ["-h", "127.0.0.1", `mqtt://me:${secret}@${at}`],
  (secret, at) => [`mqtt//me:${secret}@${at}`, "b", "c"],
  (secret, at) => [`http://me:${secret}@${at}`],
  (secret, at) => [`mqtt://me:${secret}@${at}:x`],
  (secret, at) => ["-h", "127.0.0.1", "-p", at.split(":")[1], "-u", "me", "-P", secret],
  (secret, at) => ["-h", "127.0.0.1", "-p", at.split(":")[1], "-P", secret],
];

/** Parts of a secret that would say much of it. */
const parts = (secret) =>
  [secret, ...secret.split(/[^\w]+/)].filter((part) => part.length > 2 && part !== "2Fr3t");

for (const [number, form] of FORMS.entries()) {
  test(`form ${number}, ${form("…", "host:1883").join(" ")}: nothing of any password is printed`, async () => {
    for (const secret of SECRETS) {
      const words = form(secret, `127.0.0.1:${port}`);
      const { code, stdout, stderr } = await run(["pub", "-t", "a", "-m", "b", "-d", "-W", "2", ...words]);
      assert.notEqual(code, 0, words.join(" "));
      assert.match(stderr, /^mqtt-lib: /);
      for (const part of parts(secret)) assert.ok(!(stdout + stderr).includes(part), `${words}: ${stderr}`);
    }
  });
}

const MISTAKES = [
  ["mqtt://u:Sec1Tail2@h"],
  ["mqtt://u:Sec1Tail2@h", "pub", "-t", "a"],
  ["u:Sec1Tail2@h"],
  ["-PSec1Tail2", "pub"],
  ["--pw=Sec1Tail2"],
  ["--pwSec1Tail2"],
  ["--PW=Sec1Tail2", "pub", "-t", "a", "-m", "b"],
  ["--pasword=Sec1Tail2", "pub"],
  ["--secret=Sec1\nTail2", "sub"],
  ["bench", "a", "Sec1Tail2"],
  ["tree", "a", "Sec1Tail2"],
  ["help", "mqtt://u:Sec1Tail2@h"],
  ...[
    ["--pwSec1Tail2"],
    ["--PWSec1Tail2"],
    ["Sec1Tail2"],
    ["-u", "me", "\u2014pw", "Sec1Tail2"],
    ["-u", "me", "\u2013pw=Sec1Tail2"],
    ["--passwordSec1Tail2"],
    ["--password=Sec1Tail2"],
    ["--pw", "=", "Sec1Tail2"],
    ["-pSec1Tail2"],
    ["-pwSec1Tail2"],
    ["-p", "Sec1Tail2"],
    ["-dp", "Sec1Tail2"],
    ["--port", "Sec1Tail2"],
    ["--port=Sec1Tail2"],
    ["-p", "12345672"],
    ["-uP", "Sec1Tail2"],
    ["-dPSec1Tail2", "Sec1Tail2"],
    ["-h", "u:Sec1Tail2"],
    ["-h", "u:Sec1Tail2%40host"],
    ["mqtt://u:Sec1Tail2"],
    [`mqtt://u:${"Sec1Tail2".repeat(10)}`],
    ["mqtt://u:Sec1Tail2%40host:1883"],
    ["mqtt://u:Sec1Tail2%40host/topic"],
    ["mqtt://u:Sec1/Tail2%40host"],
    ["mqtt://u:Sec1@Tail2%40host"],
    ["mqtt://u:Sec1Tail2\uff20host"],
    ["mqtt://u:Sec1Tail2\uff20host:1883"],
    ["wss://u:Sec1Tail2\ufe6bhost/mqtt"],
    ["mqtt:u:Sec1Tail2\uff20host"],
    ["-L", "mqtt://u:Sec1Tail2%40host"],
  ].map((words) => ["pub", "-t", "a", "-m", "b", "-d", "-W", "1", ...words]),
];

test("a command line that is wrong in another way prints no password either", async () => {
  for (const words of MISTAKES) {
    const { code, stdout, stderr } = await run(words);
    assert.notEqual(code, 0, words.join(" "));
    assert.match(stderr, /^mqtt-lib: /, words.join(" "));
    assert.doesNotMatch(stdout + stderr, /sec1|tail2|12345672/i, words.join(" "));
  }
});

test("what is wrong is said without it", async () => {
  for (const [words, sentence] of [
    [["mqtt://u:Sec1Tail2@h"], /the command is missing before the URL; the commands are: pub, sub/],
    [["pub", "-p", "Sec1Tail2"], /-p must be a number; "…" was given; the password is given with --pw or -P/],
    [["pub", "--pwSec1Tail2"], /pub has no option --pw…; the password is given with --pw or -P/],
    [
      ["sub", "mqtt://u:Sec1Tail2%40host"],
      /the URL has %40 or a full-width @ before its host; write a plain @/,
    ],
  ]) {
    const { code, stderr } = await run(words);
    assert.match(stderr, sentence);
    assert.equal(code, 2);
  }
});

test("what is no secret is shown: an @ in a topic, a port, an address of IPv6", async () => {
  const pub = (...words) => run(["pub", "-t", "a", "-m", "b", ...words]);
  for (const [words, shown] of [
    [[`mqtt://127.0.0.1:${port}/user%40home`], `127.0.0.1:${port}`],
    [["-h", "::1", "-p", `${port}`], `[::1]:${port}`],
    [[`mqtt://[::1]:${port}/user%40home`], `[::1]:${port}`],
    [["-p", "70000"], "70000"],
  ])
    assert.ok((await pub(...words)).stderr.includes(shown), `${words}: ${shown}`);
});

test("a URL that ends with a carriage return, as a file of Windows has it, works as without", async () => {
  const { stderr } = await run(["pub", `mqtt://127.0.0.1:${port}\r`, "-t", "a", "-m", "b"]);
  assert.match(stderr, /127\.0\.0\.1:\d+: nothing listens there/);
});

test("an @ behind the host says how to write it", async () => {
  for (const url of ["mqtt://me:se/cret@host", "mqtt://me:se?cret@host/a", "mqtt://me:se#cret@host"]) {
    const { code, stderr } = await run(["sub", url]);
    assert.match(stderr, /%2F %3F %23/);
    assert.equal(code, 2);
  }
});
