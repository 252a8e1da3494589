// One seeded schedule of what a network does to a client: phases of loss, delay, reordering, duplicates, slowness, a black
// hole, a route or an address that goes, packets that are too large, and a process that sleeps. Messages go both ways
// meanwhile. Owns the law: afterwards nothing is lost and nothing hangs; what comes twice is counted.

import { fileURLToPath } from "node:url";
import { setTimeout as sleep } from "node:timers/promises";
import { MqttCustom } from "mqtt-lib";
import { randomOf } from "../../support/random.mjs";
import { end } from "./namespaces.mjs";

const CLIENT = fileURLToPath(new URL("client.mjs", import.meta.url));
const LIMIT_MS = 120_000;
/** Sessions that expire do so within this many seconds, and the process sleeps longer. */
const SHORT_EXPIRY_S = 1;
const SLEEP_MS = { short: 800, long: 4_500 };

/** What a phase does, and what undoes it. @type {Record<string, (network: any, random: any, child: any) => Promise<any>>} */
const PHASES = {
  loss: (network, random) => network.set({ loss: random.pick([0.02, 0.1, 0.3]), delay: 5 }),
  delay: (network, random) =>
    network.set({ delay: random.pick([20, 100, 300]), jitter: random.pick([0, 100]) }),
  reorder: (network, random) => network.set({ delay: 20, jitter: 10, reorder: random.pick([0.1, 0.5]) }),
  duplicate: (network, random) => network.set({ delay: 5, duplicate: random.pick([0.1, 0.5]) }),
  rate: (network, random) => network.set({ rate: random.pick([4_000, 30_000, 200_000]), delay: 10 }),
  everything: (network) => network.set({ loss: 0.05, delay: 40, jitter: 40, reorder: 0.2, duplicate: 0.1 }),
  large: (network, random) => network.set({ mtu: random.pick([120, 576, 1_000]) }),
  hole: (network) => network.set({ rate: 1 }),
  async route(network, random) {
    await network.route(true);
    await sleep(random.between(300, 2_500));
    await network.route(false);
  },
  address: (network) => network.changeAddress(),
  async asleep(_network, random, child) {
    child.kill("SIGSTOP");
    await sleep(random.between(200, SLEEP_MS.short));
    child.kill("SIGCONT");
  },
  async longAsleep(_network, _random, child) {
    child.kill("SIGSTOP");
    await sleep(SLEEP_MS.long);
    child.kill("SIGCONT");
  },
};

/** Missing numbers below `count`, and how many came more than once. */
function judge(count, numbers = []) {
  const seen = new Set(numbers);
  const lost = Array.from({ length: count }, (_, number) => number).filter((number) => !seen.has(number));
  return { lost, twice: numbers.length - seen.size };
}

/** Why a message of QoS 2 came twice: the broker had forgotten the session, or it sent a message again after its own PUBREL. */
const REASONS = { forgotten: "forgotten", pubrel: "pubrel", none: "none" };

/** Why messages of QoS 2 came twice, by reason: how many. What is in flight when the broker has forgotten the session is new to it. */
function reasonsOf(report, arrived) {
  const reasons = { [REASONS.forgotten]: 0, [REASONS.pubrel]: 0, [REASONS.none]: 0 };
  const count = (topic, numbers, reasonOf) => {
    const first = new Map();
    for (const [at, number] of numbers.entries()) {
      if (first.has(number)) reasons[reasonOf(`${topic} ${number}`, first.get(number), at)] += 1;
      first.set(number, at);
    }
  };
  const [anew, resent] = [new Set(report.anew), new Set(report.resent)];
  for (const [topic, numbers] of Object.entries(arrived))
    if (topic.endsWith("/two"))
      count(topic, numbers, (message) => (anew.has(message) ? REASONS.forgotten : REASONS.none));
  for (const [topic, numbers] of Object.entries(report.received))
    if (topic.endsWith("/two"))
      count(topic, numbers, (message, before, at) => {
        if (report.sessionOf[topic][before] !== report.sessionOf[topic][at]) return REASONS.forgotten;
        return resent.has(message) ? REASONS.pubrel : REASONS.none;
      });
  return reasons;
}

export async function runSchedule(network, seed) {
  const random = randomOf(seed, 0x4e7);
  const version = random.pick([4, 5]);
  // Every fourth has a session that the broker forgets while the process sleeps.
  const expires = version === 5 && random.next() < 0.5;
  const name = `net-${seed}`;
  const phases = Array.from({ length: random.between(3, 6) }, () =>
    random.pick(Object.keys(PHASES).filter((phase) => phase !== "longAsleep")),
  );
  if (expires || random.next() < 0.15) phases[random.between(0, phases.length - 1)] = "longAsleep";
  const story = `seed ${seed}: MQTT ${version}, ${phases.join(", ")}${expires ? ", the session expires" : ""}`;

  await network.set({});
  /** What arrived at this process, by topic. @type {Record<string, number[]>} */
  const arrived = {};
  const published = {};
  const peerErrors = [];
  const peer = new MqttCustom({
    credentials: { mqttserver: network.direct, mqttclientid: `${name}-peer`, mqttversion: version },
    on_error: (_client, _userdata, error) => peerErrors.push(error.message),
    on_message(_client, _userdata, message) {
      arrived[message.topic] ??= [];
      arrived[message.topic].push(Number.parseInt(message.text(), 10));
    },
  });
  const child = network.run(CLIENT);
  let waiting = () => {};
  let last;
  child.on("message", (given) => {
    last = given;
    waiting(given);
  });
  const asked = (message) =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`no answer of the client: ${story}`)), LIMIT_MS);
      waiting = (given) => {
        clearTimeout(timer);
        resolve(given);
      };
      if (message) child.send(message);
    });
  const back = (count) => {
    for (let i = 0; i < count; i++) {
      const [kind, qos] = random.pick([
        ["one", 1],
        ["two", 2],
      ]);
      const topic = `back/${name}/${kind}`;
      published[topic] ??= 0;
      peer.publish(topic, `${published[topic]} ${"y".repeat(random.pick([0, 50, 1_500]))}`, { qos });
      published[topic] += 1;
    }
  };
  try {
    await peer.subscribe(`out/${name}/#`, { qos: 2 });
    await asked({ url: network.url, name, seed, version, expiry: expires ? SHORT_EXPIRY_S : 3_600 });
    let sending = true;
    const sender = (async () => {
      while (sending) {
        back(random.scale(1, 6));
        await sleep(random.between(5, 80));
      }
    })();
    for (const phase of phases) {
      await PHASES[phase](network, random, child);
      await sleep(random.between(200, 1_400));
      if (random.next() < 0.5) await network.set({});
    }
    await network.set({});
    sending = false;
    await sender;
    child.send({ what: "end" });
    // What the broker sent to a session that it has forgotten is lost by its rules; what comes now must arrive.
    const before = expires ? { ...published } : {};
    const begin = Date.now();
    if (expires) await settled(asked, (report) => report.left === 0, begin, story);
    back(30);
    child.send({ what: "last" });
    const isComplete = (report) => {
      const out = Object.entries(report.sent).every(
        ([topic, count]) => judge(count, arrived[topic]).lost.length === 0,
      );
      const into = Object.entries(published).every(([topic, count]) => {
        const { lost } = judge(count, report.received[topic]);
        return lost.every((number) => number < (before[topic] ?? 0));
      });
      return out && into && report.left === 0;
    };
    const report = await settled(asked, isComplete, begin, story);
    if (report.rejected.length > 0) throw new Error(`rejected ${report.rejected[0]}: ${story}`);
    const twice = { 1: 0, 2: 0 };
    for (const [counts, numbers] of [
      [report.sent, arrived],
      [published, report.received],
    ])
      for (const [topic, count] of Object.entries(counts))
        twice[topic.endsWith("/two") ? 2 : 1] += judge(count, numbers[topic]).twice;
    const reasons = reasonsOf(report, arrived);
    if (reasons.none > 0) throw new Error(`QoS 2 twice for no reason, ${reasons.none}: ${story}`);
    const sum = (counts) => Object.values(counts).reduce((all, count) => all + count, 0);
    return {
      out: sum(report.sent),
      back: sum(published),
      twice,
      reasons,
      forgottenSessions: report.sessions - 1,
      reconnects: report.stats.reconnects,
      forgotten: Object.entries(before).reduce(
        (all, [topic, count]) => all + judge(count, report.received[topic]).lost.length,
        0,
      ),
      seconds: (Date.now() - begin) / 1000,
      phases,
      expires,
    };
  } catch (error) {
    const shown = last && { ...last, received: undefined, sessionOf: undefined };
    error.message += `\n  ${story}\n  ${JSON.stringify(shown)}\n  ${peerErrors.join("; ")}`;
    throw error;
  } finally {
    await end(child);
    await peer.stop();
  }
}

/** Asks the client until the condition holds. */
async function settled(asked, condition, begin, story) {
  for (;;) {
    const report = await asked({ what: "report" });
    if (condition(report)) return report;
    if (Date.now() - begin > LIMIT_MS) throw new Error(`still not complete after ${LIMIT_MS} ms: ${story}`);
    await sleep(100);
  }
}
