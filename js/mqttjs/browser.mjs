// The entry "mqtt-lib/mqttjs" for pages and workers: the interface of the package `mqtt` over the native client.

import "./browser-platform.mjs";

export * from "./exports.mjs";
export { default } from "./exports.mjs";
