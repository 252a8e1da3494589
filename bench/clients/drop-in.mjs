// mqtt-lib/mqttjs in the place of MQTT.js: the same calls.

import { connectBy } from "./mqttjs.mjs";

const { default: mqtt } = await import(new URL("mqttjs.node.mjs", process.env.BENCH_DIST).href);

export const connect = connectBy(mqtt);
