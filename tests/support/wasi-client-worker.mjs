// The thread of a WasiClient: makes one call after the other, and asks for events while there is none to make.
import { parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";
import { mqtt } from "../../wasi/dist/js/mqtt-lib-client.js";

const client = new mqtt.MqttCustom(workerData);

function make({ id, name, args }) {
  try {
    return { id, value: client[name](...args) };
  } catch (error) {
    return { id, error: error.payload ?? { code: "TRAP", message: String(error.stack) } };
  }
}

function nextEvent(timeout) {
  try {
    return client.nextEvent(timeout);
  } catch {
    return undefined;
  }
}

/** Counters as numbers, as in JavaScript. */
const counters = () =>
  Object.fromEntries(Object.entries(client.stats()).map(([name, value]) => [name, Number(value ?? 0)]));

for (let stopped = false; !stopped; ) {
  const call = receiveMessageOnPort(parentPort)?.message;
  const result = call && make(call);
  for (let event = nextEvent(call ? 0 : 0.02); event; event = nextEvent(0)) parentPort.postMessage({ event });
  stopped = call?.name === "stop";
  parentPort.postMessage({ ...result, stats: counters(), state: client.state() });
}
