// The broker is killed while QoS 1 messages are published, and started again; or, in a cluster, the node in use is. Every
// publish settles as acknowledged, and what was not acknowledged before the kill arrives. What a broker had acknowledged
// and then lost with its process is counted, and is not the client's to keep; a cluster must not lose it.

import { numbered, some } from "../support/numbers.mjs";
import { brief, Failed, holds, NotDone, pause, settled } from "../support/outcome.mjs";
import { connectSecond, uncounted, within } from "../support/second.mjs";
import { startWire } from "../support/wire.mjs";

/** How long the publishes may take after the kill, and the rest of the messages to arrive after the last publish. */
const SECONDS = 90;
const ARRIVE_SECONDS = 30;
/** After that the broker may still bring what has not arrived: that is late, and not lost. */
const LATE_SECONDS = 120;
const EVERY = 0.005;
/** The package's default: a cluster that elects a leader may answer late. */
const ACK = { acktimeout: 30 };

/**
 * Publishes `messages` messages in portions, and calls `kill` before number `killAt`. Resolves with the numbers that were
 * acknowledged and did not arrive, before and after the kill, how many arrived twice, and the seconds from the kill to
 * the first acknowledgement of a message that was published after it.
 */
async function publishAcross({ client, topic, numbers, messages, killAt, portion = 1, kill }) {
  const results = [];
  const before = new Set();
  let killing;
  let killedAt;
  let back;
  const publish = (i) => {
    const promise = client.publish(topic, numbers.payload(i), { qos: 1 });
    results.push(promise);
    promise.then(
      () => {
        if (killedAt === undefined) before.add(i);
        else if (i >= killAt + 2 * portion) back ??= (performance.now() - killedAt) / 1000;
      },
      () => {},
    );
  };
  for (let i = 0; i < messages; i++) {
    if (i === killAt) {
      killing = kill(() => {
        killedAt = performance.now();
      });
    }
    publish(i);
    if (i % portion === 0) await pause(EVERY);
  }
  await killing;
  const all = await Promise.all(results.map((promise) => settled(promise, SECONDS)));
  const hung = [...all.keys()].filter((i) => !all[i]);
  if (hung.length) {
    const text = `${hung.length} of ${messages} publishes have not settled ${SECONDS} s after the kill`;
    throw Object.assign(new Failed(text), { hung, killedAt });
  }
  const rejected = all.filter((result) => result.error);
  if (rejected.length) {
    throw new Failed(
      `${rejected.length} of ${messages} publishes were rejected: ${brief(rejected[0].error)}`,
    );
  }
  await holds(() => numbers.arrived() >= messages, ARRIVE_SECONDS);
  const missing = numbers.missing(results.map((_, i) => i));
  return {
    lostBefore: missing.filter((i) => before.has(i)),
    lostAfter: missing.filter((i) => !before.has(i)),
    twice: numbers.twice(),
    back,
  };
}

const describe = ({ lostBefore, lostAfter, twice, back }) =>
  `lost ${lostAfter.length}, lost by the broker after its acknowledgement ${lostBefore.length}, twice ${twice}, ` +
  `back after ${back?.toFixed(1)} s`;

async function restart(cell) {
  const numbers = numbered("restart");
  const topic = cell.topic("restart");
  // One client for both directions: its subscription is there again before its messages are.
  const clientId = cell.name("restart");
  const client = await cell.connected({ mqttclientid: clientId, mqttcleansession: false, ...ACK });
  const take = (_client, _userdata, message) => numbers.take(message.text());
  await cell.succeeds(client.subscribe(topic, { qos: 1 }, take), "subscribe");
  const kill = async (killed) => {
    await cell.kill();
    killed();
    await cell.start();
  };
  const figures = await publishAcross({ client, topic, numbers, messages: 1000, killAt: 300, kill });
  cell.notes.push(describe(figures));
  const lost =
    figures.lostAfter.length > 0
      ? await lostForGood({ cell, client, clientId, topic, numbers, figures })
      : [];
  if (lost.length) {
    throw new NotDone(`${lost.length} acknowledged after the kill did not arrive: ${some(lost)}`);
  }
}

/**
 * What was acknowledged after the kill and has not come `LATE_SECONDS` later either. Says what was late, and whether the
 * subscription lives and what MQTT.js gets when it takes the session over: what that brings our client did not take.
 */
async function lostForGood({ cell, client, clientId, topic, numbers, figures }) {
  const left = () => figures.lostAfter.filter((i) => !numbers.has(i));
  const { connected } = client;
  const { reconnects, received } = client.stats();
  await holds(() => left().length === 0, LATE_SECONDS);
  const late = figures.lostAfter.length - left().length;
  cell.notes.push(
    `${late} came later, in ${LATE_SECONDS} s; the client was ${connected ? "" : "not "}connected, ${reconnects} reconnects, ${received} received`,
  );
  if (left().length === 0) return [];
  await settled(client.publish(topic, numbers.payload(5000), { qos: 1 }), 10);
  const lives = await holds(() => numbers.has(5000), 10);
  await client.stop();
  const second = await cell.second({ clientId, clean: false });
  const has = await holds(() => second.texts.length > 0, 10);
  cell.notes.push(
    `a further message ${lives ? "arrives" : "does not arrive"}; MQTT.js, in the same session, gets ${has ? second.texts.length : 0} messages` +
      `, session present: ${second.connack.sessionPresent}`,
  );
  second.end(true);
  return left();
}

/** MQTT.js with a kept session of its own, at a node that lives: what it does not get the broker has lost. */
async function another(cell, topic, url) {
  const clientId = cell.name("beside");
  const second = await connectSecond(url, {
    version: cell.version,
    credentials: cell.credentials,
    clientId,
    clean: false,
  });
  await within(second, 30, (done) => second.subscribe(topic, { qos: 1 }, done));
  return second;
}

/** What passed on the wire of publishes that have not settled. */
function whoIsSilent({ hung, killedAt }, client, wire) {
  const { published, acknowledged, most, since } = wire.about(hung);
  const [connect, connack] = wire.handshakesAfter(killedAt);
  const { reconnects } = client.stats();
  return (
    `on the wire, of ${hung.length} that have not settled (${some(hung)}): published ${published.length}, at most ${most} times each, ` +
    `PUBACK for ${acknowledged.length}; the last PUBLISH was ${since[0].toFixed(1)} s ago, the last PUBACK ` +
    `${since[1].toFixed(1)} s; the client is ${client.connected ? "" : "not "}connected, ${reconnects} reconnects; ` +
    `${((performance.now() - killedAt) / 1000).toFixed(1)} s after the kill, since when ${connect} CONNECT and ${connack} CONNACK passed`
  );
}

/**
 * `round` says which node is the one in use. The subscriber has a kept session; in even rounds it is connected to another
 * node, in odd ones to the same.
 */
async function nodeKilled(cell, { messages, killAt, portion, round = 0 }) {
  const numbers = numbered("node");
  const topic = cell.topic("node");
  const direct = cell.nodes.map((node) => node.urls[cell.version].mqtt);
  const wire = await uncounted(() => startWire(direct));
  const { urls } = wire;
  const used = round % urls.length;
  const from = (i) => [...urls.slice(i % urls.length), ...urls.slice(0, i % urls.length)];
  const subscriber = await cell.connected({
    mqttserver: from(round % 2 ? used : used + 1),
    mqttclientid: cell.name("subscriber"),
    mqttcleansession: false,
    ...ACK,
  });
  const take = (_client, _userdata, message) => numbers.take(message.text());
  await cell.succeeds(subscriber.subscribe(topic, { qos: 1 }, take), "subscribe");
  const client = await cell.connected({ mqttserver: from(used), ...ACK });
  // Not by the proxies: what it gets is not what ours was sent.
  const beside = await another(cell, topic, direct[(used + 2) % direct.length]);
  const kill = async (killed) => {
    const dying = cell.kill(used);
    killed();
    await dying;
  };
  const figures = await publishAcross({ client, topic, numbers, messages, killAt, portion, kill }).catch(
    (error) => {
      if (error.hung) cell.notes.push("", whoIsSilent(error, client, wire));
      throw error;
    },
  );
  await cell.start(used);
  cell.notes.push(describe(figures));
  if (figures.lostBefore.length + figures.lostAfter.length > 0) {
    const arrived = numbers.arrived();
    await holds(() => numbers.arrived() >= messages, LATE_SECONDS);
    const { connected } = subscriber;
    const { reconnects } = subscriber.stats();
    cell.notes.push(
      `${numbers.arrived() - arrived} more came in ${LATE_SECONDS} s; the subscriber is ${connected ? "" : "not "}connected, ` +
        `${reconnects} reconnects; MQTT.js, at a node that was not killed, has ${beside.about(topic).length} of ${messages}`,
    );
    const missing = [...figures.lostBefore, ...figures.lostAfter].filter((i) => !numbers.has(i));
    const { acknowledged, sent } = wire.about(missing);
    cell.notes.push(
      `on the wire, of ${missing.length} missing: PUBACK for ${acknowledged.length}, sent to the subscriber ${sent.length}`,
    );
  }
  beside.end(true);
  cell.figures = {
    lost: figures.lostBefore.length + figures.lostAfter.length,
    twice: figures.twice,
    back: figures.back,
  };
  const lost = [...figures.lostBefore, ...figures.lostAfter];
  if (lost.length)
    throw new NotDone(`${lost.length} of ${messages} were acknowledged and lost: ${some(lost)}`);
}

export default [
  {
    name: "restart",
    title: "broker killed and started again",
    innocent: false,
    for: (nodes) => nodes === 1,
    extraConnections: 12,
    run: restart,
  },
  {
    name: "node-killed",
    title: "node in use killed",
    innocent: false,
    for: (nodes) => nodes > 1,
    extraConnections: 12,
    run: (cell) => nodeKilled(cell, { messages: 1000, killAt: 300 }),
  },
];

/** Not part of the matrix: what `--cluster` runs again and again (cluster-proof.mjs). */
export const PROOF = {
  name: "cluster-proof",
  title: "node in use killed, 5,000 messages",
  innocent: false,
  extraConnections: 12,
  run: (cell, _client, { round }) => nodeKilled(cell, { messages: 5000, killAt: 1500, portion: 10, round }),
};
