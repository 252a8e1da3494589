// Prepares the clients that are compared: MQTT.js is a development dependency, paho is installed on demand into
// target/bench/peers. Owns their versions, and the copy of dist/ that is measured.

import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { must, ROOT } from "../scripts/run.mjs";

export const FOLDER = join(ROOT, "target", "bench");
const PEERS = join(FOLDER, "peers");
const MANIFEST = join(PEERS, "package.json");
const PAHO = "1.1.0";

const versionIn = (folder) => JSON.parse(readFileSync(join(folder, "package.json"), "utf8")).version;
const paho = () => join(PEERS, "node_modules", "paho-mqtt");

async function installPaho() {
  if (existsSync(paho()) && versionIn(paho()) === PAHO) return;
  mkdirSync(PEERS, { recursive: true });
  writeFileSync(MANIFEST, `${JSON.stringify({ private: true, dependencies: { "paho-mqtt": PAHO } })}\n`);
  await must("npm", ["install", "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd: PEERS,
    capture: true,
  });
}

/** Installs and copies; returns environment variables for measurements, and the versions. */
export async function preparePeers(dist) {
  await installPaho();
  const copy = join(FOLDER, "dist"); // so that a build meanwhile does not change the measurement
  rmSync(copy, { recursive: true, force: true });
  cpSync(resolve(ROOT, dist), copy, { recursive: true });
  const hash = createHash("sha256");
  for (const name of ["node.cjs", "mqtt_lib_bg.wasm"]) hash.update(readFileSync(join(copy, name)));
  const modules = join(ROOT, "node_modules");
  return {
    env: { BENCH_DIST: pathToFileURL(join(copy, "node.mjs")).href, BENCH_PEERS: MANIFEST },
    build: hash.digest("hex").slice(0, 12), // identifies the build
    versions: {
      "mqtt-lib": versionIn(ROOT),
      mqttjs: versionIn(join(modules, "mqtt")),
      paho: versionIn(paho()),
      bare: `ws ${createRequire(join(ROOT, "package.json"))("ws/package.json").version}`,
    },
  };
}
