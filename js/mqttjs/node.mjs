// The entry "mqtt-lib/mqttjs" for Node: the interface of the package `mqtt` over the native client.

import "./node-platform.mjs";

export * from "./exports.mjs";
export { default } from "./exports.mjs";
