// Programs that are killed while they publish: what their component had accepted reaches the broker, at QoS 2 once.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { collect, until } from "../node/helpers.mjs";
import { startMosquitto } from "../support/mosquitto.mjs";
import { remote } from "./remote.mjs";

const PROGRAM = fileURLToPath(new URL("store-publisher.mjs", import.meta.url));
const KILLS = 8;
const ID = "killed";

/** Kills a program when it has printed so many numbers; all that it has printed. */
async function kill(words, after) {
  const child = spawn(process.execPath, [PROGRAM, ...words.map(String)], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [printed, failed] = ["", ""];
  child.stderr.setEncoding("utf8").on("data", (text) => {
    failed += text;
  });
  const closed = once(child, "close");
  child.stdout.setEncoding("utf8").on("data", (text) => {
    printed += text;
    if (printed.split("\n").length > after) child.kill("SIGKILL");
  });
  const [, signal] = await closed;
  assert.equal(signal, "SIGKILL", failed);
  // A last line without its end was written, too: the number was accepted before.
  return printed.split("\n").filter((line) => line !== "");
}

for (const qos of [1, 2]) {
  test(`QoS ${qos}: what a killed program's component had accepted arrives`, async (t) => {
    const folder = mkdtempSync(join(tmpdir(), "mqtt-lib-wasi-kills-"));
    t.after(() => rmSync(folder, { recursive: true, force: true }));
    const broker = await startMosquitto();
    t.after(() => broker.stop());
    const received = await collect(t, broker.url, "kept", { qos: 2 });
    const accepted = new Set();
    for (let round = 0; round < KILLS; round++) {
      const first = round * 1_000_000;
      for (const number of await kill([broker.port, folder, qos, first], 20 * (round + 1)))
        accepted.add(number);
    }
    const client = await remote(
      t,
      broker,
      { mqttclientid: ID, mqttcleansession: false, store: folder },
      undefined,
      folder,
    );
    await client.call("start");
    await client.call("flush");
    await client.call("stop");
    const missing = () => {
      const there = new Set(received.texts());
      return [...accepted].filter((number) => !there.has(number));
    };
    await until(() => missing().length === 0, "what was accepted").catch(() => {});
    const lost = missing();
    const texts = received.texts();
    const twice = texts.length - new Set(texts).size;
    t.diagnostic(
      `QoS ${qos}: ${KILLS} kills, ${accepted.size} accepted, ${lost.length} lost, ${twice} twice`,
    );
    assert.deepEqual(lost, []);
    if (qos === 2) assert.equal(twice, 0);
  });
}
