// Runs other programs: one place that knows the project's root, the PATH children get
// (cargo's tools and npm's, whatever the shell lacks) and how a failure is said in one sentence.
import { spawn } from "node:child_process";
import { existsSync, realpathSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("..", import.meta.url));
const CARGO_BIN = join(process.env.CARGO_HOME ?? join(homedir(), ".cargo"), "bin");
const NPM_BIN = join(ROOT, "node_modules", ".bin");

process.env.PATH = [CARGO_BIN, NPM_BIN, process.env.PATH, "/usr/sbin"].join(delimiter);
// Set when a node test started us; inherited, it would keep our own `node --test` from running anything.
delete process.env.NODE_TEST_CONTEXT;

/** The full path of a program on PATH, or undefined. */
export function which(name) {
  const folders = process.env.PATH.split(delimiter);
  return folders.map((folder) => join(folder, name)).find((file) => existsSync(file));
}

/**
 * Runs a program without a shell and without stdin. Resolves with { code, output, missing }; never throws.
 * `capture` keeps the output silent, `tee` shows it and keeps it, otherwise it just passes through.
 */
export function run(command, args = [], { capture = false, tee = false, env, cwd = ROOT, onLine } = {}) {
  return new Promise((resolve) => {
    const piped = capture || tee || Boolean(onLine);
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ["ignore", piped ? "pipe" : "inherit", piped ? "pipe" : "inherit"],
    });
    let output = "";
    let rest = "";
    for (const [from, to] of piped
      ? [
          [child.stdout, process.stdout],
          [child.stderr, process.stderr],
        ]
      : []) {
      from.setEncoding("utf8");
      from.on("data", (text) => {
        output += text;
        if (tee) to.write(text);
        if (!onLine) return;
        const lines = (rest + text).split("\n");
        rest = lines.pop();
        lines.forEach(onLine);
      });
    }
    child.on("error", (error) => resolve({ code: 127, output: `${error.message}\n`, missing: true }));
    child.on("close", (code, signal) => {
      if (signal) output += `\n${command} was ended by ${signal}\n`;
      resolve({ code: code ?? 1, output, missing: false });
    });
  });
}

/** A failure that is the user's to read: the top of a script prints its sentence and no stack. */
export class Failure extends Error {}

/** Like run, but a failure throws one sentence: what was run, that it failed, and (if captured) its output. */
export async function must(command, args = [], options = {}) {
  const result = await run(command, args, options);
  if (result.code === 0) return result.output;
  const shown = options.capture ? `${result.output.trimEnd()}\n` : "";
  const why = result.missing
    ? "could not be started (is it installed?)"
    : `failed with exit code ${result.code}`;
  throw new Failure(`${shown}\`${[command, ...args].join(" ")}\` ${why}.`);
}

/** True when this module (give its import.meta.url) is the script that node was started with. */
export function isMain(url) {
  return process.argv[1] !== undefined && fileURLToPath(url) === realpathSync(process.argv[1]);
}

/** Runs a script's main function; a Failure becomes its sentence and exit code 1. */
export async function main(body) {
  try {
    await body();
  } catch (error) {
    console.error(error instanceof Failure ? error.message : error);
    process.exitCode = 1;
  }
}
