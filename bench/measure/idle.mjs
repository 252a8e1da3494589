// The memory of many clients that are connected and do nothing, in one process. "MB more" counts from before
// the library was loaded, so that its own code is in it. Nobody calls the garbage collector: V8 gives the
// memory of the handshakes back by itself when a process has been idle for some seconds.

const AT_ONCE = 50;
const UNTIL_IDLE_MS = 25_000;
const MB = 1024 * 1024;

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const resident = () => process.memoryUsage.rss() / MB;

export async function idle({ task, load }) {
  await sleep(500);
  const before = resident();
  const connect = await load();
  const clients = [];
  const one = async () => clients.push(await connect({ ...task, topic: "bench/idle", onMessage: () => {} }));
  while (clients.length < task.count) await Promise.all(Array.from({ length: AT_ONCE }, one));
  await sleep(UNTIL_IDLE_MS);
  const more = resident() - before;
  return { figures: { "MB more": more, "KB each": (more * 1024) / task.count } };
}
