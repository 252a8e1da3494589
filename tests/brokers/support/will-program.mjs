// A client with a last will, in a process of its own that is killed: node will-program.mjs <credentials as JSON>

import { MqttCustom } from "mqtt-lib";

const client = new MqttCustom({ credentials: JSON.parse(process.argv[2]), autostart: false });
await client.start();
process.stdout.write("connected\n");
setInterval(() => {}, 1000);
