// The stages of `npm test`: what each runs, and how its tests are counted from what it prints.
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { buildWasi } from "./build-wasi.mjs";
import { checkEngine } from "./check-engine.mjs";
import { ROOT, run, which } from "./run.mjs";
import { WASMTIME } from "./setup.mjs";
import { withWasmBroker } from "./wasm-broker.mjs";

const WASM = "wasm32-unknown-unknown";
const MINUTE = 60_000;
const PLAIN = process.stdout.isTTY ? [] : ["--colors=off"];

/** A check is one test: it passes or it does not. */
async function check(command, ...args) {
  const { code } = await run(command, args);
  return { passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1, skipped: 0 };
}

const add = (a, b) => ({
  passed: a.passed + b.passed,
  failed: a.failed + b.failed,
  skipped: a.skipped + b.skipped,
});

/** Sums "test result: ok. 3 passed; 0 failed; 1 ignored" over all test binaries (cargo, wasm-bindgen-test). */
export function countRust(output) {
  const found = [...output.matchAll(/test result: .*?(\d+) passed; (\d+) failed; (\d+) ignored/g)];
  const sum = (i) => found.reduce((total, match) => total + Number(match[i]), 0);
  return { passed: sum(1), failed: sum(2), skipped: sum(3) };
}

/** Reads the totals at the end of node's spec reporter ("ℹ pass 3"). */
export function countNode(output) {
  const total = (word) =>
    Number([...output.matchAll(new RegExp(`^ℹ ${word} (\\d+)$`, "gm"))].at(-1)?.[1] ?? 0);
  return {
    passed: total("pass"),
    failed: total("fail") + total("cancelled"),
    skipped: total("skipped") + total("todo"),
  };
}

/** Reads the last line of the matrix of brokers ("3 passed, 1 failed, 2 cannot"). */
export function countMatrix(output) {
  const [, passed = 0, failed = 0] =
    [...output.matchAll(/^(\d+) passed, (\d+) failed, \d+ cannot$/gm)].at(-1) ?? [];
  return { passed: Number(passed), failed: Number(failed), skipped: 0 };
}

/** Tests whose program failed without counting a failure (it did not compile, it crashed) count as one failure. */
async function counted(count, command, args, options) {
  const { code, output } = await run(command, args, { tee: true, ...options });
  const counts = count(output);
  if (code !== 0 && counts.failed === 0) counts.failed = 1;
  return counts;
}

function nodeTests(folder, timeout, env) {
  const path = join(ROOT, folder);
  const names = existsSync(path) ? readdirSync(path).filter((name) => name.endsWith(".test.mjs")) : [];
  if (names.length === 0) return { passed: 0, failed: 0, skipped: 0 };
  const files = names.sort().map((name) => join(folder, name));
  // The time limit also ends a file that leaves a socket or a timer open, and counts it as a failure.
  const args = ["--test", "--test-reporter=spec", `--test-timeout=${timeout}`, ...files];
  // Without colours, so that the totals can be read.
  return counted(countNode, process.execPath, args, { env: { FORCE_COLOR: undefined, ...env } });
}

/** The tests that live in the wasm itself, with a real broker behind them. */
function wasmTests(file, ...flags) {
  const args = ["test", ...flags, "--", "--test", file];
  return withWasmBroker((url) =>
    counted(countRust, "wasm-pack", args, {
      env: { WASM_BINDGEN_TEST_TIMEOUT: "120", ...(url && { MQTT_TEST_WS_URL: url }) },
    }),
  );
}

const clippy = (...what) => check("cargo", "clippy", ...what, "--", "-D", "warnings");

/** The second edge: built, checked, its engine tested inside wasmtime, and used as components are used. */
async function wasi() {
  await buildWasi();
  const inWasi = async (...args) => {
    const { code } = await run("cargo", args, { cwd: join(ROOT, "wasi") });
    return { passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1, skipped: 0 };
  };
  const env = { CARGO_TARGET_WASM32_WASIP2_RUNNER: `${WASMTIME} run` };
  const counts = [
    await inWasi("fmt", "--all", "--check"),
    await inWasi("clippy", "--release", "--locked", "--workspace", "--", "-D", "warnings"),
    // As released: the crate's own .wasm of a debug build, which nobody uses, crashes LLD 22 (ElemSection::writeBody).
    await counted(countRust, "cargo", ["test", "--release", "--locked", "-p", "mqtt-lib-edge"], {
      env,
      cwd: join(ROOT, "wasi"),
    }),
    // Optimised a little: it is built a little later, and run seven times as fast.
    await counted(countRust, "cargo", ["test", "--lib", "--target", "wasm32-wasip2"], {
      env: { ...env, CARGO_PROFILE_TEST_OPT_LEVEL: "1", CARGO_PROFILE_DEV_OPT_LEVEL: "1" },
    }),
    await nodeTests("tests/wasi", 5 * MINUTE),
  ];
  return counts.reduce(add);
}

/** `built` stages need dist/; `onlyByName` stages are left out of a plain `npm test`; `firefox` ones need it. */
export const STAGES = [
  { name: "fmt", title: "cargo fmt --check", body: () => check("cargo", "fmt", "--check") },
  {
    name: "clippy",
    title: "clippy: native, wasm, and as packaged",
    body: async () => {
      const tested = add(await clippy("--all-targets"), await clippy("--all-targets", "--target", WASM));
      return add(tested, await clippy("--lib", "--features=package", "--target", WASM));
    },
  },
  {
    name: "biome",
    title: "biome: lint and format of the JavaScript",
    body: () => check("biome", "ci", "--error-on-warnings", ...PLAIN),
  },
  { name: "types", title: "tsc --noEmit", built: true, body: () => check("tsc", "--noEmit") },
  { name: "purity", title: "the engine names no clock, randomness or JavaScript", body: checkEngine },
  { name: "scripts", title: "the scripts' own tests", body: () => nodeTests("scripts", MINUTE) },
  {
    name: "rust",
    title: "cargo test, native",
    body: () => counted(countRust, "cargo", ["test", "--no-fail-fast"]),
  },
  { name: "wasm-node", title: "wasm-pack test --node", body: () => wasmTests("wasm_node", "--node") },
  {
    name: "wasm-chrome",
    title: "wasm-pack test --headless --chrome",
    body: () => wasmTests("wasm_browser", "--headless", "--chrome", "--chromedriver", which("chromedriver")),
  },
  {
    name: "node",
    title: "node --test tests/node",
    built: true,
    body: () => nodeTests("tests/node", 5 * MINUTE),
  },
  {
    name: "browser",
    title: "node --test tests/browser",
    built: true,
    body: () => nodeTests("tests/browser", 5 * MINUTE),
  },
  {
    name: "cli",
    title: "the command mqtt-lib, with mosquitto's tools on the other side",
    built: true,
    body: () => nodeTests("tests/cli", 5 * MINUTE),
  },
  {
    name: "page",
    title: "the page of npm start in Chromium",
    built: true,
    body: () => nodeTests("tests/page", 5 * MINUTE),
  },
  { name: "wasi", title: "the WASI component and command", built: true, body: wasi },
  {
    name: "packaging",
    title: "node --test tests/packaging",
    built: true,
    body: () => nodeTests("tests/packaging", 5 * MINUTE),
  },
  {
    name: "docs",
    title: "the guides' snippets, the documentation site and its links",
    built: true,
    body: () => nodeTests("tests/docs", 5 * MINUTE),
  },
  {
    name: "consumers",
    title: "the packed package in Node, a page, a worker and one bundler",
    built: true,
    body: () => nodeTests("tests/consumers", 5 * MINUTE),
  },
  {
    name: "all-consumers",
    title: "the packed package with every runtime and bundler, in Chromium and Firefox",
    built: true,
    onlyByName: true,
    firefox: true,
    body: () => nodeTests("tests/consumers", 20 * MINUTE, { MQTT_LIB_CONSUMERS: "all" }),
  },
  {
    name: "wasm-firefox",
    title: "wasm-pack test --headless --firefox",
    onlyByName: true,
    firefox: true,
    body: () => wasmTests("wasm_browser", "--headless", "--firefox", "--geckodriver", which("geckodriver")),
  },
  {
    name: "page-firefox",
    title: "the page of npm start in Firefox",
    built: true,
    onlyByName: true,
    firefox: true,
    body: () => nodeTests("tests/page", 10 * MINUTE, { MQTT_LIB_BROWSER: "firefox" }),
  },
  {
    name: "long",
    title: "node --test tests/long",
    built: true,
    onlyByName: true,
    body: () => nodeTests("tests/long", 120 * MINUTE),
  },
  {
    name: "brokers",
    title: "real brokers and what is done with them, each in MQTT 3.1.1 and 5",
    built: true,
    onlyByName: true,
    body: () => counted(countMatrix, process.execPath, ["tests/brokers/run.mjs"]),
  },
];
