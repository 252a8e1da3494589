// Runs MQTT.js's own tests of its client against mqtt-lib/mqttjs, from a folder outside the project: nothing of them is
// here. `npm run test:mqttjs -- [--from=REPOSITORY] [--tag=v5.16.0] [FOLDER] [FILE...]` clones that tag to FOLDER unless one
// is there, and installs what its tests need. Owns the replacement of its sources by the drop-in; the tests themselves stay
// as they are.

import { execFile, spawnSync } from "node:child_process";
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { build } from "esbuild";
import { EXPECTED } from "./mqttjs-expected.mjs";

/** What tests that fail print. */
const LOG = join(tmpdir(), "mqttjs-own-tests.log");
const ROOT = new URL("../..", import.meta.url).pathname;
const { values: given, positionals } = parseArgs({
  options: {
    from: { type: "string", default: "https://github.com/mqttjs/MQTT.js" },
    // The version that the drop-in follows.
    tag: { type: "string", default: "v5.16.0" },
  },
  allowPositionals: true,
});
const [folder = join(tmpdir(), `mqttjs-tests-${given.tag}`), ...only] = positionals;
/** All of its files but those of internals: keepaliveManager.ts, socks.ts and abstract_store's streams. */
const FILES = [
  "client",
  "client_mqtt5",
  "secure_client",
  "websocket_client",
  "unique_message_id_provider_client",
  "mqtt",
  "message-id-provider",
  "mqtt_store",
  "store",
];
/** So many files run at a time; each has ports of its own. */
const TOGETHER = 3;
const NEEDS = [
  "chai@5",
  "sinon@17",
  "mqtt-connection@4",
  "mqtt-level-store@3",
  "mqtt-packet@9",
  "end-of-stream@1",
  "should@13",
  "ws@8",
];
/** Only tests with such names. */
const WANTED = new RegExp(process.env.MQTTJS_ONLY ?? "");
/** So often a test is tried that is expected to pass. */
const TRIES = 3;
/** A test that ends later than that is stuck. */
const TIMEOUT_MS = 5000;
/** The tests of a file are listed within that, or the run ends. */
const LISTING_MS = 120_000;

const TYPESCRIPT = `
  const { readFileSync } = require("node:fs");
  const { transformSync } = require(${JSON.stringify(createRequire(import.meta.url).resolve("esbuild"))});
  require.extensions[".ts"] = (module, file) => module._compile(
    transformSync(readFileSync(file, "utf8"), { loader: "ts", format: "cjs" }).code, file);`;

/** What the tests import of MQTT.js's sources. */
const INTERNAL =
  "module.exports = new Proxy(function () {}, { get: (_, name) => (name === '__esModule' ? true : () => { throw new Error('an internal of MQTT.js: ' + String(name)); }) });";
const SOURCES = {
  src: "module.exports = require('mqtt-lib/mqttjs');",
  "src/lib/shared": "module.exports = require('mqtt-lib/mqttjs');",
  "src/lib/store": "module.exports = { __esModule: true, default: require('mqtt-lib/mqttjs').Store };",
  "src/lib/KeepaliveManager":
    "module.exports = { __esModule: true, default: require('mqtt-lib/mqttjs').KeepaliveManager };",
  "src/lib/client": "module.exports = { __esModule: true, default: require('mqtt-lib/mqttjs').MqttClient };",
  // A process for each test: an assertion that fails in a callback ends the others of its process.
  "node:test": `
    const tests = require("node:test");
    const chosen = Number(process.env.MQTTJS_TEST ?? -1);
    // Some files end their process in a hook, before the result is written.
    const { exit } = process;
    const { setTimeout } = globalThis;
    process.exit = (code) => setTimeout(() => exit.call(process, code), 200);
    const path = [];
    let count = 0;
    const describe = (name, body) => tests.describe(name, () => {
      path.push(name);
      body();
      path.pop();
    });
    const it = (name, ...rest) => {
      if (chosen < 0) console.log("TEST " + [...path, name].join(": "));
      else if (chosen === count) tests.it(name, { timeout: ${TIMEOUT_MS} }, rest.at(-1));
      count += 1;
    };
    it.skip = () => {};
    module.exports = { ...tests, describe, it, test: it };`,
};

const replaced = {
  name: "replaced",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^node:test$/ }, ({ namespace }) =>
      namespace === "replaced" ? undefined : { path: "node:test", namespace: "replaced" },
    );
    onResolve({ filter: /^(\.\.\/)*(\.\.\/)?src(\/|$)|^\.\.\/\.\.\/src/ }, ({ path }) => ({
      path: path.replace(/^(\.\.\/)+/, "").replace(/\/index$/, ""),
      namespace: "replaced",
    }));
    onLoad({ filter: /.*/, namespace: "replaced" }, ({ path }) => ({
      contents: SOURCES[path] ?? INTERNAL,
      loader: "js",
      resolveDir: folder,
    }));
  },
};

function prepare() {
  const isThere = () => existsSync(join(folder, "test", "node", "abstract_client.ts"));
  if (!isThere()) {
    const args = ["clone", "--quiet", "--depth=1", `--branch=${given.tag}`, given.from, folder];
    spawnSync("git", args, { stdio: "inherit" });
  }
  if (!isThere()) {
    console.error(`no ${given.tag} of MQTT.js from ${given.from}; name a repository, a tag or a checkout:
  npm run test:mqttjs -- --from=REPOSITORY --tag=v5.16.0 FOLDER`);
    process.exit(2);
  }
  const { version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  console.log(`MQTT.js's tests of ${version}, in ${folder}`);
  const require = createRequire(join(folder, "x.js"));
  const missing = NEEDS.filter((name) => !canResolve(require, name.split("@")[0]));
  if (missing.length > 0) {
    writeFileSync(
      join(folder, "package.json"),
      JSON.stringify({ name: "mqttjs-tests", version, private: true }),
    );
    spawnSync("npm", ["install", "--no-audit", "--no-fund", "--ignore-scripts", ...missing], {
      cwd: folder,
      stdio: "inherit",
    });
  }
  // A test starts its broker with `-r ts-node/register`: in place of ts-node esbuild.
  const hook = join(folder, "node_modules", "ts-node");
  mkdirSync(hook, { recursive: true });
  writeFileSync(join(hook, "register.js"), TYPESCRIPT);
}

function canResolve(require, name) {
  return require.resolve.paths(name).some((path) => existsSync(join(path, name)));
}

async function bundle(name) {
  const outfile = join(folder, "test", "node", `${name}.bundle.cjs`);
  await build({
    entryPoints: [join(folder, "test", "node", `${name}.ts`)],
    outfile,
    bundle: true,
    platform: "node",
    format: "cjs",
    target: "node20",
    logLevel: "error",
    external: ["mqtt-lib", "mqtt-lib/*", "mqtt-level-store", "chai", "sinon", "should", "ws"],
    alias: { "mqtt-lib/mqttjs": join(ROOT, "dist", "mqttjs.node.cjs") },
    plugins: [replaced],
  });
  return outfile;
}

/**
 * Runs a bundle in a process of its own: what it prints, and whether it was ended because its time was over.
 * @param {string} file @param {Record<string, string>} env @param {number} timeout
 * @returns {Promise<{ output: string, isLate: boolean }>}
 */
function run(file, env, timeout) {
  const args = ["--test-reporter=tap", file];
  const options = { cwd: folder, env: { ...process.env, ...env }, timeout };
  return new Promise((resolve) =>
    execFile(process.execPath, args, options, (error, output) =>
      resolve({ output, isLate: error?.killed ?? false }),
    ),
  );
}

/** Why a test is not expected to pass; one of abstract_client.ts is in several files, below the name of each. @param {string} test */
const reasonOf = (test) =>
  EXPECTED.find(([name]) => test === name || test.slice(test.indexOf(": ") + 2) === name)?.[1];

/**
 * Which try of `tries` a test passes, 0 if none; on a loaded machine one in a hundred has not begun when its time is over.
 * @param {string} file @param {number} index @param {string} title @param {number} tries @param {number} [attempt]
 * @returns {Promise<number>}
 */
async function firstPass(file, index, title, tries, attempt = 1) {
  const { output } = await run(file, { MQTTJS_TEST: `${index}` }, 3 * TIMEOUT_MS);
  // Its own line: a process that was ended has printed lines of other suites.
  const names = [...output.matchAll(/^ *ok \d+ - (.*)$/gm)].map(([, name]) =>
    name.replace(/\\([#\\])/g, "$1"),
  );
  if (names.some((name) => title.endsWith(`: ${name}`)) && !/^ *not ok /m.test(output)) return attempt;
  appendFileSync(LOG, `\n==== ${title}, try ${attempt}\n${output}`);
  return attempt < tries ? firstPass(file, index, title, tries, attempt + 1) : 0;
}

/**
 * Runs the tests of a file, one after the other, and prints those that did not pass at their first try; how many did not
 * pass without a reason that is known. @param {string} name
 */
async function runFile(name) {
  const file = await bundle(name);
  const { output, isLate } = await run(file, {}, LISTING_MS);
  const tests = [...output.matchAll(/^(?:# )?TEST (.*)$/gm)].map(([, test]) => test);
  // Cut off, a listing would leave tests out without a word.
  if (isLate || tests.length === 0) throw new Error(`${name}: its tests were not listed`);
  const lines = [];
  /** How many tests passed at no try, at the first, at the second, ... */
  const counts = Array.from({ length: TRIES + 1 }, () => 0);
  let surprises = 0;
  const wanted = [...tests.entries()].filter(([, test]) => WANTED.test(test));
  for (const [index, test] of wanted) {
    const reason = reasonOf(test);
    const title = `${name} ${index}: ${test}`;
    const attempt = await firstPass(file, index, title, reason === undefined ? TRIES : 1);
    counts[attempt] += 1;
    if (attempt === 0) lines.push(`  ${test}: ${reason ?? "NOT EXPECTED"}\n`);
    else if (reason !== undefined) lines.push(`  ${test}: PASSES, and is listed as one that does not\n`);
    else if (attempt > 1) lines.push(`  ${test}: PASSES AT TRY ${attempt}\n`);
    if (attempt === 0 && reason === undefined) surprises += 1;
  }
  const [failed, first, ...later] = counts;
  const again = later.map((count, at) => `, ${count} at try ${at + 2}`).join("");
  const sum = `${first} of ${wanted.length} passed at once${again}, ${failed} failed`;
  process.stdout.write(`${name}: ${sum}\n${lines.join("")}`);
  return surprises;
}

prepare();
writeFileSync(LOG, "");
const names = only.length > 0 ? only : [...FILES];
let surprises = 0;
const runNext = async () => {
  for (let name = names.shift(); name !== undefined; name = names.shift()) surprises += await runFile(name);
};
await Promise.all(Array.from({ length: TOGETHER }, runNext));
console.log(`what the tests that failed have printed: ${LOG}`);
process.exitCode = surprises > 0 ? 1 : 0;
