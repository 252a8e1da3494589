// Completion is made from the table of options: bash itself completes with it.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { run } from "../support/command.mjs";

/** What bash would offer for these words. */
async function offered(words) {
  const { stdout } = await run(["completion", "bash"]);
  const quoted = words.map((word) => `'${word}'`).join(" ");
  const script = `${stdout}
COMP_WORDS=(mqtt-lib ${quoted}); COMP_CWORD=${words.length}; _mqtt_lib; printf '%s\\n' "\${COMPREPLY[@]}"`;
  return execFileSync("bash", ["-c", script], { encoding: "utf8" }).trim().split("\n");
}

test("bash completes commands, options of a command, and files", async () => {
  assert.deepEqual(await offered(["re"]), ["request"]);
  assert.deepEqual(await offered(["sub", "--remove"]), ["--remove-retained"]);
  assert.ok((await offered(["pub", "-"])).includes("--repeat"));
  assert.deepEqual(await offered(["pub", "--cafile", "/etc/hostn"]), ["/etc/hostname"]);
});

test("zsh and fish get every option of every command", async () => {
  for (const command of ["pub", "sub", "request", "bench", "broker", "tree"]) {
    const { stdout } = await run([command, "--help"]);
    const options = [...stdout.matchAll(/^ {2}(?:-\w, | {4})--([\w-]+)/gm)].map(([, name]) => name);
    assert.ok(options.length > 3);
    const zsh = (await run(["completion", "zsh"])).stdout;
    const fish = (await run(["completion", "fish"])).stdout;
    for (const name of options) {
      assert.ok(zsh.includes(`'*--${name}[`), `zsh ${name}`);
      assert.ok(
        fish.includes(`'__fish_seen_subcommand_from ${command}' -l ${name}`),
        `fish ${command} ${name}`,
      );
    }
  }
});

test("another shell is exit code 2", async () => {
  const { code, stderr } = await run(["completion", "tcsh"]);
  assert.equal(stderr, 'mqtt-lib: mqtt-lib completion takes bash, zsh or fish; "tcsh" was given\n');
  assert.equal(code, 2);
});
