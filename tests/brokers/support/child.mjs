// One program that runs as long as a broker's node does: its process, its output, its folder. It dies with the
// process that started it, and is ended by its own process id. Knows nothing of MQTT.

import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const DIED_WITH = ["/usr/bin/setpriv", "/bin/setpriv"].find((path) => existsSync(path));
const KEPT_OUTPUT = 100_000;

/** A folder for one broker's configuration and data, and what removes it. */
export function ownFolder(name) {
  const folder = mkdtempSync(join(tmpdir(), `mqtt-lib-${name}-`));
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true, maxRetries: 10 }) };
}

/** Starts a program. `why()` is a sentence once the program has ended, `log()` the end of what it printed. */
export function startChild(command, args, { env, cwd, openInput = false } = {}) {
  const words = [command, ...args];
  // Without it a command that is killed would leave the broker behind.
  if (DIED_WITH) words.unshift(DIED_WITH, "--pdeathsig", "KILL");
  const child = spawn(words[0], words.slice(1), {
    cwd,
    stdio: [openInput ? "pipe" : "ignore", "pipe", "pipe"],
    env: { ...process.env, NODE_TEST_CONTEXT: undefined, ...env },
  });
  let output = "";
  let why;
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text) => {
      output = (output + text).slice(-KEPT_OUTPUT);
    });
  }
  const ended = new Promise((resolve) => {
    child.once("error", (error) => {
      why = `${command} could not be started: ${error.message}`;
      resolve();
    });
    child.once("exit", (code, signal) => {
      why = `${command} ended with ${signal ?? `exit code ${code}`}:\n${output.slice(-2000)}`;
      resolve();
    });
  });
  return {
    pid: child.pid,
    ended,
    log: () => output,
    why: () => why,
    /** SIGKILL is a crash, SIGTERM an orderly end. Resolves once the process is gone. */
    async kill(signal = "SIGKILL") {
      if (why === undefined) child.kill(signal);
      await ended;
    },
  };
}
