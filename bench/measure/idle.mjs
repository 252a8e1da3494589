// The memory of many clients that are connected and do nothing, in one process. "MB more" counts from before
// the library was loaded, so that its own code is in it.

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc");
const AT_ONCE = 50;
const MB = 1024 * 1024;

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function resident() {
  for (let i = 0; i < 3; i++) {
    await sleep(100);
    collect();
  }
  return process.memoryUsage.rss() / MB;
}

export async function idle({ task, load }) {
  const before = await resident();
  const connect = await load();
  const clients = [];
  const one = async () => clients.push(await connect({ ...task, onMessage: () => {} }));
  while (clients.length < task.count) await Promise.all(Array.from({ length: AT_ONCE }, one));
  await sleep(task.warm);
  const after = await resident();
  return { figures: { "MB more": after - before, "KB each": ((after - before) * 1024) / task.count } };
}
