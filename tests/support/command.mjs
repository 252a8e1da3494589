// The commands `mqtt-lib`, `mosquitto_pub` and `mosquitto_sub` as a shell runs them: words in, standard input in, and
// what they print, how they end. Whatever still runs dies with the test process.

import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

export const CLI = fileURLToPath(new URL("../../dist/cli.mjs", import.meta.url));
/** So much of the end of what was printed is looked at while it runs. */
const END = 4096;
const running = new Set();
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/** `input` is all of standard input; without it, it stays open and is written to by the test. */
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
    /** Resolves once what it has printed last, or how much, satisfies the check; rejects if it ends before. */
    until(name, satisfies) {
      return new Promise((resolve, reject) => {
        const check = () => {
          if (satisfies(ends[name], lengths[name])) done(resolve);
        };
        const ended = () => done(() => reject(new Error(`${args[0]} has ended: ${all("stderr")}`)));
        const done = (how) => {
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

/** `mqtt-lib` with these words. */
export const cli = (args, options) => launch(process.execPath, [CLI, ...args], options);

/** Runs it to its end. */
export const run = (args, options) => cli(args, { input: "", ...options }).ended;

/** A subscriber that is subscribed: `mqtt-lib sub` with these words. */
export async function subscribed(args, options) {
  const sub = cli(["sub", "-d", ...args], options);
  await sub.until("stderr", (text) => text.includes("subscribed"));
  return sub;
}
