// The memory of many clients that are connected and do nothing, in one process, counted from before the library
// was loaded, so that its own code is in it. V8 gives memory back when it likes, which used to decide the result;
// so all garbage is collected before each of the two readings, of all clients alike, and its pages are returned.
// "MB more" is what the system says that the process has for itself alone, without the pages of Node's program
// file; "KB live each" is what is in use of V8's heap and of WebAssembly's memory, without what malloc has kept
// of the handshakes.

import { readFileSync } from "node:fs";
import { queryObjects } from "node:v8";

const AT_ONCE = 50;
/** Finalizers free more for the next time, and pages are returned by threads that need a moment. */
const COLLECTIONS = 4;
const PAUSE_MS = 300;
const MB = 1024 * 1024;

class None {}

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Resident and the process's own; where the system does not tell them apart, resident. */
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
    queryObjects(None, { format: "count" }); // collects and compacts before it counts, as `gc()` does not
  }
  await sleep(PAUSE_MS);
  const { rss, heapUsed, external } = process.memoryUsage();
  return { own: own(rss), live: (heapUsed + external) / 1024 };
}

export async function idle({ task, load }) {
  process.emitWarning = () => {}; // that queryObjects is experimental
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
