// A process that publishes until it is killed, and logs each message after the turn of its call has ended. Arguments: the
// credentials as JSON, the log file, the first number, milliseconds between turns, the working folder. A line of the log:
// number, QoS, method.

import { appendFileSync } from "node:fs";
import { MqttCustom } from "mqtt-lib";
import "mqtt-lib/persistent";

const [credentials, log, first, pause, folder] = process.argv.slice(2);
process.chdir(folder);
const client = new MqttCustom({
  credentials: JSON.parse(credentials),
  on_error: (_client, _userdata, error) => console.error(`${error.code} ${error.message}`),
});
const KINDS = ["publish", "qpublish", "batch_publish"];
let number = Number(first);

function turn() {
  const lines = [];
  for (let i = 0; i < 1 + (number % 5); i++) {
    number += 1;
    const kind = KINDS[number % 3];
    const qos = 1 + (number % 2);
    client[kind]("sigkill", `<${number}>`, { qos });
    lines.push(`${number} ${qos} ${kind}\n`);
  }
  setImmediate(() => appendFileSync(log, lines.join("")));
  setTimeout(turn, Math.random() * Number(pause));
}

await client.start();
console.log("started");
turn();
