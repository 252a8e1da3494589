// A process that takes its share of a filter, and writes down every message it was given: argv is the broker's URL,
// the filter, the file. It says "ready" once it is subscribed, and ends at SIGTERM, after what it was doing.

import { appendFileSync } from "node:fs";
import { MqttCustom } from "mqtt-lib";

const [mqttserver, filter, log] = process.argv.slice(2);
const client = new MqttCustom({
  credentials: { mqttserver, mqttversion: 5 },
});
await client.subscribe(filter, { qos: 1 }, (_client, _userdata, message) => {
  appendFileSync(log, `${message.text()}\n`);
});
process.once("SIGTERM", () => client.stop());
console.log("ready");
