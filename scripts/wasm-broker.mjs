// The broker behind the wasm tests: tests/support/wasm-broker.mjs as a child that says {"tcp":PORT,"ws":PORT}.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Failure, ROOT } from "./run.mjs";

const SCRIPT = join(ROOT, "tests", "support", "wasm-broker.mjs");
const PATIENCE = 20_000;

/** Calls body(url) with the broker running, body(undefined) if there is no such script, and ends the broker. */
export async function withWasmBroker(body) {
  if (!existsSync(SCRIPT)) return body(undefined);
  // Its stdin is a pipe: should this process be killed, the pipe ends, and the broker can end with it.
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
      timer = setTimeout(() => fail(`did not say its ports within ${PATIENCE / 1000} seconds`), PATIENCE);
      child.once("error", (error) => fail(`could not be started: ${error.message}`));
      child.once("close", (code) => fail(`ended with exit code ${code} before it said its ports`));
      createInterface({ input: child.stdout }).on("line", (line) => {
        if (line.startsWith("{")) resolve(JSON.parse(line));
        else console.log(line);
      });
    });
  } finally {
    clearTimeout(timer);
  }
}
