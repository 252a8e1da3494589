// Runs the commands `mqtt-lib`, `mosquitto_pub` and `mosquitto_sub` as a shell does: with arguments and standard input, and
// collects their output and exit code. Commands that still run are killed when the test process ends.

import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

export const CLI = fileURLToPath(new URL("../../dist/cli.cjs", import.meta.url));
/** How much of the end of the output is checked while the command runs. */
const END = 4096;
/** Long enough for a busy machine; a passing test never waits so long. */
const TIMEOUT_MS = 120_000;
const running = new Set();
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/** `input` is the whole standard input; without it standard input stays open for the test to write to. */
export function launch(command, args, { input, env } = {}) {
  const child = spawn(command, args, { stdio: ["pipe", "pipe", "pipe"], env: { ...process.env, ...env } });
  running.add(child);
  child.stdin.on("error", () => {}); // it may end before it has read all
  if (input !== undefined) child.stdin.end(input);
  const chunks = { stdout: [], stderr: [] };
  const ends = { stdout: "", stderr: "" };
  const lengths = { stdout: 0, stderr: 0 };
  const waiting = new Set();
  for (const name of ["stdout", "stderr"]) {
    child[name].on("data", (chunk) => {
      chunks[name].push(chunk);
      lengths[name] += chunk.length;
      ends[name] = (ends[name] + chunk.toString("latin1")).slice(-END);
      for (const check of waiting) check();
    });
  }
  const all = (name) => Buffer.concat(chunks[name]);
  const result = {
    child,
    stdin: child.stdin,
    kill: (signal) => child.kill(signal),
    stdout: () => all("stdout").toString(),
    stderr: () => all("stderr").toString(),
    /** Resolves once the end of the output, or its length, satisfies the check; rejects if that does not happen. */
    until(name, satisfies) {
      return new Promise((resolve, reject) => {
        const check = () => {
          if (satisfies(ends[name], lengths[name])) done(resolve);
        };
        const failed = (why) => done(() => reject(new Error(`${args[0]} ${why}: ${all("stderr")}`)));
        const ended = () => failed("has ended");
        const timer = setTimeout(() => failed(`has not printed what ${satisfies} expects`), TIMEOUT_MS);
        const done = (how) => {
          clearTimeout(timer);
          waiting.delete(check);
          child.off("close", ended);
          how();
        };
        waiting.add(check);
        child.once("close", ended);
        check();
      });
    },
    ended: new Promise((resolve) => {
      child.once("close", (code, signal) => {
        running.delete(child);
        resolve({ code, signal, bytes: all("stdout"), stdout: result.stdout(), stderr: result.stderr() });
      });
    }),
  };
  return result;
}

/** Starts `mqtt-lib` with these arguments. */
export const cli = (args, options) => launch(process.execPath, [CLI, ...args], options);

/** Runs `mqtt-lib` to its end. */
export const run = (args, options) => cli(args, { input: "", ...options }).ended;

/** Starts `mqtt-lib sub` with these arguments; resolves once it is subscribed. */
export async function subscribed(args, options) {
  const sub = cli(["sub", "-d", ...args], options);
  await sub.until("stderr", (text) => text.includes("subscribed"));
  return sub;
}
