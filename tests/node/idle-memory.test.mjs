// The memory of a connected, idle client, which matters in a process with thousands of them: V8's heap and the memory of the
// WebAssembly, after garbage collection, so that the figure is reproducible.

import assert from "node:assert/strict";
import { test } from "node:test";
import { startCounterpart } from "../../bench/counterpart/client.mjs";
import { run } from "./helpers.mjs";

/** KB for each client with its socket; a socket without a client needs 1 over TCP and 3 over WebSocket. */
const MOST = { tcp: 8, ws: 10 };

const source = `
  import { queryObjects } from "node:v8";
  import { MqttCustom } from "mqtt-lib";
  const mqttserver = process.argv[2];
  class None {}
  // On a busy machine what connecting has left is collected late.
  async function inUse() {
    let least = Infinity;
    for (let later = 0; later < 3; later++) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      queryObjects(None, { format: "count" }); // collects garbage first
      const { heapUsed, external } = process.memoryUsage();
      if (heapUsed + external < least) later = 0;
      least = Math.min(least, heapUsed + external);
    }
    return least;
  }
  const clients = [];
  async function connected(count) {
    while (clients.length < count) {
      const some = Array.from({ length: 25 }, () => new MqttCustom({ credentials: { mqttserver }, on_message() {} }));
      await Promise.all(some.map((client) => client.start()));
      clients.push(...some);
    }
    return inUse();
  }
  const few = await connected(100);
  const many = await connected(500);
  console.log((many - few) / 400 / 1024);
  process.exit();
`;

for (const [transport, most] of Object.entries(MOST)) {
  test(`an idle client keeps less than ${most} KB, over ${transport}`, async (t) => {
    const counterpart = await startCounterpart();
    t.after(() => counterpart.stop());
    const flags = ["--no-warnings"];
    const { code, stdout, stderr } = await run(source, [counterpart.url(transport)], { flags });
    assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
    assert.ok(Number(stdout) > 0 && Number(stdout) < most, `${stdout} KB`);
  });
}
