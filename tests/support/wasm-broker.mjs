// A Mosquitto for tests that cannot start one (those in wasm and in a browser).
// Prints {"tcp":PORT,"ws":PORT} and runs until its stdin ends or it is told to stop.

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
