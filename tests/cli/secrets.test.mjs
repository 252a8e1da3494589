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
