// The client of a schedule, in a process and a namespace of its own. Publishes until it gets the word to end, counts what it
// receives, and says over the channel to its parent what became of everything, and in which session of the broker.

import { setTimeout as sleep } from "node:timers/promises";
import { MqttCustom } from "mqtt-lib";
import { wireLog } from "mqtt-lib/wire";
import { ResentAfterPubrel } from "../../support/broker-packets.mjs";
import { randomOf } from "../../support/random.mjs";

const TOPICS = [
  ["one", 1],
  ["two", 2],
  ["queued", 1],
];
const SIZES = [0, 30, 300, 2_000];

/** @type {Record<string, number[]>} */
const received = {};
/** The session that each of them came in. @type {Record<string, number[]>} */
const sessionOf = {};
/** @type {Record<string, number>} */
const sent = {};
/** What is published and not acknowledged, as topic and number. @type {Set<string>} */
const pending = new Set();
/** What was pending when the broker had forgotten its session, and so is published again. @type {Set<string>} */
const anew = new Set();
/** How many sessions of the broker there were. */
let sessions = 0;
const resent = new ResentAfterPubrel();
const rejected = [];
const errors = [];
let left = 0;
let publishing = true;

const [{ url, name, seed, version, expiry }] = await new Promise((resolve) =>
  process.once("message", (given) => resolve([given])),
);
const random = randomOf(seed, 0xc11e);
const numberIn = (text) => Number.parseInt(text, 10);
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
  on_connect: (_client, _userdata, { sessionPresent }) => {
    if (sessionPresent) return;
    sessions += 1;
    if (sessions > 1) for (const message of pending) anew.add(message);
  },
  on_message: (_client, _userdata, message) => {
    received[message.topic] ??= [];
    received[message.topic].push(numberIn(message.text()));
    sessionOf[message.topic] ??= [];
    sessionOf[message.topic].push(sessions);
  },
  wire: wireLog(({ direction, packet }) => {
    if (direction === "sent") return;
    const { payload } = packet;
    resent.see(payload ? { ...packet, payload: numberIn(Buffer.from(payload).toString()) } : packet);
  }),
});

function publish() {
  const [kind, qos] = random.pick(TOPICS);
  const topic = `out/${name}/${kind}`;
  const number = sent[topic] ?? 0;
  sent[topic] = number + 1;
  left += 1;
  const message = `${topic} ${number}`;
  pending.add(message);
  client[kind === "queued" ? "qpublish" : "publish"](topic, `${number} ${"x".repeat(random.pick(SIZES))}`, {
    qos,
  })
    .catch((error) => rejected.push(`${error.code} ${error.message}`))
    .finally(() => {
      left -= 1;
      pending.delete(message);
    });
}

const report = () =>
  process.send({
    left,
    sent,
    received,
    sessionOf,
    sessions,
    anew: [...anew],
    resent: [...resent.again.keys()],
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
