// A Mosquitto for tests that cannot start one: those that run in WebAssembly and in a browser. Prints {"tcp":PORT,"ws":PORT}
// and runs until its standard input is closed or a signal ends it.

import { startMosquitto } from "./mosquitto.mjs";

const broker = await startMosquitto();
process.stdout.write(`${JSON.stringify({ tcp: broker.port, ws: broker.wsPort })}\n`);

let stopping = false;
async function stop() {
  if (stopping) return;
  stopping = true;
  await broker.stop();
  process.exit(0);
}
process.stdin.on("end", stop).on("close", stop).resume();
process.on("SIGTERM", stop).on("SIGINT", stop);
