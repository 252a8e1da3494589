// The broker of the tests in WebAssembly: tests/support/wasm-broker.mjs as a child process, which prints its ports as
// {"tcp":PORT,"ws":PORT}.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Failure, ROOT } from "./run.mjs";

const SCRIPT = join(ROOT, "tests", "support", "wasm-broker.mjs");
const START_TIMEOUT_MS = 20_000;

/** Calls body(url) while the broker runs; body(undefined) if the script does not exist. */
export async function withWasmBroker(body) {
  if (!existsSync(SCRIPT)) return body(undefined);
  // Its stdin is a pipe, which closes if this process is killed, so that the broker ends too.
  const child = spawn(process.execPath, [SCRIPT], { stdio: ["pipe", "pipe", "inherit"] });
  const ended = new Promise((resolve) => child.once("close", resolve));
  try {
    const { ws } = await ports(child);
    return await body(`ws://127.0.0.1:${ws}/mqtt`);
  } finally {
    child.kill();
    await ended;
  }
}

async function ports(child) {
  let timer;
  try {
    return await new Promise((resolve, reject) => {
      const fail = (why) => reject(new Failure(`tests/support/wasm-broker.mjs ${why}.`));
      timer = setTimeout(
        () => fail(`did not print its ports within ${START_TIMEOUT_MS / 1000} seconds`),
        START_TIMEOUT_MS,
      );
      child.once("error", (error) => fail(`could not be started: ${error.message}`));
      child.once("close", (code) => fail(`ended with exit code ${code} before it printed its ports`));
      createInterface({ input: child.stdout }).on("line", (line) => {
        if (line.startsWith("{")) resolve(JSON.parse(line));
        else console.log(line);
      });
    });
  } finally {
    clearTimeout(timer);
  }
}
