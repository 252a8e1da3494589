// Packs the package and creates projects in a temporary folder that install it: from a template, with the tools in its
// package.json and the code that exchanges messages (exchange.mjs, exchange.cjs).

import { execFile } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { transformSync } from "esbuild";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const HERE = fileURLToPath(new URL("..", import.meta.url));
const MINUTE = 60_000;

/** The environment of child processes, without the variables of an npm that runs this process. */
const ENV = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^npm_|^NODE_TEST_CONTEXT$|^FORCE_COLOR$/.test(name)),
);

/** Runs a program in a folder; resolves with its standard output, rejects with all its output. */
export async function run(cwd, command, args = [], { env, timeout = 5 * MINUTE } = {}) {
  const options = { cwd, env: { ...ENV, ...env }, timeout, killSignal: "SIGKILL", maxBuffer: 64 << 20 };
  try {
    return (await promisify(execFile)(command, args, options)).stdout;
  } catch (error) {
    const why = error.killed ? `was ended after ${timeout / 1000} s` : error.message;
    throw new Error(`${command} ${args.join(" ")}: ${why}\n${error.stdout}${error.stderr}`, { cause: error });
  }
}

export async function pack() {
  const folder = mkdtempSync(join(tmpdir(), "mqtt-lib-consumers-"));
  const out = await run(ROOT, "npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", folder]);
  const tarball = join(folder, JSON.parse(out)[0].filename);
  const exchange = readFileSync(join(HERE, "support", "exchange.mjs"), "utf8");
  const projects = new Map();

  /** The installed project of a template, created once; `versions` are those of tools where they are not the template's. */
  function project(template, versions = {}) {
    const name = [template, ...new Set(Object.values(versions))].join("-");
    if (!projects.has(name)) projects.set(name, install(name, template, versions));
    return projects.get(name);
  }

  async function install(name, template, versions) {
    const cwd = join(folder, name);
    cpSync(join(HERE, "templates", template), cwd, { recursive: true });
    writeFileSync(join(cwd, "exchange.mjs"), exchange);
    cpSync(join(HERE, "support", "exchange-mqttjs.mjs"), join(cwd, "exchange-mqttjs.mjs"));
    writeFileSync(join(cwd, "exchange.cjs"), transformSync(exchange, { format: "cjs" }).code);
    const manifest = JSON.parse(readFileSync(join(cwd, "package.json"), "utf8"));
    manifest.dependencies = { ...manifest.dependencies, ...versions, "mqtt-lib": `file:${tarball}` };
    writeFileSync(join(cwd, "package.json"), JSON.stringify(manifest));
    const quiet = ["--no-audit", "--no-fund", "--prefer-offline", "--no-package-lock", "--ignore-scripts"];
    await run(cwd, "npm", ["install", ...quiet], { timeout: 10 * MINUTE });
    return cwd;
  }

  return { tarball, project, stop: () => rmSync(folder, { recursive: true, force: true }) };
}

/** Paths of the files below a folder. */
const filesOf = (folder) =>
  readdirSync(folder, { recursive: true }).filter((name) => statSync(join(folder, name)).isFile());

/** Measures the output of a build: its .wasm files, and the size of all code, raw and with each file compressed. */
export function measure(folder) {
  const code = filesOf(folder).filter((name) => /\.(js|mjs|cjs|wasm)$/.test(name));
  const sum = (size) => code.reduce((total, name) => total + size(readFileSync(join(folder, name))), 0);
  return {
    wasm: code.filter((name) => name.endsWith(".wasm")),
    raw: sum((bytes) => bytes.length),
    gzip: sum((bytes) => gzipSync(bytes, { level: 9 }).length),
  };
}
