// The client of a schedule, in a process and a namespace of its own. Publishes until it gets the word to end, counts what it
// receives, and says over the channel to its parent what became of everything.

import { setTimeout as sleep } from "node:timers/promises";
import { MqttCustom } from "mqtt-lib";
import { randomOf } from "../../support/random.mjs";

const TOPICS = [
  ["one", 1],
  ["two", 2],
  ["queued", 1],
];
const SIZES = [0, 30, 300, 2_000];

/** @type {Record<string, number[]>} */
const received = {};
/** @type {Record<string, number>} */
const sent = {};
const rejected = [];
const errors = [];
let left = 0;
let publishing = true;

const [{ url, name, seed, version, expiry }] = await new Promise((resolve) =>
  process.once("message", (given) => resolve([given])),
);
const random = randomOf(seed, 0xc11e);
const client = new MqttCustom({
  credentials: {
    mqttserver: url,
    mqttclientid: name,
    mqttversion: version,
    ...(version === 5 && { properties: { sessionExpiryInterval: expiry } }),
    mqttcleansession: false,
    mqttkeepalive: 1,
    maxmqttreconnectdelay: 0.5,
    connecttimeout: 3,
    acktimeout: 120,
    publishinterval: 0.2,
  },
  on_error: (_client, _userdata, error) => errors.push(`${error.code} ${error.message}`),
  on_message: (_client, _userdata, message) => {
    received[message.topic] ??= [];
    received[message.topic].push(Number.parseInt(message.text(), 10));
  },
});

function publish() {
  const [kind, qos] = random.pick(TOPICS);
  const topic = `out/${name}/${kind}`;
  const number = sent[topic] ?? 0;
  sent[topic] = number + 1;
  left += 1;
  client[kind === "queued" ? "qpublish" : "publish"](topic, `${number} ${"x".repeat(random.pick(SIZES))}`, {
    qos,
  })
    .catch((error) => rejected.push(`${error.code} ${error.message}`))
    .finally(() => {
      left -= 1;
    });
}

const report = () =>
  process.send({
    left,
    sent,
    received,
    rejected,
    errors: errors.slice(-4),
    stats: client.stats(),
    state: client.state,
  });

process.on("message", async ({ what }) => {
  if (what === "end") publishing = false;
  if (what === "last") for (let i = 0; i < 30; i++) publish();
  if (what === "report") report();
  if (what === "stop") {
    await client.stop();
    process.disconnect();
  }
});
process.on("disconnect", () => process.exit());

await client.subscribe(`back/${name}/#`, { qos: 2 });
process.send({ ready: true });
while (publishing) {
  for (let count = random.scale(1, 8); count > 0; count--) publish();
  await sleep(random.between(0, 80));
}
