// Runs other programs. Owns the root of the project, the PATH of child processes (with cargo's and npm's tools, which the
// shell may lack) and the sentence of a failure.
import { spawn } from "node:child_process";
import { existsSync, realpathSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("..", import.meta.url));
const CARGO_BIN = join(process.env.CARGO_HOME ?? join(homedir(), ".cargo"), "bin");
const NPM_BIN = join(ROOT, "node_modules", ".bin");

process.env.PATH = [CARGO_BIN, NPM_BIN, process.env.PATH, "/usr/sbin"].join(delimiter);
// Set if a test of Node has started this process; a `node --test` that inherits it would run nothing.
delete process.env.NODE_TEST_CONTEXT;

/** The full path of a program on PATH, or undefined. */
export function which(name) {
  const folders = process.env.PATH.split(delimiter);
  return folders.map((folder) => join(folder, name)).find((file) => existsSync(file));
}

/**
 * Runs a program without a shell and without stdin. Resolves with { code, output, missing }; never throws.
 * With `capture` the output is only returned, with `tee` also printed; otherwise it is only printed.
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

/** A failure for the user: `main` prints its message without a stack. */
export class Failure extends Error {}

/** Like `run`, but throws if the program fails: which command, its exit code and, if captured, its output. */
export async function must(command, args = [], options = {}) {
  const result = await run(command, args, options);
  if (result.code === 0) return result.output;
  const shown = options.capture ? `${result.output.trimEnd()}\n` : "";
  const why = result.missing
    ? "could not be started (is it installed?)"
    : `failed with exit code ${result.code}`;
  throw new Failure(`${shown}\`${[command, ...args].join(" ")}\` ${why}.`);
}

/** The time since `begin` (of Date.now) for a line of output. */
export function secondsSince(begin) {
  const seconds = Math.round((Date.now() - begin) / 1000);
  return seconds < 100 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** True if the module with this import.meta.url is the script that node was started with. */
export function isMain(url) {
  return process.argv[1] !== undefined && fileURLToPath(url) === realpathSync(process.argv[1]);
}

/** Runs the main function of a script; a Failure is printed, and the exit code is 1. */
export async function main(body) {
  try {
    await body();
  } catch (error) {
    console.error(error instanceof Failure ? error.message : error);
    process.exitCode = 1;
  }
}
