// One measurement of one client, in a process of its own. Owns clock, CPU and memory readings; what is
// done in between is in measure/, how it is said to a client in clients/.

import { MEASURES } from "./measure/index.mjs";

/** Asks the counterpart, through the parent. */
function ask(command) {
  return new Promise((resolve) => {
    process.once("message", resolve);
    process.send({ ask: command });
  });
}

/** Wraps a measured stretch: `count` is what `body` resolves with, or { count, ...more }. */
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
/** The library is loaded with the first client. */
const connect = async (options) => (await load())(options);
const result = await MEASURES[task.measure]({ task, load, connect, ask, metered });
const megabytes = process.resourceUsage().maxRSS / 1024;
process.send({ result: { ...result, memory: megabytes } }, () => process.exit());
