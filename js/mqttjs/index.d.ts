/**
 * The interface of the package `mqtt` (MQTT.js 5.16) over the core of mqtt-lib: an application changes its import, and nothing
 * else. Times are milliseconds where MQTT.js has them.
 *
 * @module mqtt-lib/mqttjs
 */

import * as mqtt from "./types/mqtt.js";

export * from "./types/mqtt.js";
// By name: attw takes a file of `export *` alone for one with a default export only.
export { connect } from "./types/mqtt.js";
export default mqtt;
