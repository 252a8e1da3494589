// Free TCP ports on 127.0.0.1, and the wait until one of them answers.

import { once } from "node:events";
import { connect, createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

// Below those that systems give out by themselves: no `listen(0)` and no outgoing connection of another test takes one
// in the moment before it is used.
const FIRST = 10_000;
const COUNT = 22_000;
/** Test files run side by side, so each process begins at another port. */
let next = process.pid * 101;

/** A port that is free now, and that this process has not given out lately. */
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

/** True if something accepts a connection there now. */
export function accepts(port, host = "127.0.0.1") {
  return new Promise((resolve) => {
    const socket = connect(port, host);
    socket.once("connect", () => resolve(true));
    socket.once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}

/** Resolves once the port accepts connections; `gone()` may say in a sentence why it never will. */
export async function untilAccepts(port, { patience = 10_000, gone = () => undefined } = {}) {
  const end = performance.now() + patience;
  while (!(await accepts(port))) {
    const why = gone() ?? (performance.now() > end && `nothing listens on port ${port} after ${patience} ms`);
    if (why) throw new Error(why);
    await sleep(10);
  }
}
