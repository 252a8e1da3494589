// Finds free TCP ports on 127.0.0.1, and waits until a port accepts connections.

import { once } from "node:events";
import { connect, createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

// Outside the range from which systems assign ports: no `listen(0)` and no outgoing connection of another test can take such
// a port before it is used; and beyond 10080, which browsers refuse.
const FIRST = 10_100;
const COUNT = 21_900;
/** Test files run concurrently, so each process begins at a different port. */
let next = process.pid * 101;

/** A port that is free now, and that this process has not returned recently. */
export async function freePort() {
  for (let tries = 0; tries < COUNT; tries++) {
    const port = FIRST + (next++ % COUNT);
    if (await canListen(port)) return port;
  }
  throw new Error(`no port from ${FIRST} to ${FIRST + COUNT - 1} is free on 127.0.0.1`);
}

/** @param {number} port */
async function canListen(port) {
  const server = createServer().listen(port, "127.0.0.1");
  try {
    await once(server, "listening");
  } catch {
    return false;
  }
  server.close();
  await once(server, "close");
  return true;
}

/** Whether the port accepts a connection now. */
export function accepts(port, host = "127.0.0.1") {
  return new Promise((resolve) => {
    const socket = connect(port, host);
    socket.once("connect", () => resolve(true));
    socket.once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}

/** Resolves once the port accepts connections; rejects if `gone()` returns why it never will. */
export async function untilAccepts(port, { timeout = 10_000, gone = () => undefined } = {}) {
  const end = performance.now() + timeout;
  while (!(await accepts(port))) {
    const why = gone() ?? (performance.now() > end && `nothing listens on port ${port} after ${timeout} ms`);
    if (why) throw new Error(why);
    await sleep(10);
  }
}
