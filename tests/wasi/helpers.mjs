// Helpers of the tests of the WASI adapter: clients of the component, programs in processes of their own. A call of the
// component blocks this thread, so the broker must be another process: Mosquitto, never a broker in this process.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));
export const COMPONENT = join(ROOT, "wasi/dist/mqtt-lib-client.wasm");
export const ASKING = join(ROOT, "wasi/dist/mqtt-lib-client-asking.wasm");
export const WITH_TLS = join(ROOT, "wasi/dist/mqtt-lib-client-tls.wasm");
export const COMMAND_WITH_TLS = join(ROOT, "wasi/dist/mqtt-lib-tls.wasm");
export const COMMAND = join(ROOT, "wasi/dist/mqtt-lib.wasm");
export const WASMTIME = join(ROOT, "target/python/wasmtime_cli/wasmtime");
export const NETWORK = ["-S", "inherit-network", "-S", "allow-ip-name-lookup"];
const TIMEOUT_MS = 60_000;

export const bytes = (text) => new TextEncoder().encode(text);
export const text = (payload) => new TextDecoder().decode(payload);

/** The properties that are there, of a record that has a place for each. */
export const given = (properties) =>
  Object.fromEntries(Object.entries(properties).filter(([, value]) => value !== undefined));

/** Makes a JavaScript module of a component; its URL. */
export async function transpiled(component, name, ...more) {
  const folder = join(ROOT, "target/tests", name);
  const args = ["transpile", component, "--name", name, "--out-dir", folder, "--quiet", ...more];
  const { code, stderr } = await run(join(ROOT, "node_modules/.bin/jco"), args);
  if (code !== 0) throw new Error(stderr);
  return pathToFileURL(join(folder, `${name}.js`)).href;
}

/** The `error` record of a call of the component that fails. */
export function failure(call) {
  try {
    call();
  } catch (error) {
    if (error.payload === undefined) throw error; // a trap is not an error of the interface
    return error.payload;
  }
  throw new Error("expected an error, but there was none");
}

/** The next `count` messages, as text. */
export const take = (client, count) =>
  Array.from({ length: count }, () => {
    const message = client.nextMessage(30);
    if (message === undefined) throw new Error("timed out after 30 s waiting for a message");
    return text(message.payload);
  });

/** Starts a program; `line(pattern)` resolves when it has printed a matching line, `ended()` with its whole output. */
export function start(command, args, { input = "", env, keepsInput = false } = {}) {
  const child = spawn(command, args, { cwd: ROOT, env: { ...process.env, ...env } });
  const result = { stdout: "", stderr: "", code: null };
  const timer = setTimeout(() => child.kill("SIGKILL"), TIMEOUT_MS);
  child.once("error", (error) => {
    result.stderr += error.message;
  });
  for (const name of ["stdout", "stderr"]) {
    child[name].setEncoding("utf8").on("data", (chunk) => {
      result[name] += chunk;
    });
  }
  child.stdin.on("error", () => {}); // it may not read its standard input
  if (!keepsInput) child.stdin.end(input);
  const closed = once(child, "close");
  return {
    child,
    result,
    async ended() {
      [result.code] = await closed;
      clearTimeout(timer);
      return result;
    },
  };
}

export const run = (...all) => start(...all).ended();
