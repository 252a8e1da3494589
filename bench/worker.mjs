// One measurement of one client, in a process of its own. Owns the readings of clock, CPU and memory; the measurements are in
// measure/, the calls of each client in clients/.

import { MEASURES } from "./measure/index.mjs";

/** Sends a request to the counterpart through the parent. */
function ask(command) {
  return new Promise((resolve) => {
    process.once("message", resolve);
    process.send({ ask: command });
  });
}

/** Measures `body`, which resolves with the count, or with { count, ...more }. */
async function metered(body) {
  await ask({ do: "busy" });
  const cpu = process.cpuUsage();
  const start = performance.now();
  const result = await body();
  const seconds = (performance.now() - start) / 1000;
  const used = process.cpuUsage(cpu);
  const { busy } = await ask({ do: "busy" });
  const { count, ...more } = typeof result === "number" ? { count: result } : result;
  return { count, rate: count / seconds, cpu: (used.user + used.system) / count, busy, ...more };
}

const task = JSON.parse(process.argv[2]);
const load = async () => (await import(`./clients/${task.client}.mjs`)).connect;
/** Loads the library with the first client. */
const connect = async (options) => (await load())(options);
const result = await MEASURES[task.measure]({ task, load, connect, ask, metered });
const megabytes = process.resourceUsage().maxRSS / 1024;
process.send({ result: { memory: megabytes, ...result } }, () => process.exit());
