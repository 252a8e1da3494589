// Free TCP ports on 127.0.0.1, and the wait until one of them answers.

import { once } from "node:events";
import { connect, createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

const given = new Set();

/** A port that was free a moment ago, and that this process has not given out before. */
export async function freePort() {
  for (;;) {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address();
    server.close();
    await once(server, "close");
    if (given.has(port)) continue;
    given.add(port);
    return port;
  }
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
