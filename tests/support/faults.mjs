// Runs one seeded schedule of faults: a client behind the proxy publishes and receives; a peer with a direct connection to
// the broker counts and publishes. Owns the meaning of "nothing lost, nothing twice, in order, every promise settled".

import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import mqtt from "mqtt";
import { MqttCustom } from "mqtt-lib";
import { seeded, startProxy } from "./proxy.mjs";
import { randomOf } from "./random.mjs";
import { OrderOfTheBroker, ResentAfterPubrel, fromBroker } from "./broker-packets.mjs";

/** Long enough for a machine that is busy with other things. */
const TIMEOUT_MS = 90_000;

async function until(condition, what) {
  const end = performance.now() + TIMEOUT_MS;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`timed out after ${TIMEOUT_MS} ms waiting for: ${what()}`);
    await sleep(5);
  }
}

/** Records the numbered messages that were sent on each topic, and those that were received. */
class Ledger {
  /** By topic: QoS, how many were sent, the numbers that were received. @type {Map<string, { qos: number, sent: number, received: number[] }>} */
  topics = new Map();
  wrong = [];
  /** By topic and payload, how often the broker has wrongly resent a QoS 2 message. */
  excused = new Map();
  /** In which order the broker has sent them, where that is known. @type {OrderOfTheBroker | undefined} */
  order;

  add(topic, qos) {
    this.topics.set(topic, { qos, sent: 0, received: [] });
  }

  /** The next message for a topic: its number, and padding that depends on the number. */
  next(topic, size) {
    const number = this.topics.get(topic).sent++;
    return `${number} ${String(number % 10).repeat(size)}`;
  }

  receive(topic, text) {
    const [number, filling] = text.split(" ");
    if (filling !== String(number % 10).repeat(filling?.length ?? 0)) this.wrong.push(`${topic}: ${text}`);
    this.topics.get(topic)?.received.push(Number(number));
  }

  /** The received numbers of a topic, without duplicates that the broker is responsible for. */
  #judged(topic, received) {
    const left = new Map();
    for (const [message, times] of this.excused) {
      if (message.startsWith(`${topic} `)) left.set(Number(message.split(" ")[1]), times);
    }
    const seen = new Set();
    return received.filter((number) => {
      const again = seen.has(number) && left.get(number) > 0;
      if (again) left.set(number, left.get(number) - 1);
      seen.add(number);
      return !again;
    });
  }

  /** Whether all messages that were sent on any topic were received. */
  complete() {
    return [...this.topics.values()].every(({ sent, received }) => new Set(received).size >= sent);
  }

  /** Throws if a guarantee of MQTT was violated; returns figures. */
  check() {
    const figures = { 1: 0, 2: 0, twice: 0, excused: 0, early: 0 };
    assert.deepEqual(this.wrong, [], "payloads arrive as they were sent");
    for (const [topic, { qos, sent, received }] of this.topics) {
      const first = [...new Set(received)];
      const all = Array.from({ length: sent }, (_, i) => i);
      assert.deepEqual(
        all.filter((number) => !first.includes(number)),
        [],
        `lost on ${topic} (QoS ${qos}, ${sent} sent)`,
      );
      if (this.order) figures.early += this.order.judge(topic, first);
      else assert.deepEqual(first, all, `order of the first deliveries on ${topic}`);
      figures[qos] += sent;
      if (qos === 1) {
        figures.twice += received.length - first.length;
        continue;
      }
      const judged = this.#judged(topic, received);
      judged.sort((a, b) => a - b);
      assert.deepEqual(judged, all, `QoS 2 on ${topic}: each once`);
      figures.excused += received.length - judged.length;
    }
    return figures;
  }

  toString() {
    return [...this.topics]
      .map(([topic, { sent, received }]) => `${topic}: ${sent} sent, ${new Set(received).size} received`)
      .join("; ");
  }
}

/** The peer: MQTT.js, over TCP, connected directly to the broker. */
async function startPeer(broker, name, ledger) {
  /** One after the other: a stock mosquitto loses QoS 2 beyond 20 in flight, of MQTT.js too. */
  let last = Promise.resolve();
  const peer = await mqtt.connectAsync(broker.url, {
    clientId: `${name}-peer`,
    reconnectPeriod: 0,
    keepalive: 0,
  });
  const lost = [];
  peer.on("close", () => lost.push("the peer lost its connection, which has no faults"));
  peer.on("message", (topic, payload) => ledger.receive(topic, payload.toString()));
  await peer.subscribeAsync(`out/${name}/#`, { qos: 2 });
  return {
    publish: (topic, text, qos) => {
      last = last.then(() => peer.publishAsync(topic, text, { qos }));
      return last;
    },
    check: () => assert.deepEqual(lost, []),
    stop: () => {
      peer.removeAllListeners("close");
      return peer.endAsync(true);
    },
  };
}

let runs = 0;

/**
 * Publishes in both directions for `ms` while connections fail as the seed decides, then stops the faults and waits until
 * everything has arrived. Returns figures; a failure names its seed. `make` makes the client.
 */
export async function runSchedule(
  broker,
  seed,
  { ms = 6000, again = "", mqttversion = 4, make = (options) => new MqttCustom(options) } = {},
) {
  const random = randomOf(seed, 0x5eed);
  const ws = random.next() < 0.4;
  const name = `faults-${process.pid}-${seed}-${++runs}`;
  const wire = new ResentAfterPubrel();
  const order = new OrderOfTheBroker();
  const proxy = await startProxy({
    port: ws ? broker.wsPort : broker.port,
    plan: seeded(seed),
    tap: fromBroker(
      ws,
      (packet, index) => {
        wire.see(packet);
        order.see(packet, index);
      },
      mqttversion,
    ),
  });
  const [out, back] = [new Ledger(), new Ledger()];
  back.excused = wire.again;
  back.order = order;
  const settings = {
    maxinflight: random.pick([1, 7, 1000]),
    queuesize: random.pick([1, 4]),
    size: random.pick([0, 30, 300]),
  };
  const errors = [];
  const client = make({
    credentials: {
      mqttserver: ws ? proxy.wsUrl : proxy.url,
      mqttclientid: name,
      mqttversion,
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
    on_message: (_client, _userdata, message) => back.receive(message.topic, message.text()),
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
      stories: order.stories.map((story) => `seed ${seed}, ${ws ? "ws" : "mqtt"}, ${story}`),
    };
  } catch (error) {
    const story = [
      `seed ${seed} fails (${again || "for this seed only:"} MQTT_SEED=${seed} runs it again)`,
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

/** Publishes in both directions until time is up; returns the promises of all publishes. */
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

/** A SUBACK may be too late while connections fail; then the user subscribes again. */
async function subscribed(client, filter) {
  for (let left = 5; ; left--) {
    try {
      return await client.subscribe(filter, { qos: 2 });
    } catch (error) {
      if (left === 0) throw error;
    }
  }
}

/** Waits until everything has settled and arrived over connections without faults. */
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
  // Messages that are not completely acknowledged would be resent on a new connection, before these.
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
    "sent by mosquitto before an earlier one of the same topic": sum(({ received }) => received.early),
    "QoS 1 lost": 0,
    "QoS 2 lost, or twice for another reason": 0,
  };
}
