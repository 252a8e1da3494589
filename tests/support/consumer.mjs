// A process that consumes until it is killed or gets SIGTERM, and logs what its handlers do. Its argument is JSON:
//   credentials    with the broker, the client identifier and the session
//   subscriptions  [{ filter, options, most, failures }]: handlers take up to `most` milliseconds (`least` at least), and
//                  throw with the probability `failures`
//   log            the file: a line is the kind (b begun, d done, f failed), the topic's last level, the payload
//   store          true: the persistent store, in the working folder `folder`
// It prints "started" before it connects, "ready" when it is subscribed, "stopped" with milliseconds after a SIGTERM.

import { appendFileSync } from "node:fs";
import { MqttCustom } from "mqtt-lib";

const { credentials, subscriptions, log, folder } = JSON.parse(process.argv[2]);
if (credentials.store === "persistent") {
  process.chdir(folder);
  await import("mqtt-lib/persistent");
}
const client = new MqttCustom({
  credentials,
  on_error: (_client, _userdata, error) => {
    if (error.code !== "CALLBACK_FAILED") console.error(`${error.code} ${error.message}`);
  },
});
const write = (kind, message) => appendFileSync(log, `${kind} ${message.topic} ${message.text()}\n`);

function handlerOf({ least = 0, most = 0, failures = 0 }) {
  return async (_client, _userdata, message) => {
    write("b", message);
    await new Promise((resolve) => setTimeout(resolve, least + Math.random() * (most - least)));
    const fails = Math.random() < failures;
    write(fails ? "f" : "d", message);
    if (fails) throw new Error("a failure by chance");
  };
}

process.once("SIGTERM", async () => {
  const since = performance.now();
  await client.stop();
  console.log(
    `stopped after ${(performance.now() - since).toFixed(1)} ms; unhandled ${client.stats().unhandled}`,
  );
  process.exit();
});
console.log("started");
await Promise.all(
  subscriptions.map((subscription) =>
    client.subscribe(subscription.filter, subscription.options, handlerOf(subscription)),
  ),
);
console.log("ready");
