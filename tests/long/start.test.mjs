// `npm start` in a fresh clone, as README has it: it builds a draft of the package, and its broker, its page and the command work.
// What is not committed is not in the clone.

import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { openPage } from "../page/support/page.mjs";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const execute = promisify(execFile);

/** Starts it; resolves with its port once it has printed the address of the page. */
function start(folder) {
  const child = spawn("npm", ["start", "--", "--port", "0"], {
    cwd: folder,
    detached: true, // npm and what it runs are one group
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  const port = new Promise((resolve, reject) => {
    child.stdout.on("data", (chunk) => {
      output += chunk;
      const [, found] = output.match(/The page: +http:\/\/localhost:(\d+)\//) ?? [];
      if (found) resolve(Number(found));
    });
    child.once("close", () => reject(new Error(`npm start has ended: ${output}`)));
  });
  const stop = () => {
    const ended = new Promise((resolve) => child.once("close", resolve));
    process.kill(-child.pid, "SIGTERM");
    return ended;
  };
  return { port, stop, output: () => output };
}

test("npm start in a fresh clone", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "mqtt-lib-start-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  await execute("git", ["clone", "--quiet", ROOT, folder]);
  const started = start(folder);
  t.after(() => started.stop());
  const port = await started.port;
  assert.match(started.output(), /Rust to pkg\/: built in .*\nJavaScript to dist\/: building/);
  assert.ok(!existsSync(join(folder, "dist", "js.cjs")), "a draft has no core as JavaScript");

  const site = await openPage({ url: `http://localhost:${port}/` });
  t.after(() => site.close());
  await site.connect();
  await site.subscribe("start/#", 1);
  const command = (...words) =>
    execute(process.execPath, [join(folder, "dist", "cli.cjs"), ...words, "-p", `${port}`]);
  await command("pub", "-t", "start/a", "-m", "hello", "-q", "1", "-r");
  await site.page.locator('#messages .v-row[data-topic="start/a"]:not([hidden])').waitFor();
  assert.equal((await command("sub", "-t", "start/#", "-C", "1", "-W", "20")).stdout, "hello\n");
  assert.deepEqual(site.problems, []);
});
