// Shared subscriptions (MQTT 5, §4.8.2): several processes share the messages of one filter, as the README says.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { startMosquitto } from "../support/mosquitto.mjs";
import { startRumqttd } from "../support/rumqttd.mjs";
import { clientFor, freshTopic, lines, until } from "./helpers.mjs";

const WORKER = fileURLToPath(new URL("../support/worker.mjs", import.meta.url));
const MESSAGES = 10_000;
const PROCESSES = 3;

async function startWorker(t, url, filter, log) {
  const child = spawn(process.execPath, [WORKER, url, filter, log], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, NODE_TEST_CONTEXT: undefined },
  });
  const ended = new Promise((resolve) => child.once("close", resolve));
  t.after(() => {
    child.kill("SIGKILL");
    return ended;
  });
  let output = "";
  child.stdout.on("data", (chunk) => {
    output += chunk;
  });
  await until(() => output.includes("ready"), "a worker that is subscribed");
  return {
    numbers: () => (existsSync(log) ? lines(readFileSync(log, "utf8")).map(Number) : []),
    end: () => {
      child.kill("SIGTERM");
      return ended;
    },
  };
}

for (const [name, start] of [
  ["mosquitto", startMosquitto],
  ["rumqttd", startRumqttd],
]) {
  test(`${name}: ${PROCESSES} processes share ${MESSAGES} messages, none is lost and none comes twice`, async (t) => {
    const broker = await start();
    t.after(() => broker.stop());
    const folder = mkdtempSync(join(tmpdir(), "mqtt-lib-shared-"));
    t.after(() => rmSync(folder, { recursive: true, force: true }));
    const topic = freshTopic("load");
    const workers = await Promise.all(
      Array.from({ length: PROCESSES }, (_, i) =>
        startWorker(t, broker.url, `$share/group/${topic}`, join(folder, String(i))),
      ),
    );
    const client = clientFor(t, { mqttserver: broker.url, mqttversion: 5, maxinflight: 50 });
    const sent = Array.from({ length: MESSAGES }, (_, i) => client.publish(topic, i, { qos: 1 }));
    await Promise.all(sent);
    const all = () => workers.flatMap((worker) => worker.numbers());
    await until(() => all().length >= MESSAGES, "all messages");
    // A duplicate would be received before the process disconnects.
    assert.deepEqual(await Promise.all(workers.map((worker) => worker.end())), [0, 0, 0]);
    const numbers = all().sort((a, b) => a - b);
    assert.equal(numbers.length, MESSAGES);
    assert.ok(numbers.every((number, i) => number === i));
    const shares = workers.map((worker) => worker.numbers().length);
    t.diagnostic(`shares: ${shares.join(", ")}`);
    assert.ok(Math.min(...shares) > 0, `${shares}`);
  });
}
