// The memory of many connected, idle clients in one process, measured from before the library is loaded, so that its code is
// included. V8 returns memory at times that would determine the result, so before each of the two readings all garbage is
// collected and its pages are returned, for all clients alike. "MB more" is the private memory of the process according to
// the system, without the pages of Node's program file; "KB live each" is the memory in use of V8's heap and of the
// WebAssembly, without what malloc has kept after the handshakes.

import { readFileSync } from "node:fs";
import { queryObjects } from "node:v8";

const AT_ONCE = 50;
/** Repeated, because finalizers free more memory, and threads return pages later. */
const COLLECTIONS = 4;
const PAUSE_MS = 300;
const MB = 1024 * 1024;

class None {}

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** The private resident memory; on systems that do not report it, all resident memory. */
function own(rss) {
  try {
    const [, kilobytes] = /RssAnon:\s+(\d+)/.exec(readFileSync("/proc/self/status", "latin1"));
    return kilobytes / 1024;
  } catch {
    return rss / MB;
  }
}

async function collected() {
  for (let i = 0; i < COLLECTIONS; i++) {
    await sleep(PAUSE_MS);
    queryObjects(None, { format: "count" }); // collects and compacts first, which `gc()` does not
  }
  await sleep(PAUSE_MS);
  const { rss, heapUsed, external } = process.memoryUsage();
  return { own: own(rss), live: (heapUsed + external) / 1024 };
}

export async function idle({ task, load }) {
  process.emitWarning = () => {}; // hides that queryObjects is experimental
  const before = await collected();
  const connect = await load();
  const clients = [];
  const one = async () => {
    const { client } = await connect({ ...task, topic: "bench/idle", onMessage: () => {} });
    clients.push(client);
  };
  while (clients.length < task.count) await Promise.all(Array.from({ length: AT_ONCE }, one));
  const after = await collected();
  const more = after.own - before.own;
  return {
    figures: {
      "MB more": more,
      "KB each": (more * 1024) / task.count,
      "KB live each": (after.live - before.live) / task.count,
    },
  };
}
