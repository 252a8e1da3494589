// Installs what the machine lacks, and only that, one line per step. Needs nothing but Node and rustup.
//   node scripts/setup.mjs start   the tools that `npm start` needs
//   node scripts/setup.mjs build   the tools that `npm run build` needs
//   node scripts/setup.mjs wasi    those that `npm run build:wasi` needs
//   node scripts/setup.mjs test    all of them, and those that `npm test` needs
//   node scripts/setup.mjs bytes   those of `build`, and twiggy for `npm run bytes`
//   node scripts/setup.mjs long    and Firefox with its driver, and brokers from Debian, for `npm run test:long`
//   node scripts/setup.mjs brokers those of `test`, and the brokers of `npm run test:brokers`
//   node scripts/setup.mjs guests  those of `wasi`, and what makes components of Rust, JavaScript, Python and C
//   node scripts/setup.mjs fuzz    those of `npm run fuzz`: a nightly Rust and cargo-fuzz
//   node scripts/setup.mjs miri    those of `npm run proof:miri`: a nightly Rust with Miri
//   node scripts/setup.mjs mutants those of `build`, and cargo-mutants for `npm run proof:mutants`
//   node scripts/setup.mjs sbom    cargo-cyclonedx for `npm run sbom`
import { chmodSync, copyFileSync, existsSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Failure, isMain, main, must, ROOT, run, secondsSince, which } from "./run.mjs";

const WASM_TARGET = "wasm32-unknown-unknown";
const WASI_TARGET = "wasm32-wasip2";
const WASM_PACK = "0.15.1";
const GECKODRIVER = "0.37.1";
const TWIGGY = "0.8.0";
const CARGO_FUZZ = "0.13.2";
const CARGO_MUTANTS = "27.1.0";
const CARGO_CYCLONEDX = "0.5.9";
const MQTTV5 = "0.29.10";
const WAC = "0.12.0";
const WIT_BINDGEN = "0.62.0";
const FIREFOX = { "firefox-esr": "firefox-esr" };
/** For tests/long/netem.test.mjs: namespaces of the network. */
const IPROUTE = { ip: "iproute2" };
/** Where pip puts what only the tests need, and the wasmtime that is in there. */
export const PYTHON = join(ROOT, "target", "python");
/** Where pip puts the broker amqtt, apart from the rest because of what it depends on. */
export const AMQTT = join(ROOT, "target", "amqtt");
/** Where pip puts what makes components of Python and of C, each in a folder of its own. */
export const GUESTS = join(ROOT, "target", "guests-tools");
export const WASMTIME = join(PYTHON, "wasmtime_cli", "wasmtime");
const WHEELS = join("scripts", "wheels.txt");
const AMQTT_PACKAGES = join("scripts", "amqtt.txt");
/** Brokers, by a program that each has, and what Debian's package of ActiveMQ needs for MQTT. */
const BROKERS = {
  "rabbitmq-server": "rabbitmq-server",
  "nats-server": "nats-server",
  ejabberdctl: "ejabberd",
  activemq: "activemq libmqtt-client-java",
  java: "default-jre-headless",
};
/** Tools run for less than a second; compiling them with optimization takes twice as long. */
const QUICKLY_COMPILED = {
  CARGO_PROFILE_RELEASE_OPT_LEVEL: "0",
  CARGO_PROFILE_RELEASE_LTO: "off",
  CARGO_PROFILE_RELEASE_CODEGEN_UNITS: "256",
  CARGO_PROFILE_RELEASE_DEBUG: "0",
};
/** What Debian asks before a package starts its service. */
const SERVICE_POLICY = "/usr/sbin/policy-rc.d";
const DEBIAN = {
  chromium: "chromium",
  chromedriver: "chromium-driver",
  mosquitto: "mosquitto",
  mosquitto_sub: "mosquitto-clients",
  openssl: "openssl",
};

/** The crate pins wasm-bindgen with `=`; the command-line tool must be of the very same version. */
function wasmBindgenVersion() {
  const pin = readFileSync(join(ROOT, "Cargo.toml"), "utf8").match(/^wasm-bindgen\s*=\s*.*?"=\s*([\d.]+)"/m);
  if (!pin) throw new Failure('Cargo.toml must pin wasm-bindgen exactly, as in wasm-bindgen = "=0.2.130".');
  return pin[1];
}

/** A tool that is a command of cargo's says its version behind its own name. */
const version = async (tool) => {
  const words = /^cargo-(?!fuzz)/.test(tool) ? [tool.slice(6)] : [];
  return (await run(tool, [...words, "--version"], { capture: true })).output.match(/\d+\.\d+\.\d+/)?.[0];
};

async function rust(level) {
  if (!which("cargo") || !which("rustup")) {
    throw new Failure(
      "Rust is missing: install rustup from https://rustup.rs (it brings cargo), then run this again.",
    );
  }
  const listed = await must("rustup", ["component", "list", "--installed"], { capture: true });
  const targets = { start: [WASM_TARGET], build: [WASM_TARGET], wasi: [WASI_TARGET] };
  for (const target of targets[level] ?? [WASM_TARGET, WASI_TARGET]) {
    await step(`wasm target ${target}`, listed.includes(`rust-std-${target}`), "a few seconds", () =>
      must("rustup", ["target", "add", target]),
    );
  }
  if (level === "start") return;
  await step("rust-src", listed.includes("rust-src"), "a few seconds", () =>
    must("rustup", ["component", "add", "rust-src"]),
  );
  if (["build", "bytes", "wasi", "mutants"].includes(level)) return;
  for (const component of ["rustfmt", "clippy"]) {
    await step(component, listed.includes(`${component}-`), "a few seconds", () =>
      must("rustup", ["component", "add", component]),
    );
  }
}

/** Installs a tool from crates.io unless `program` is present in this version. */
async function cargoTool(crate, program, wanted, time, { locked = true, features } = {}) {
  const some = features ? ["--no-default-features", "--features", features.join(",")] : [];
  const args = ["install", "--force", crate, "--version", wanted, ...(locked ? ["--locked"] : []), ...some];
  await step(`${crate} ${wanted}`, (await version(program)) === wanted, time, () =>
    must("cargo", args, { env: QUICKLY_COMPILED, capture: true }),
  );
}

async function wasmBindgen() {
  // Without --locked: the tool's lock file may name a crate version the registry does not serve yet.
  await cargoTool("wasm-bindgen-cli", "wasm-bindgen", wasmBindgenVersion(), "about 2 minutes", {
    locked: false,
  });
}

/** From crates.io: the npm package of this name downloads a binary when it is installed. */
async function wasmPack() {
  await cargoTool("wasm-pack", "wasm-pack", WASM_PACK, "about 2 minutes");
}

/** Side by side: each has times when it keeps one core busy, or waits for the network. Lets all end before it fails. */
async function sideBySide(...installs) {
  const results = await Promise.allSettled(installs.map((install) => install()));
  for (const result of results) if (result.status === "rejected") throw result.reason;
}

async function npmPackages() {
  // npm writes the inner lock file when it has installed; it is at least as new as the lock it followed.
  const installed = join(ROOT, "node_modules", ".package-lock.json");
  const present =
    existsSync(installed) && statSync(installed).mtimeMs >= statSync(join(ROOT, "package-lock.json")).mtimeMs;
  await step("npm packages", present, "about half a minute", () =>
    must("npm", ["ci", "--include=dev", "--ignore-scripts", "--no-audit", "--no-fund"], { capture: true }),
  );
}

const PIP = ["--quiet", "--disable-pip-version-check", "--root-user-action=ignore", "--upgrade"];
const EXACTLY = ["--require-hashes", "--only-binary", ":all:"];

async function pip(file, args) {
  const { code } = await run("python3", ["-m", "pip", ...args]);
  if (code === 0) return;
  throw new Failure(
    `Python 3 with pip is needed for ${file}: apt-get install python3-pip, then run this again.`,
  );
}

/** Wheels, because `cargo install` of wasmtime compiles a compiler, and of rumqttd takes minutes. */
async function wheels() {
  const mark = join(PYTHON, "wheels.txt");
  const wanted = readFileSync(join(ROOT, WHEELS));
  const present = existsSync(WASMTIME) && existsSync(mark) && readFileSync(mark).equals(wanted);
  await step("wasmtime, rumqttd (pip)", present, "a few seconds", async () => {
    await pip(WHEELS, ["install", ...PIP, "--target", PYTHON, ...EXACTLY, "-r", WHEELS]);
    chmodSync(WASMTIME, 0o755); // --target forgets it
    copyFileSync(join(ROOT, WHEELS), mark);
  });
}

/** amqtt, in a folder of its own: its dependencies are many, and need not agree with others on this machine. */
async function amqtt() {
  const mark = join(AMQTT, "amqtt.txt");
  const wanted = readFileSync(join(ROOT, AMQTT_PACKAGES));
  const present = existsSync(mark) && readFileSync(mark).equals(wanted);
  await step("amqtt (pip)", present, "a few seconds", async () => {
    // Without dependencies: the file lists them all.
    const exactly = ["--no-deps", "--only-binary", ":all:", "-r", AMQTT_PACKAGES];
    await pip(AMQTT_PACKAGES, ["install", ...PIP, "--target", AMQTT, ...exactly]);
    copyFileSync(join(ROOT, AMQTT_PACKAGES), mark);
  });
}

/** Puts components together; without what it needs for registries. */
async function wac() {
  await cargoTool("wac-cli", "wac", WAC, "about 2 minutes", { features: [] });
}

async function witBindgen() {
  await cargoTool("wit-bindgen-cli", "wit-bindgen", WIT_BINDGEN, "about 2 minutes", { features: ["c"] });
}

/** componentize-py, and a compiler of C with the C library of WASI, which is in a wheel of Zig. */
async function guestWheels() {
  for (const name of ["python", "c"]) {
    const file = join("scripts", `guests-${name}.txt`);
    const folder = join(GUESTS, name);
    const mark = join(folder, "wheels.txt");
    const wanted = readFileSync(join(ROOT, file));
    const present = existsSync(mark) && readFileSync(mark).equals(wanted);
    await step(`tools of a guest in ${name} (pip)`, present, "half a minute", async () => {
      await pip(file, ["install", ...PIP, "--target", folder, ...EXACTLY, "-r", file]);
      copyFileSync(join(ROOT, file), mark);
    });
  }
}

/** Not --locked: its lock file is older than its dependencies. */
async function mqttv5() {
  await cargoTool("mqttv5-cli", "mqttv5", MQTTV5, "about 2 minutes", { locked: false });
}

/** Installs without starting the services of what is installed: each broker of a test is started by the test. */
async function withoutServices(install) {
  const ours = !existsSync(SERVICE_POLICY) && process.getuid() === 0;
  if (ours) writeFileSync(SERVICE_POLICY, "#!/bin/sh\nexit 101\n", { mode: 0o755 });
  try {
    await install();
  } finally {
    if (ours) rmSync(SERVICE_POLICY);
  }
}

/** Not in Debian 12, and the npm package of this name downloads a binary. */
async function geckodriver() {
  await cargoTool("geckodriver", "geckodriver", GECKODRIVER, "about 2 minutes");
}

/** libFuzzer and Miri need a nightly compiler; nothing else does. */
async function nightly() {
  const toolchains = await must("rustup", ["toolchain", "list"], { capture: true });
  await step("Rust nightly", /^nightly/m.test(toolchains), "about a minute", () =>
    must("rustup", ["toolchain", "install", "nightly", "--profile", "minimal"]),
  );
}

async function miri() {
  await nightly();
  const list = ["component", "list", "--installed", "--toolchain", "nightly"];
  const listed = await must("rustup", list, { capture: true });
  await step("Miri", /^miri/m.test(listed) && /^rust-src/m.test(listed), "a few seconds", () =>
    must("rustup", ["component", "add", "--toolchain", "nightly", "miri", "rust-src"]),
  );
}

async function fuzzing() {
  await nightly();
  await cargoTool("cargo-fuzz", "cargo-fuzz", CARGO_FUZZ, "about a minute");
}

async function twiggy() {
  await cargoTool("twiggy", "twiggy", TWIGGY, "about 2 minutes");
}

/** Programs, and the packages that have them. */
async function debianPackages(packages) {
  const missing = Object.keys(packages)
    .filter((program) => !which(program))
    .flatMap((program) => packages[program].split(" "));
  await step(Object.values(packages).join(", "), missing.length === 0, "about a minute", async () => {
    const byHand = `Install ${missing.join(", ")} by hand, so that the programs are on PATH, then run this again`;
    if (!which("apt-get")) throw new Failure(`${byHand}: only Debian's apt-get is automated.`);
    if (process.getuid() !== 0) throw new Failure(`${byHand}: sudo apt-get install -y ${missing.join(" ")}`);
    const env = { DEBIAN_FRONTEND: "noninteractive" };
    await must("apt-get", ["update", "-qq"], { env });
    await must("apt-get", ["install", "-y", "-qq", "--no-install-recommends", ...missing], { env });
  });
}

async function step(name, present, time, install) {
  if (present) return console.log(`${name}: present`);
  console.log(`${name}: installing, ${time} ...`);
  const begin = Date.now();
  await install();
  console.log(`${name}: installed in ${secondsSince(begin)}`);
}

export async function setup(level) {
  const levels = [
    "start",
    "build",
    "bytes",
    "wasi",
    "test",
    "long",
    "brokers",
    "guests",
    "fuzz",
    "miri",
    "mutants",
    "sbom",
  ];
  if (!levels.includes(level)) {
    throw new Failure(`scripts/setup.mjs knows the levels ${levels.join(", ")}, not "${level}".`);
  }
  if (level === "fuzz") return fuzzing();
  if (level === "miri") return miri();
  if (level === "sbom")
    return cargoTool("cargo-cyclonedx", "cargo-cyclonedx", CARGO_CYCLONEDX, "about 2 minutes");
  await rust(level === "guests" ? "wasi" : level);
  if (level === "guests") {
    await sideBySide(npmPackages, wheels, wac, witBindgen, guestWheels);
    return debianPackages(DEBIAN);
  }
  if (level === "wasi") await npmPackages();
  else await sideBySide(wasmBindgen, wasmPack, npmPackages);
  if (level === "bytes") await twiggy();
  if (level === "mutants")
    await cargoTool("cargo-mutants", "cargo-mutants", CARGO_MUTANTS, "about 2 minutes");
  if (["start", "build", "bytes", "wasi", "mutants"].includes(level)) return;
  await debianPackages(DEBIAN);
  await wheels();
  if (level === "brokers" || level === "long") await withoutServices(() => debianPackages(BROKERS));
  if (level === "brokers") {
    await amqtt();
    await mqttv5();
  }
  if (level !== "long") return;
  await debianPackages({ ...FIREFOX, ...IPROUTE });
  await geckodriver();
}

if (isMain(import.meta.url)) await main(() => setup(process.argv[2] ?? "build"));
