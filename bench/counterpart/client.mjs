// The parent's side of counterpart.mjs: starts it, sends commands, assigns the answers.

import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const FILE = fileURLToPath(new URL("../counterpart.mjs", import.meta.url));

export async function startCounterpart() {
  const child = fork(FILE, { execArgv: [] });
  const [ports] = await once(child, "message");
  const waiting = new Map();
  let last = 0;
  child.on("message", ({ id, ...answer }) => {
    waiting.get(id)?.(answer);
    waiting.delete(id);
  });
  return {
    url: (transport) =>
      transport === "ws" ? `ws://127.0.0.1:${ports.ws}/mqtt` : `mqtt://127.0.0.1:${ports.tcp}`,
    ask(command) {
      last += 1;
      child.send({ id: last, ...command });
      return new Promise((resolve) => waiting.set(last, resolve));
    },
    stop: () => child.disconnect(),
  };
}
