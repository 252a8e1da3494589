// Prepares the clients in other languages: C from Debian's packages, Rust from crates.io, compiled into target/bench/native.
// Owns which of them there are on this machine; one that cannot be had is left out with a sentence.

import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { ROOT, run, which } from "../scripts/run.mjs";

const SOURCES = join(ROOT, "bench", "native");
const BUILT = join(ROOT, "target", "bench", "native");

/** In C: the package that has the header, the header, the library. */
const IN_C = {
  libmosquitto: ["libmosquitto-dev", "/usr/include/mosquitto.h", "mosquitto"],
  "paho-c": ["libpaho-mqtt-dev", "/usr/include/MQTTAsync.h", "paho-mqtt3a"],
};
export const NATIVE = ["rumqttc", ...Object.keys(IN_C)];

/** What it was compiled to. @param {string} name */
export const program = (name) =>
  name === "rumqttc" ? join(BUILT, "release", "bench-rumqttc") : join(BUILT, name);

async function install(packages) {
  if (packages.length === 0 || process.getuid?.() !== 0 || !which("apt-get")) return;
  await run("apt-get", ["install", "-y", "-q", "--no-install-recommends", ...packages], { capture: true });
}

async function compileC(name) {
  const [, , library] = IN_C[name];
  const source = join(SOURCES, `${name}.c`);
  const args = ["-O2", "-pthread", "-o", program(name), source, `-l${library}`];
  return (await run("cc", args, { capture: true })).code === 0;
}

async function compileRust() {
  const args = ["build", "--release", "--quiet", "--target-dir", BUILT];
  return (await run("cargo", args, { cwd: join(SOURCES, "rumqttc"), capture: true })).code === 0;
}

/** The names of those that can be measured. @param {string[]} wanted */
export async function prepareNative(wanted) {
  mkdirSync(BUILT, { recursive: true });
  const inC = wanted.filter((name) => name in IN_C);
  const missing = inC.filter((name) => !existsSync(IN_C[name][1]));
  await install(missing.map((name) => IN_C[name][0]));
  const ready = [];
  for (const name of wanted) {
    const [needs, header] = IN_C[name] ?? [];
    if (header !== undefined && !existsSync(header)) {
      console.error(`${name} is left out: install ${needs} (Debian), or run as root`);
    } else if (await (header === undefined ? compileRust() : compileC(name))) {
      ready.push(name);
    } else {
      console.error(`${name} is left out: it does not compile here`);
    }
  }
  return ready;
}
