// Kills a publisher with a store repeatedly, and counts which of its messages arrived.

import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { MqttCustom } from "mqtt-lib";
import "mqtt-lib/persistent";
import { watchArrivals } from "./arrivals.mjs";
import { startMosquitto } from "./mosquitto.mjs";

const PUBLISHER = fileURLToPath(new URL("publisher.mjs", import.meta.url));
const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** Runs a script, which is killed when this process ends. `prints(word)` resolves once its output contains the word. */
export function launch(file, args) {
  const child = spawn(process.execPath, [file, ...args.map(String)], {
    cwd: ROOT,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, NODE_TEST_CONTEXT: undefined },
  });
  child.output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (chunk) => {
      child.output += chunk;
    });
  }
  child.ended = new Promise((resolve) => child.once("close", resolve));
  child.prints = async (word) => {
    while (!child.output.includes(word)) {
      if (child.exitCode !== null) throw new Error(`the child ended: ${child.output}`);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  };
  const atExit = () => child.kill("SIGKILL");
  process.once("exit", atExit);
  child.once("close", () => process.off("exit", atExit));
  return child;
}

/**
 * Kills a publisher `kills` times with SIGKILL, each time `random()` of `life` milliseconds after it has connected, then
 * lets another client send what is stored. Returns how many messages were published, lost, and received twice.
 */
export async function killRepeatedly({ kills, random, life = 150 }) {
  const folder = mkdtempSync(join(tmpdir(), "mqtt-lib-kills-"));
  const broker = await startMosquitto({ persistence: true });
  const log = join(folder, "published");
  writeFileSync(log, "");
  /** @type {Map<string, number>} */
  const arrivals = watchArrivals();
  const watcher = new MqttCustom({ credentials: { mqttserver: broker.url } });
  const credentials = {
    mqttclientid: "killed",
    mqttserver: broker.url,
    publishinterval: 0.02,
    store: "persistent",
  };
  const problems = [];
  try {
    await watcher.subscribe("sigkill", { qos: 2 }, arrivals.handler);
    for (let i = 0; i < kills; i++) {
      const first = (i + 1) * 1_000_000;
      const child = launch(PUBLISHER, [JSON.stringify(credentials), log, first, 4, folder]);
      await child.prints("started");
      await new Promise((resolve) => setTimeout(resolve, random() * life));
      child.kill("SIGKILL");
      await child.ended;
      problems.push(...child.output.split("\n").filter((line) => line && line !== "started"));
    }
    const { persistent } = await import("mqtt-lib/persistent");
    const last = new MqttCustom({
      credentials: { ...credentials, store: persistent({ folder: join(folder, "mqtt-lib-store") }) },
      on_error: (_client, _userdata, error) => problems.push(`${error.code} ${error.message}`),
    });
    await last.start();
    const published = readFileSync(log, "utf8")
      .split("\n")
      .filter(Boolean)
      .map((line) => line.split(" "));
    const { lost, twice, twiceOfQos1 } = await arrivals.of(published);
    await last.stop();
    return { published: published.length, lost, twice, twiceOfQos1, problems };
  } finally {
    await watcher.stop();
    await broker.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}
