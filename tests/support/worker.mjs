// A process that subscribes to a shared subscription and logs every message it receives. Arguments: the URL of the broker,
// the filter, the log file. It prints "ready" once it is subscribed, and stops at SIGTERM.

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
