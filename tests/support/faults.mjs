// One seeded schedule of faults, from its first byte to the count at its end: a client behind the proxy
// publishes and receives, a peer with a connection of its own that nobody breaks counts and publishes.
// Owns what "nothing lost, nothing twice, in order, every promise settled" means.

import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import mqtt from "mqtt";
import { MqttCustom } from "mqtt-lib";
import { seeded, startProxy } from "./proxy.mjs";
import { randomOf } from "./random.mjs";
import { AfterRelease, fromBroker } from "./wire.mjs";

/** Long enough for a machine that is busy with other things. */
const PATIENCE = 90_000;

async function until(condition, what) {
  const end = performance.now() + PATIENCE;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`waited ${PATIENCE} ms in vain for: ${what()}`);
    await sleep(5);
  }
}

/** Numbered messages on topics, and what came of them at the other end. */
class Ledger {
  /** By topic: QoS, how many were sent, the numbers that came. @type {Map<string, { qos: number, sent: number, came: number[] }>} */
  topics = new Map();
  wrong = [];
  /** By topic and payload, how often the broker has sent a QoS 2 message that it must not send. */
  excused = new Map();

  add(topic, qos) {
    this.topics.set(topic, { qos, sent: 0, came: [] });
  }

  /** The next message for a topic: its number, and a filling that follows from it. */
  next(topic, size) {
    const number = this.topics.get(topic).sent++;
    return `${number} ${String(number % 10).repeat(size)}`;
  }

  came(topic, text) {
    const [number, filling] = text.split(" ");
    if (filling !== String(number % 10).repeat(filling?.length ?? 0)) this.wrong.push(`${topic}: ${text}`);
    this.topics.get(topic)?.came.push(Number(number));
  }

  /** What came of a topic, without the repeats that are the broker's. */
  #judged(topic, came) {
    const left = new Map();
    for (const [message, times] of this.excused) {
      if (message.startsWith(`${topic} `)) left.set(Number(message.split(" ")[1]), times);
    }
    const seen = new Set();
    return came.filter((number) => {
      const again = seen.has(number) && left.get(number) > 0;
      if (again) left.set(number, left.get(number) - 1);
      seen.add(number);
      return !again;
    });
  }

  /** Whether of each topic as many different messages came as were sent. */
  complete() {
    return [...this.topics.values()].every(({ sent, came }) => new Set(came).size >= sent);
  }

  /** Throws if a promise of MQTT was broken; returns figures. */
  check() {
    const figures = { 1: 0, 2: 0, twice: 0, excused: 0 };
    assert.deepEqual(this.wrong, [], "payloads arrive as they were sent");
    for (const [topic, { qos, sent, came }] of this.topics) {
      const first = [...new Set(came)];
      const all = Array.from({ length: sent }, (_, i) => i);
      assert.deepEqual(
        all.filter((number) => !first.includes(number)),
        [],
        `lost on ${topic} (QoS ${qos}, ${sent} sent)`,
      );
      assert.deepEqual(first, all, `order of the first deliveries on ${topic}`);
      figures[qos] += sent;
      if (qos === 1) {
        figures.twice += came.length - first.length;
        continue;
      }
      const judged = this.#judged(topic, came);
      assert.deepEqual(judged, all, `QoS 2 on ${topic}: each once`);
      figures.excused += came.length - judged.length;
    }
    return figures;
  }

  toString() {
    return [...this.topics]
      .map(([topic, { sent, came }]) => `${topic}: ${sent} sent, ${new Set(came).size} came`)
      .join("; ");
  }
}

/** The other side: MQTT.js, over TCP and straight to the broker. */
async function startPeer(broker, name, ledger) {
  const peer = await mqtt.connectAsync(broker.url, {
    clientId: `${name}-peer`,
    reconnectPeriod: 0,
    keepalive: 0,
  });
  const lost = [];
  peer.on("close", () => lost.push("the peer lost its connection, which no test breaks"));
  peer.on("message", (topic, payload) => ledger.came(topic, payload.toString()));
  await peer.subscribeAsync(`out/${name}/#`, { qos: 2 });
  return {
    publish: (topic, text, qos) => peer.publishAsync(topic, text, { qos }),
    check: () => assert.deepEqual(lost, []),
    stop: () => {
      peer.removeAllListeners("close");
      return peer.endAsync(true);
    },
  };
}

let runs = 0;

/**
 * Publishes both ways for `ms` while connections break as the seed says, then lets everything heal.
 * Returns figures; a failure says its seed.
 */
export async function runSchedule(broker, seed, { ms = 6000, again = "" } = {}) {
  const random = randomOf(seed, 0x5eed);
  const ws = random.next() < 0.4;
  const name = `faults-${process.pid}-${seed}-${++runs}`;
  const wire = new AfterRelease();
  const proxy = await startProxy({
    port: ws ? broker.wsPort : broker.port,
    plan: seeded(seed),
    tap: fromBroker(ws, (packet) => wire.see(packet)),
  });
  const [out, back] = [new Ledger(), new Ledger()];
  back.excused = wire.again;
  const settings = {
    maxinflight: random.pick([1, 7, 1000]),
    queuesize: random.pick([1, 4]),
    size: random.pick([0, 30, 300]),
  };
  const errors = [];
  const client = new MqttCustom({
    credentials: {
      mqttserver: ws ? proxy.wsUrl : proxy.url,
      mqttclientid: name,
      mqttcleansession: false,
      mqttkeepalive: 1,
      maxmqttreconnectdelay: 0.3,
      connecttimeout: 3,
      acktimeout: 8,
      publishinterval: 0.2,
      maxinflight: settings.maxinflight,
      queuesize: settings.queuesize,
    },
    on_error: (_client, _userdata, error) => errors.push(`${error.code} ${error.message}`),
    on_message: (_client, _userdata, message) => back.came(message.topic, message.text()),
  });
  let peer;
  try {
    peer = await startPeer(broker, name, out);
    const promises = await exchange({ client, peer, random, name, out, back, ms, size: settings.size });
    proxy.heal();
    return {
      ...(await settle({ client, peer, proxy, name, out, back, promises })),
      ws,
      faults: proxy.faults,
    };
  } catch (error) {
    const story = [
      `seed ${seed} fails (${again || "the seed alone:"} MQTT_SEED=${seed} runs it again)`,
      `transport ${ws ? "ws" : "mqtt"}, ${JSON.stringify(settings)}, ${JSON.stringify(client.stats())}, ${client.state}`,
      ...proxy.log,
      ...errors.slice(-5),
    ].join("\n  ");
    console.error(story);
    error.message = `${error.message}\n  ${story}`;
    throw error;
  } finally {
    await Promise.all([client.stop(), peer?.stop()]);
    await proxy.stop();
  }
}

const TOPICS = [
  ["one", 1],
  ["two", 2],
  ["both", 1],
];

/** Traffic both ways until time is up; the promises of everything that was published. */
async function exchange({ client, peer, random, name, out, back, ms, size }) {
  const promises = [];
  const end = performance.now() + ms;
  const outgoing = (async () => {
    for (const [topic, qos] of [...TOPICS, ["queued", 2]]) out.add(`out/${name}/${topic}`, qos);
    while (performance.now() < end) {
      for (let left = random.scale(1, 20); left > 0; left--) {
        const [kind, qos] = random.pick([...TOPICS, ["queued", 2]]);
        const topic = `out/${name}/${kind}`;
        const text = out.next(topic, size);
        promises.push(client[kind === "queued" ? "qpublish" : "publish"](topic, text, { qos }));
      }
      await sleep(random.between(0, 60));
    }
  })();
  const incoming = (async () => {
    await subscribed(client, `back/${name}/#`);
    for (const [topic, qos] of TOPICS) back.add(`back/${name}/${topic}`, qos);
    const enough = Math.max(end, performance.now() + ms / 2);
    while (performance.now() < enough) {
      for (let left = random.scale(1, 10); left > 0; left--) {
        const [kind, qos] = random.pick(TOPICS);
        const topic = `back/${name}/${kind}`;
        promises.push(peer.publish(topic, back.next(topic, size), qos));
      }
      await sleep(random.between(0, 60));
    }
  })();
  await Promise.all([outgoing, incoming]);
  return promises;
}

/** A SUBACK may be late on a bad line; the user asks again. */
async function subscribed(client, filter) {
  for (let left = 5; ; left--) {
    try {
      return await client.subscribe(filter, { qos: 2 });
    } catch (error) {
      if (left === 0) throw error;
    }
  }
}

/** Everything comes to its end on a line that is whole again. */
async function settle({ client, peer, proxy, name, out, back, promises }) {
  let left = promises.length;
  const rejected = [];
  for (const promise of promises) {
    promise.catch((error) => rejected.push(String(error))).finally(() => left--);
  }
  await until(
    () => left === 0,
    () => `${left} of ${promises.length} promises to settle`,
  );
  assert.deepEqual(rejected, [], "no publish is given up");
  await until(
    () => out.complete() && back.complete(),
    () => `the messages: ${out}; ${back}`,
  );
  // What either side still holds half acknowledged would come again on a new connection, before these.
  proxy.cutAll(true);
  out.add(`out/${name}/end`, 2);
  back.add(`back/${name}/end`, 2);
  await client.publish(`out/${name}/end`, out.next(`out/${name}/end`, 1), { qos: 2 });
  await peer.publish(`back/${name}/end`, back.next(`back/${name}/end`, 1), 2);
  await until(
    () => out.complete() && back.complete(),
    () => `the last messages: ${out}; ${back}`,
  );
  const { inFlight, queued, dropped } = client.stats();
  assert.deepEqual({ inFlight, queued, dropped }, { inFlight: 0, queued: 0, dropped: 0 });
  peer.check();
  const [published, received] = [out.check(), back.check()];
  return { published, received, promises: promises.length + 2, connections: proxy.arrivals.length };
}

/** Sums the figures of several runs. */
export function total(results) {
  const sum = (of) => results.reduce((all, result) => all + of(result), 0);
  const faults = {};
  for (const result of results) {
    for (const [kind, times] of Object.entries(result.faults)) faults[kind] = (faults[kind] ?? 0) + times;
  }
  return {
    schedules: results.length,
    "of these over WebSocket": sum(({ ws }) => Number(ws)),
    connections: sum(({ connections }) => connections),
    faults: Object.entries(faults)
      .map(([kind, times]) => `${times} ${kind}`)
      .join(", "),
    "published at QoS 1": sum(({ published }) => published[1]),
    "published at QoS 2": sum(({ published }) => published[2]),
    "received at QoS 1": sum(({ received }) => received[1]),
    "received at QoS 2": sum(({ received }) => received[2]),
    "promises settled": sum(({ promises }) => promises),
    "QoS 1 delivered again": sum(({ published, received }) => published.twice + received.twice),
    "QoS 2 sent again by mosquitto after its PUBREL": sum(({ received }) => received.excused),
    "QoS 1 lost": 0,
    "QoS 2 lost, or twice for another reason": 0,
  };
}
