// A program with a client of the component and its store, which publishes numbers until it is killed: prints each number
// when it was accepted. Words: the port of the broker, the folder, the QoS, the first number.
import { writeSync } from "node:fs";
import { _addPreopen } from "@bytecodealliance/preview2-shim/filesystem";

const [port, folder, qos, first] = process.argv.slice(2);
_addPreopen("/store", folder);
const { mqtt } = await import("../../wasi/dist/js/mqtt-lib-client.js");

const client = new mqtt.MqttCustom({
  mqttserver: "127.0.0.1",
  mqttport: Number(port),
  mqttclientid: "killed",
  mqttcleansession: false,
  store: "/store",
  queuesize: 3,
});
for (let number = Number(first); ; number++) {
  client.qpublish("kept", new TextEncoder().encode(`${number}`), { qos: Number(qos) });
  writeSync(1, `${number}\n`);
}
