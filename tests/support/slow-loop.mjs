// A process whose loop over messages takes its time for each. Its argument is JSON: credentials, topic, count, pause
// (milliseconds; 0: a turn of the event loop), at (after which numbers of messages the memory is read). Payloads begin with
// their number. It prints "ready", then one line of JSON: { first wrong number or undefined, memory: [[count, heap, rss,
// external, heap reserved], ...], dropped, most unhandled }. Run it with --expose-gc.

import { MqttCustom } from "mqtt-lib";

const { credentials, topic, count, pause, at } = JSON.parse(process.argv[2]);
const errors = [];
const client = new MqttCustom({
  credentials,
  on_error: (_client, _userdata, error) => errors.push(`${error.code} ${error.message}`),
});
const messages = client.messages(topic);
await client.subscribe(topic, { qos: 1 });
console.log("ready");

const memory = [];
let seen = 0;
let most = 0;
let wrong;
for await (const message of messages) {
  seen += 1;
  if (parseInt(message.text(), 10) !== seen) wrong ??= `${message.text().trim()} instead of ${seen}`;
  if (seen % 100 === 0) most = Math.max(most, client.stats().unhandled);
  if (at.includes(seen)) {
    globalThis.gc();
    const { heapUsed, rss, external, heapTotal } = process.memoryUsage();
    memory.push([seen, heapUsed, rss, external, heapTotal]);
  }
  if (seen === count) break;
  await new Promise((resolve) => (pause > 0 ? setTimeout(resolve, pause) : setImmediate(resolve)));
}
await client.stop();
const { dropped, unhandled, reconnects } = client.stats();
console.log(JSON.stringify({ wrong, memory, dropped, unhandled, reconnects, most, errors }));
console.log("stopped");
