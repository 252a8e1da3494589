// Runs in the page: one measurement of one client. The measurements are those of Node, but with wall-clock time, because a
// page cannot read its CPU time.

import { publish, window as inFlight } from "/bench/measure/publish.mjs";
import { receive } from "/bench/measure/receive.mjs";
import { CLIENTS } from "./clients.mjs";

const MEASURES = { publish, window: inFlight, receive };

/** Sends a request to the site; resolves with its answer. */
async function say(path, value = null) {
  const response = await fetch(path, { method: "POST", body: JSON.stringify(value) });
  return response.json();
}

const ask = (command) => say("/ask", command);

async function metered(body) {
  await ask({ do: "busy" });
  const start = performance.now();
  const count = await body();
  const seconds = (performance.now() - start) / 1000;
  const { busy } = await ask({ do: "busy" });
  return { rate: count / seconds, count, busy };
}

async function run(task) {
  const connect = await CLIENTS[task.client]();
  const result = await MEASURES[task.measure]({ task, connect, ask, metered });
  return { ...result, memory: (performance.memory?.usedJSHeapSize ?? Number.NaN) / 2 ** 20 };
}

const broken = new Promise((_, reject) => {
  addEventListener("error", ({ error }) => reject(error));
  addEventListener("unhandledrejection", ({ reason }) => reject(reason));
});
const result = Promise.race([run(await say("/task")), broken]);
await say("/result", await result.catch((error) => ({ wrong: String(error) })));
