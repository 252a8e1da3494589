// Helpers of the tests in this folder: clients that are stopped after their test, waiting for a condition, scripts in a
// process of their own. Brokers are in ../support.

import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { MqttCustom } from "mqtt-lib";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/** Long enough for a busy machine; a passing test never waits so long. */
const TIMEOUT_MS = 30_000;

/** Resolves with the condition's first truthy value. */
export async function until(condition, what = condition.toString(), timeout = TIMEOUT_MS) {
  const end = performance.now() + timeout;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (performance.now() > end) throw new Error(`timed out after ${timeout} ms waiting for: ${what}`);
    await pause(5);
  }
}

export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** A client of this test; `credentials` may be a URL. `errors` records the errors passed to on_error. */
export function clientFor(t, credentials, options = {}) {
  const errors = [];
  const client = new MqttCustom({
    on_error: (_client, _userdata, error) => errors.push(error),
    ...options,
    credentials: typeof credentials === "string" ? { mqttserver: credentials } : credentials,
  });
  client.errors = errors;
  t.after(() => client.stop());
  return client;
}

/** Subscribes to `filter` and records all messages in order. */
export async function collect(t, url, filter, options) {
  const received = [];
  const client = clientFor(t, url);
  await client.subscribe(filter, options, (_client, _userdata, message) => received.push(message));
  received.texts = () => received.map((message) => message.text());
  received.count = async (count) => {
    await until(() => received.length >= count, `${count} messages on ${filter}; ${received.length} arrived`);
    return received;
  };
  received.client = client;
  return received;
}

/** Resolves with the error of a promise that rejects; throws if it resolves. */
export async function failure(promise) {
  let value;
  try {
    value = await promise;
  } catch (error) {
    return error;
  }
  throw new Error(`expected a rejection, but the promise resolved with ${value}`);
}

export function thrown(work) {
  try {
    work();
  } catch (error) {
    return error;
  }
  throw new Error("expected an exception, but nothing was thrown");
}

/** Records calls of console.warn until the test ends, without printing them. */
export function captureWarnings(t) {
  const warnings = [];
  t.mock.method(console, "warn", (...all) => {
    warnings.push(
      all.map((one) => (one instanceof Error ? `${one.code} ${one.message}` : String(one))).join(" "),
    );
  });
  return warnings;
}

/**
 * Runs a module in a process of its own, which can import "mqtt-lib" and is killed after the time limit. Its arguments are
 * `process.argv[2]` and so on.
 */
export async function run(source, args = [], { flags = [], limit = TIMEOUT_MS } = {}) {
  const child = spawn(
    process.execPath,
    [...flags, "--input-type=module", "--eval", source, "--", "script", ...args.map(String)],
    { cwd: ROOT, stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, NODE_TEST_CONTEXT: undefined } },
  );
  const result = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"]) {
    child[name].setEncoding("utf8").on("data", (chunk) => {
      result[name] += chunk;
    });
  }
  const timer = setTimeout(() => child.kill("SIGKILL"), limit);
  const [code, signal] = await new Promise((resolve) => child.once("close", (...all) => resolve(all)));
  clearTimeout(timer);
  // What Node says at its start in the stage `js`.
  result.stderr = result.stderr.replace(
    "Warning: disabling flag --expose_wasm due to conflicting flags\n",
    "",
  );
  return { ...result, code, signal };
}

export const lines = (text) => text.split("\n").filter(Boolean);

/** A topic that no other test uses. */
let topics = 0;
export const freshTopic = (name = "test") => `${name}/${process.pid}/${++topics}`;
