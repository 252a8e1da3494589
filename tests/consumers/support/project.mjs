// The packed package, and projects in a temporary folder that have installed it: a template each, with the tools
// that its package.json names, and the conversation (talk.mjs, talk.cjs).

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

/** What a child gets: not what an npm that runs us says of its own project. */
const ENV = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^npm_|^NODE_TEST_CONTEXT$|^FORCE_COLOR$/.test(name)),
);

/** Runs a program in a folder; resolves with its stdout, rejects with everything it said. */
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
  const talk = readFileSync(join(HERE, "support", "talk.mjs"), "utf8");
  const projects = new Map();

  /** The installed project of a template; the same one for each consumer that asks. */
  function project(template) {
    if (!projects.has(template)) projects.set(template, install(template));
    return projects.get(template);
  }

  async function install(template) {
    const cwd = join(folder, template);
    cpSync(join(HERE, "templates", template), cwd, { recursive: true });
    writeFileSync(join(cwd, "talk.mjs"), talk);
    writeFileSync(join(cwd, "talk.cjs"), transformSync(talk, { format: "cjs" }).code);
    const manifest = JSON.parse(readFileSync(join(cwd, "package.json"), "utf8"));
    manifest.dependencies = { ...manifest.dependencies, "mqtt-lib": `file:${tarball}` };
    writeFileSync(join(cwd, "package.json"), JSON.stringify(manifest));
    const quiet = ["--no-audit", "--no-fund", "--prefer-offline", "--no-package-lock", "--ignore-scripts"];
    await run(cwd, "npm", ["install", ...quiet], { timeout: 10 * MINUTE });
    return cwd;
  }

  return { tarball, project, stop: () => rmSync(folder, { recursive: true, force: true }) };
}

/** Files below a folder, by their path in it. */
const filesOf = (folder) =>
  readdirSync(folder, { recursive: true }).filter((name) => statSync(join(folder, name)).isFile());

/** What a build put out: its .wasm files, and the bytes of code, raw and compressed one by one. */
export function measure(folder) {
  const code = filesOf(folder).filter((name) => /\.(js|mjs|cjs|wasm)$/.test(name));
  const sum = (size) => code.reduce((total, name) => total + size(readFileSync(join(folder, name))), 0);
  return {
    wasm: code.filter((name) => name.endsWith(".wasm")),
    raw: sum((bytes) => bytes.length),
    gzip: sum((bytes) => gzipSync(bytes, { level: 9 }).length),
  };
}
