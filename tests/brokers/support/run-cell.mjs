// Runs one cell in a process of its own and gives it power over the nodes of the broker.

import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";

const PROGRAM = fileURLToPath(new URL("cell-process.mjs", import.meta.url));
/** No operation takes so long, even if everything in it runs into its limit. */
const SECONDS = 420;

export async function runCell({ broker, operation, version, running, round }) {
  const begin = {
    broker: broker.name,
    operation: operation.name,
    version,
    round,
    nodes: running.nodes.map(({ urls }) => ({ urls })),
    credentials: running.credentials ?? {},
  };
  const child = fork(PROGRAM, {
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    env: { ...process.env, NODE_TEST_CONTEXT: undefined },
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text) => {
      output = (output + text).slice(-5000);
    });
  }
  let result;
  child.on("message", async (message) => {
    if (message.result) result = message.result;
    if (!message.control) return;
    const { number, action, node } = message.control;
    const error = await running.nodes[node][action]().then(
      () => undefined,
      (reason) => reason.message,
    );
    if (child.connected) child.send({ answer: { number, error } });
  });
  const start = performance.now();
  const timer = setTimeout(() => child.kill("SIGKILL"), SECONDS * 1000);
  child.send({ begin });
  await new Promise((resolve) => child.once("close", resolve));
  clearTimeout(timer);
  result ??= {
    result: "failed",
    reason: `the process of the cell ended without a result: ${output.slice(-1000)}`,
  };
  return { ...result, seconds: (performance.now() - start) / 1000, output };
}

/** Starts what has ended; a sentence if something had. */
export async function revive(running) {
  const dead = running.nodes.filter((node) => !node.alive);
  for (const node of dead) await node.start();
  return dead.length ? `${dead.length} of ${running.nodes.length} nodes had ended` : undefined;
}
