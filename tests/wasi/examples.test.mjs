// Runs the examples of wasi/examples as their first lines describe.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { freePort } from "../support/ports.mjs";
import { startMosquitto } from "../support/mosquitto.mjs";
import { run } from "./helpers.mjs";

let broker;

before(async () => {
  broker = await startMosquitto();
});

after(() => broker?.stop());

test("JavaScript: publishes, batches and receives", async () => {
  const example = (port) => run(process.execPath, ["wasi/examples/javascript.mjs", "127.0.0.1", `${port}`]);
  assert.deepEqual(await example(broker.port), {
    stdout: 'wasi/example hello\nwasi/example [{"degrees":20.5},{"degrees":21}]\n',
    stderr: "",
    code: 0,
  });
  const { stderr, code } = await example(await freePort());
  assert.match(stderr, /^CONNECTION_REFUSED .*connection refused/);
  assert.equal(code, 1);
});

test("Python: the interface can be called, and TCP cannot be allowed", async () => {
  const { stdout, stderr, code } = await run(
    "python3",
    ["wasi/examples/python.py", "127.0.0.1", `${broker.port}`],
    { env: { PYTHONPATH: "target/python" } },
  );
  assert.deepEqual({ stderr, code }, { stderr: "", code: 0 });
  const [option, start, state, item] = stdout.split("\n");
  assert.match(option, /^OUT_OF_RANGE credentials\.mqttport must be a whole number from 1 to 65535/);
  assert.match(start, /^CONNECTION_REFUSED cannot connect to .*: the host does not allow it/);
  assert.equal(state, "reconnecting");
  assert.match(item, /^INVALID_PAYLOAD a batch item must be JSON text/);
});
