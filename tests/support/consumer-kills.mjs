// Kills a consumer repeatedly while jobs are published, and counts which of them were done, and how often. Explains each
// job that was done twice by what the consumer had acknowledged at the kill.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { MqttCustom } from "mqtt-lib";
import { startAckRelay } from "./ack-relay.mjs";
import { launch } from "./kills.mjs";

const CONSUMER = fileURLToPath(new URL("consumer.mjs", import.meta.url));
/**
 * How many jobs the broker may have, also those that are done and not acknowledged: its stock queue (mosquitto: 1,000) never
 * overflows. It drops what is beyond.
 */
const BACKLOG = 300;
/** Why a job that had been done was done again. */
export const EXPLANATIONS = {
  behind: "done, and an earlier one was in its handler",
  unsent: "done, and its acknowledgement not sent",
  last: "done, and that was the last thing that its process did",
};
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** What a log of one life says: the order in which jobs were begun and done. */
const eventsOf = (file) =>
  readFileSync(file, "utf8")
    .split("\n")
    .filter(Boolean)
    .map((line) => {
      const [kind, topic, job] = line.split(" ");
      return { kind, topic, job };
    });

/** Starts a consumer. `life.log` is the file that it writes, `life.connection` the number of its first connection. */
function startConsumer(number, { credentials, subscriptions, folder, relay }) {
  const log = join(folder, `life-${number}`);
  writeFileSync(log, "");
  const task = { credentials: { ...credentials, mqttserver: relay.url }, subscriptions, log, folder };
  return { log, connection: relay.connections.length, child: launch(CONSUMER, [JSON.stringify(task)]) };
}

/** Publishes numbered jobs until `ended()`, to the topics in turn; no more than `BACKLOG` of them are open. */
async function publishJobs({ url, credentials, topics, qos, open, ended }) {
  const publisher = new MqttCustom({ credentials: { ...credentials, mqttserver: url } });
  await publisher.start();
  const accepted = [];
  let number = 0;
  while (!ended()) {
    const jobs = [];
    for (let room = Math.min(20, BACKLOG - open(number)); room > 0; room--) {
      number += 1;
      const job = String(number);
      const topic = topics[number % topics.length];
      jobs.push(publisher.publish(topic, job, { qos }).then(() => accepted.push(job)));
    }
    await Promise.all(jobs);
    await pause(5);
  }
  await publisher.stop();
  return accepted;
}

/** What had become of a job that was done in a life when that was killed. `retried` are the filters whose failures are tried again. */
function explain(job, { deliveries, events }, retried) {
  if (events.filter((event) => event.kind === "d" && event.job === job).length > 1)
    return "done twice in one life";
  const last = events.at(-1);
  if (last?.kind === "d" && last.job === job) return EXPLANATIONS.last;
  const place = deliveries.findLastIndex(({ text }) => text === job);
  if (place < 0) return "not delivered in that life";
  if (deliveries[place].completed) return "acknowledged";
  if (deliveries[place].acked) return "PUBREC sent";
  const isOver = (text) => {
    const latest = events.findLast((event) => event.job === text);
    return latest?.kind === "d" || (latest?.kind === "f" && !retried.includes(latest.topic));
  };
  const isBehind = deliveries.slice(0, place).some(({ text, acked }) => !acked && !isOver(text));
  return isBehind ? EXPLANATIONS.behind : EXPLANATIONS.unsent;
}

/**
 * Kills a consumer `kills` times with SIGKILL, each time `random()` of `life` milliseconds after it has begun to connect,
 * then lets another one do what is left. `broker` is one of tests/brokers.
 */
export async function killConsumers({
  broker,
  version,
  kills,
  random,
  life = 300,
  qos = 1,
  subscriptions,
  more = {},
  limit = 90_000,
}) {
  const folder = mkdtempSync(join(tmpdir(), "mqtt-lib-consumer-"));
  const running = await broker.start();
  const [node] = running.nodes;
  const url = node.urls[version].mqtt;
  const relay = await startAckRelay(Number(new URL(url).port), { version });
  const common = { mqttversion: version, ...running.credentials };
  const credentials = { ...common, mqttclientid: "killed", mqttcleansession: false, ...more };
  const task = { credentials, subscriptions, folder, relay };
  const lives = [];
  /** @type {Map<string, number[]>} the lives in which a job was done */
  const done = new Map();
  const problems = [];

  function take(consumer) {
    consumer.events = eventsOf(consumer.log);
    consumer.deliveries = relay.connections
      .slice(consumer.connection)
      .flatMap(({ deliveries }) => deliveries);
    lives.push(consumer);
    for (const { kind, job } of consumer.events) {
      if (kind === "d") done.set(job, [...(done.get(job) ?? []), lives.length - 1]);
    }
    const known = /^(started|ready)$|^$/;
    problems.push(...consumer.child.output.split("\n").filter((line) => !known.test(line)));
  }

  async function kill(number, wait) {
    const consumer = startConsumer(number, task);
    await consumer.child.prints(number === 0 ? "ready" : "started");
    await pause(wait);
    consumer.child.kill("SIGKILL");
    await consumer.child.ended;
    await pause(5);
    take(consumer);
  }

  try {
    await kill(0, 0); // the session is there, with its subscriptions
    let ended = false;
    const publishing = publishJobs({
      url,
      credentials: common,
      topics: subscriptions.map(({ filter }) => filter),
      qos,
      open: (number) => number - relay.completed.size,
      ended: () => ended,
    });
    for (let number = 1; number < kills; number++) await kill(number, random() * life);
    ended = true;
    const jobs = await publishing;
    const undone = () => jobs.filter((job) => !done.has(job));
    const calm = { ...task, subscriptions: subscriptions.map((one) => ({ ...one, failures: 0 })) };
    const last = startConsumer(kills, calm);
    const end = Date.now() + limit;
    const missing = new Set(undone());
    while (missing.size > 0 && Date.now() < end) {
      await pause(50);
      for (const { kind, job } of eventsOf(last.log)) if (kind === "d") missing.delete(job);
    }
    await pause(500); // for duplicates
    last.child.kill("SIGKILL");
    await last.child.ended;
    take(last);
    const retried = subscriptions
      .filter(({ options }) => options.onFailure === "retry")
      .map(({ filter }) => filter);
    const twice = {};
    for (const job of jobs) {
      for (const at of (done.get(job) ?? []).slice(0, -1)) {
        const why = explain(job, lives[at], retried);
        twice[why] = (twice[why] ?? 0) + 1;
      }
    }
    const cut = lives.map(({ events }) => inHandlers(events)).reduce((sum, count) => sum + count, 0);
    return { jobs: jobs.length, undone: undone(), twice, cut, problems };
  } finally {
    await relay.stop();
    await running.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** How many jobs were in a handler at the end of a life. */
function inHandlers(events) {
  const open = new Set();
  for (const { kind, job } of events) {
    if (kind === "b") open.add(job);
    else open.delete(job);
  }
  return open.size;
}
