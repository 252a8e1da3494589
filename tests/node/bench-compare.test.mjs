// bench/compare.mjs works with the current package: its simulated socket does what the package needs. No figure is checked.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

test("two copies are compared in each workload", async () => {
  const args = ["bench/compare.mjs", "--processes=1", "--slices=1", "dist", "dist"];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: ROOT });
  const rows = stdout.trim().split("\n").slice(2);
  const received = [1, 16, 700].map((packed) => `receive-${packed}`);
  const acknowledged = received.map((name) => `${name}-qos1`);
  const names = ["publish-0", "publish-1", "publish-2", ...received, ...acknowledged];
  assert.equal(rows.length, names.length, stdout);
  for (const [i, name] of names.entries()) {
    assert.match(rows[i], new RegExp(`^\\| ${name} \\| [\\d.]+ \\| [\\d.]+ \\([\\d.]+x\\) \\|$`));
  }
});
