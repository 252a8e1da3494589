// The stages of `npm test`: what each runs, and how its tests are counted.
import { existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import { buildWasi } from "./build-wasi.mjs";
import { CANNOT, IN_STAGE } from "./js-tests.mjs";
import { ROOT, run, which } from "./run.mjs";
import { WASMTIME } from "./setup.mjs";
import { countResults, readResults } from "./test-reporter.mjs";
import { withWasmBroker } from "./wasm-broker.mjs";

const WASM = "wasm32-unknown-unknown";
const MINUTE = 60_000;
const PLAIN = process.stdout.isTTY ? [] : ["--colors=off"];

/** Runs a program as one test, which passes if its exit code is 0. */
async function check(command, ...args) {
  const { code } = await run(command, args);
  return { passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1, skipped: 0 };
}

const add = (a, b) => ({
  passed: a.passed + b.passed,
  failed: a.failed + b.failed,
  skipped: a.skipped + b.skipped,
});

/** Sums up "test result: ok. 3 passed; 0 failed; 1 ignored" of all test binaries (cargo, wasm-bindgen-test). */
export function countRust(output) {
  const found = [...output.matchAll(/test result: .*?(\d+) passed; (\d+) failed; (\d+) ignored/g)];
  const sum = (i) => found.reduce((total, match) => total + Number(match[i]), 0);
  return { passed: sum(1), failed: sum(2), skipped: sum(3) };
}

/** A program that failed without a failed test (it did not compile, it crashed) counts as one failure. */
const atLeastOneFailure = (counts, code) => ({
  ...counts,
  failed: code !== 0 && counts.failed === 0 ? 1 : counts.failed,
});

/** Reads the last line of the matrix of brokers ("3 passed, 1 failed, 2 cannot"). */
export function countMatrix(output) {
  const [, passed = 0, failed = 0] =
    [...output.matchAll(/^(\d+) passed, (\d+) failed, \d+ cannot$/gm)].at(-1) ?? [];
  return { passed: Number(passed), failed: Number(failed), skipped: 0 };
}

/** Writes what it finds into docs/consumers.md. */
const ALL_CONSUMERS = ["tests/consumers/run.mjs", "--browsers", "Chromium,Firefox", "--write"];

/** Reads the last line of all consumers ("3 passed, 1 failed"). */
export function countConsumers(output) {
  const [, passed = 0, failed = 0] = [...output.matchAll(/^(\d+) passed, (\d+) failed$/gm)].at(-1) ?? [];
  return { passed: Number(passed), failed: Number(failed), skipped: 0 };
}

/** Runs a program that tells its totals in words, and reads them with `count`. */
async function counted(count, command, args, options) {
  const { code, output } = await run(command, args, { tee: true, ...options });
  return atLeastOneFailure(count(output), code);
}

/** `cargo test` or a similar program: its machine-readable format is unstable. */
const rustTests = (command, args, options) => counted(countRust, command, args, options);

const REPORTER = new URL("test-reporter.mjs", import.meta.url).href;

/**
 * How many test files run at a time: more where they mostly wait for timers, brokers and processes, fewer where browsers
 * and compilers compute.
 */
const WAITING = 3 * availableParallelism();
const COMPUTING = 1 + availableParallelism();

/** Runs test files in Node, and writes the result of each test to `record`. With `quiet` nothing is printed. */
export async function runNodeTests(files, { timeout, env, record, concurrency = 1, quiet = false }) {
  rmSync(record, { force: true });
  mkdirSync(dirname(record), { recursive: true });
  const args = ["--test"];
  args.push("--test-reporter=spec", "--test-reporter-destination=stdout");
  args.push(`--test-reporter=${REPORTER}`, `--test-reporter-destination=${record}`);
  // The time limit also ends a file that leaves a socket or a timer open, and counts it as a failure.
  args.push(`--test-timeout=${timeout}`, `--test-concurrency=${concurrency}`, ...files);
  const { code } = await run(process.execPath, args, { env, capture: quiet });
  return atLeastOneFailure(countResults(readResults(record)), code);
}

/** Files that took longest in the last run come first, so that none of them runs alone at the end. */
export function longestFirst(files, results) {
  const seconds = (file) =>
    results.filter((result) => result.file === file).reduce((sum, result) => sum + result.seconds, 0);
  const known = new Map(files.map((file) => [file, seconds(file)]));
  return files.toSorted((a, b) => known.get(b) - known.get(a) || (a < b ? -1 : 1));
}

function nodeTests(folder, timeout, { concurrency = 1, env, of = folder, chosen = () => true } = {}) {
  const path = join(ROOT, folder);
  const all = existsSync(path) ? readdirSync(path).filter((name) => name.endsWith(".test.mjs")) : [];
  const names = all.filter(chosen);
  if (names.length === 0) return { passed: 0, failed: 0, skipped: 0 };
  const record = join(ROOT, "target", "tests", `${of.replaceAll("/", "-")}.jsonl`);
  const files = longestFirst(
    names.map((name) => join(folder, name)),
    readResults(record),
  );
  return runNodeTests(files, { timeout, env, record, concurrency });
}

/**
 * Tests of Node, in an engine without WebAssembly, in which every entry has the core of `mqtt-lib/js`.
 * @param {string} of
 * @param {(file: string) => boolean} chosen by the name without its end
 */
function jsTests(of, chosen) {
  const NODE_OPTIONS = `--jitless --require ${JSON.stringify(join(ROOT, "dist", "js", "core.js"))}`;
  return nodeTests("tests/node", 5 * MINUTE, {
    concurrency: COMPUTING,
    env: { NODE_OPTIONS },
    of,
    chosen: (file) => chosen(file.replace(".test.mjs", "")),
  });
}

/** wasm-pack builds tests as `dev` before it runs them as `test`: with the same settings they are built once. */
const BUILT_ONCE = {
  CARGO_PROFILE_TEST_OPT_LEVEL: "0",
  CARGO_PROFILE_TEST_DEBUG: "false",
  CARGO_PROFILE_DEV_DEBUG: "false",
};

/** The tests that are compiled to WebAssembly, with a real broker. */
function wasmTests(file, ...flags) {
  const args = ["test", ...flags, "--", "--test", file];
  return withWasmBroker((url) =>
    rustTests("wasm-pack", args, {
      env: { ...BUILT_ONCE, WASM_BINDGEN_TEST_TIMEOUT: "120", ...(url && { MQTT_TEST_WS_URL: url }) },
    }),
  );
}

const clippy = (...what) => check("cargo", "clippy", ...what, "--", "-D", "warnings");

/** The WASI adapter: builds and checks it, and tests the engine in wasmtime. */
async function wasmWasi() {
  await buildWasi();
  const inWasi = async (...args) => {
    const { code } = await run("cargo", args, { cwd: join(ROOT, "wasi") });
    return { passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1, skipped: 0 };
  };
  const env = { CARGO_TARGET_WASM32_WASIP2_RUNNER: `${WASMTIME} run` };
  const counts = [
    await inWasi("fmt", "--all", "--check"),
    await inWasi("clippy", "--release", "--locked", "--workspace", "--", "-D", "warnings"),
    // With the release profile: linking the crate's own .wasm of a debug build crashes LLD 22 (ElemSection::writeBody).
    await rustTests("cargo", ["test", "--release", "--locked", "-p", "mqtt-lib-edge"], {
      env,
      cwd: join(ROOT, "wasi"),
    }),
    await rustTests("cargo", ["test", "--lib", "--target", "wasm32-wasip2"], { env }),
  ];
  return counts.reduce(add);
}

/** Uses the component and the command. */
async function wasi() {
  await buildWasi();
  return nodeTests("tests/wasi", 5 * MINUTE, { concurrency: COMPUTING });
}

/**
 * `built` stages need dist/; `onlyByName` stages are left out of a plain `npm test`; `long` ones need the set-up of that name; no two
 * that have the same in `uses` run at a time; a stage begins when the one in `after` has ended. They begin in this order:
 * what cannot run beside others first.
 */
export const STAGES = [
  {
    name: "generated",
    title: "generated files agree with schema/",
    body: () => check(process.execPath, "scripts/generate.mjs", "--check"),
  },
  { name: "fmt", uses: "cargo", title: "cargo fmt --check", body: () => check("cargo", "fmt", "--check") },
  {
    name: "clippy",
    uses: "cargo",
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
  {
    name: "types",
    title: "tsc --noEmit",
    built: true,
    body: async () =>
      add(await check("tsc", "--noEmit"), await check("tsc", "--noEmit", "-p", "tests/types")),
  },
  {
    name: "wasm-wasi",
    uses: "cargo",
    title: "the WASI component and command: build, clippy, and the engine's tests in wasmtime",
    body: wasmWasi,
  },
  {
    name: "rust",
    uses: "cargo",
    title: "cargo test, native",
    body: () => rustTests("cargo", ["test", "--no-fail-fast"], { env: { SEQUENCES: "10000" } }),
  },
  {
    name: "wasm-node",
    uses: "cargo",
    title: "wasm-pack test --node",
    body: () => wasmTests("wasm_node", "--node"),
  },
  {
    name: "wasm-chrome",
    uses: "cargo",
    title: "wasm-pack test --headless --chrome",
    body: () => wasmTests("wasm_browser", "--headless", "--chrome", "--chromedriver", which("chromedriver")),
  },
  {
    name: "scripts",
    title: "tests of the scripts",
    built: true,
    body: async () => add(await nodeTests("scripts", MINUTE), await nodeTests("scripts/generate", MINUTE)),
  },
  {
    name: "node",
    title: "node --test tests/node",
    built: true,
    body: () => nodeTests("tests/node", 5 * MINUTE, { concurrency: WAITING }),
  },
  {
    name: "js",
    title: "mqtt-lib/js in node --jitless: some of tests/node",
    built: true,
    body: () => jsTests("js", (name) => IN_STAGE.includes(name)),
  },
  {
    name: "browser",
    title: "node --test tests/browser",
    built: true,
    body: () => nodeTests("tests/browser", 5 * MINUTE, { concurrency: COMPUTING }),
  },
  {
    name: "cli",
    title: "the command mqtt-lib, with mosquitto's tools on the other side",
    built: true,
    body: () => nodeTests("tests/cli", 5 * MINUTE, { concurrency: WAITING }),
  },
  {
    name: "page",
    title: "the page of npm start in Chromium",
    built: true,
    body: () => nodeTests("tests/page", 5 * MINUTE, { concurrency: COMPUTING }),
  },
  {
    name: "tabs",
    title: "mqtt-lib/tabs: ten tabs of Chromium",
    built: true,
    body: () => nodeTests("tests/tabs", 5 * MINUTE),
  },
  {
    name: "wasi",
    after: "wasm-wasi",
    title: "node --test tests/wasi: the WASI component and command",
    built: true,
    body: wasi,
  },
  {
    name: "guests",
    after: "wasm-wasi",
    title: "the WASI component in programs of Rust, JavaScript, Python and C",
    body: () => nodeTests("tests/guests", 15 * MINUTE),
  },
  {
    name: "packaging",
    uses: "npm pack",
    title: "node --test tests/packaging",
    built: true,
    body: () => nodeTests("tests/packaging", 5 * MINUTE, { concurrency: COMPUTING }),
  },
  {
    name: "docs",
    title: "the guides' snippets, the documentation site and its links",
    built: true,
    body: () => nodeTests("tests/docs", 5 * MINUTE, { concurrency: COMPUTING }),
  },
  {
    name: "consumers",
    uses: "npm pack",
    title: "the packed package in Node, pages, a worker, Vite 7, Parcel and esbuild",
    built: true,
    body: () => nodeTests("tests/consumers", 5 * MINUTE),
  },
  {
    name: "js-all",
    title: "mqtt-lib/js in node --jitless: all of tests/node that can run there",
    built: true,
    onlyByName: true,
    body: () => jsTests("js-all", (name) => !(name in CANNOT)),
  },
  {
    name: "all-consumers",
    uses: "npm pack",
    title: "the packed package with every runtime and bundler, in Chromium and Firefox",
    built: true,
    onlyByName: true,
    long: true,
    body: () => counted(countConsumers, process.execPath, ALL_CONSUMERS),
  },
  {
    name: "wasm-firefox",
    uses: "cargo",
    title: "wasm-pack test --headless --firefox",
    onlyByName: true,
    long: true,
    body: () => wasmTests("wasm_browser", "--headless", "--firefox", "--geckodriver", which("geckodriver")),
  },
  {
    name: "page-firefox",
    title: "the page of npm start in Firefox",
    built: true,
    onlyByName: true,
    long: true,
    body: () => nodeTests("tests/page", 10 * MINUTE, { env: { MQTT_LIB_BROWSER: "firefox" } }),
  },
  {
    name: "tabs-firefox",
    title: "mqtt-lib/tabs: ten tabs of Firefox",
    built: true,
    onlyByName: true,
    long: true,
    body: () => nodeTests("tests/tabs", 10 * MINUTE, { env: { MQTT_LIB_BROWSER: "firefox" } }),
  },
  {
    name: "long",
    title: "node --test tests/long",
    long: true,
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
