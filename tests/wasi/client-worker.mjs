// A client of the component in a thread of its own, because its calls block: makes the calls that the messages of the main
// thread name, and answers with what they return or with their error. Preopens the folder of its store.
import { parentPort, workerData } from "node:worker_threads";
import { _addPreopen } from "@bytecodealliance/preview2-shim/filesystem";

const { credentials, module, preopen } = workerData;
if (preopen) _addPreopen(preopen, preopen);
const { mqtt } = await import(module);
let client;

parentPort.on("message", ({ id, name, args }) => {
  try {
    if (name === "new") client = new mqtt.MqttCustom(credentials);
    const value = name === "new" ? undefined : client[name](...args);
    parentPort.postMessage({ id, value });
  } catch (error) {
    parentPort.postMessage({ id, error: error.payload ?? { code: "TRAP", message: String(error.stack) } });
  }
});
