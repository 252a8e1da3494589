// `mqtt-lib bench`: measures with pairs of connections to one broker how many messages a second are transferred, and how long
// a round trip takes. Prints what it has measured, without comparison.

import { seconds, whole } from "./arguments.mjs";
import { Failure, UsageError } from "./failure.mjs";
import { grouped, plural, showProgress } from "./progress.mjs";
import { loadPackage, unlessEnded, wireToErrors, withClient } from "./session.mjs";

/** The most messages on their way at a time: few enough for the queues of a broker with default settings. */
const WINDOW = 500;
const ROUND_TRIPS = 1000;
/** A message that has not arrived for so long counts as lost. */
const LOST_MS = 3000;

/** @param {import("./session.mjs").Context} context */
export async function bench(context) {
  const { values, end, topics, words } = context;
  const { signal } = end;
  const given = [values.topic, ...topics, ...words].filter((one) => one !== undefined);
  if (given.length > 1) throw new UsageError(`bench takes one topic; ${given.length} were given`);
  const plan = {
    topic: given[0] ?? `mqtt-lib/bench/${Math.random().toString(36).slice(2)}`,
    qos: /** @type {0 | 1 | 2} */ (whole(values, "qos", 0, 2) ?? 0),
    count: whole(values, "count", 1) ?? 10_000,
    size: whole(values, "size", 0, 268_000_000) ?? 100,
  };
  const connections = whole(values, "connections", 1, 50_000) ?? 1;
  const pairs = share(plan, connections).map((one) => ({ plan: one, arrivals: new Arrivals() }));
  const arrived = () => pairs.reduce((sum, { arrivals }) => sum + arrivals.count, 0);
  const limit = {
    seconds: seconds(values, "timeout"),
    late: (/** @type {number} */ s) =>
      `the time limit of ${s} s was reached; ${plural(arrived())} had arrived`,
  };
  const progress = showProgress(values.quiet, (s) => `${plural(arrived())}, ${grouped(arrived() / s)}/s`);
  const make = maker(context);
  const publishers = pairs.map((_, i) => make(`pub${i === 0 ? "" : i + 1}`));
  // The first one tells what happens to the connection; the others lose the broker at the same time.
  const receivers = pairs.slice(1).map(({ arrivals }, i) => make(`sub${i + 2}`, () => arrivals.add()));
  try {
    const result = await withClient(
      context,
      { on_message: () => pairs[0].arrivals.add() },
      async (first) => {
        const subscribed = [first, ...receivers].map(async (client, i) => {
          if (i > 0) await client.start();
          await client.subscribe(pairs[i].plan.topic, { qos: plan.qos });
        });
        await unlessEnded(Promise.all([...publishers.map((one) => one.start()), ...subscribed]), signal);
        const begin = performance.now();
        const all = pairs.map((pair, i) => throughput(publishers[i], pair.arrivals, pair.plan, begin));
        const through = together(await unlessEnded(Promise.all(all), signal));
        const trips = pairs.map((pair, i) =>
          roundTrips(publishers[i], pair.arrivals, pair.plan, connections),
        );
        const roundTrip = percentiles((await unlessEnded(Promise.all(trips), signal)).flat());
        return { ...plan, connections: 2 * connections, ...through, roundTrip };
      },
      limit,
    );
    process.stdout.write(values.json ? `${JSON.stringify(result)}\n` : table(result));
    if (result.lost > 0 && plan.qos > 0) {
      throw new Failure(`the broker did not deliver ${grouped(result.lost)} of ${plural(plan.count)}`);
    }
  } finally {
    progress();
    await Promise.all([...publishers, ...receivers].map((one) => one.stop()));
  }
}

/** Makes clients whose errors the first receiver reports. @param {import("./session.mjs").Context} context */
function maker({ credentials, values }) {
  const { MqttCustom } = loadPackage();
  const id = credentials.mqttclientid;
  return (/** @type {string} */ name, /** @type {() => void} */ on_message = () => {}) =>
    new MqttCustom({
      credentials: { ...credentials, mqttclientid: id === undefined ? undefined : `${id}-${name}` },
      autostart: false,
      ...(values.wire && { wire: wireToErrors() }),
      on_message,
      on_error() {},
      on_disconnect() {},
    });
}

/** The part of each pair of connections. @param {Plan} plan @param {number} pairs @returns {Plan[]} */
function share({ topic, count, ...plan }, pairs) {
  if (pairs > count)
    throw new UsageError(`--connections ${pairs} needs at least as many messages; --count is ${count}`);
  return Array.from({ length: pairs }, (_, i) => ({
    ...plan,
    topic: pairs === 1 ? topic : `${topic}/${i + 1}`,
    count: Math.floor(count / pairs) + (i < count % pairs ? 1 : 0),
  }));
}

/** Counts received messages, and waits for the next one. */
class Arrivals {
  count = 0;
  last = 0;
  #next = () => {};

  add() {
    this.count += 1;
    this.last = performance.now();
    this.#next();
  }

  /** Resolves with true at the next message, with false if none arrives for too long. @returns {Promise<boolean>} */
  next() {
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), LOST_MS);
      this.#next = () => {
        clearTimeout(timer);
        this.#next = () => {};
        resolve(true);
      };
    });
  }
}

/** @typedef {import("mqtt-lib").MqttCustom} MqttCustom */
/** @typedef {{ topic: string, qos: 0 | 1 | 2, count: number, size: number }} Plan */

/** @param {MqttCustom} publisher @param {Arrivals} arrivals @param {Plan} plan @param {number} begin */
async function throughput(publisher, arrivals, { topic, qos, count, size }, begin) {
  const payload = new Uint8Array(size);
  let lost = 0;
  /** @type {Promise<unknown>[]} */
  let pending = [];
  for (let i = 0; i < count; i++) {
    pending.push(publisher.publish(topic, payload, { qos }));
    if (pending.length === WINDOW) {
      await Promise.all(pending);
      pending = [];
    }
    while (i + 1 - lost - arrivals.count >= WINDOW) {
      if (!(await arrivals.next())) lost = i + 1 - arrivals.count;
    }
  }
  await Promise.all(pending);
  const published = performance.now() - begin;
  while (arrivals.count < count - lost) if (!(await arrivals.next())) break;
  return { count, published, received: arrivals.count, last: arrivals.last - begin };
}

/** The sums, by the time that the slowest pair needed. @param {{ count: number, published: number, received: number, last: number }[]} pairs */
function together(pairs) {
  const sum = (/** @type {"count" | "received"} */ name) => pairs.reduce((all, one) => all + one[name], 0);
  const longest = (/** @type {"published" | "last"} */ name) => Math.max(...pairs.map((one) => one[name]));
  const perSecond = (/** @type {number} */ messages, /** @type {number} */ ms) =>
    messages === 0 ? 0 : Math.round(messages / (ms / 1000));
  const [published, received] = [sum("count"), sum("received")];
  return {
    published,
    publishedPerSecond: perSecond(published, longest("published")),
    received,
    receivedPerSecond: perSecond(received, longest("last")),
    lost: Math.max(0, published - received),
  };
}

/** One at a time for each pair, in milliseconds. @param {MqttCustom} publisher @param {Arrivals} arrivals @param {Plan} plan @param {number} pairs */
async function roundTrips(publisher, arrivals, { topic, qos, count, size }, pairs) {
  const payload = new Uint8Array(size);
  /** @type {number[]} */
  const times = [];
  for (let i = 0; i < Math.min(Math.ceil(ROUND_TRIPS / pairs), count); i++) {
    const begin = performance.now();
    const [arrived] = await Promise.all([arrivals.next(), publisher.publish(topic, payload, { qos })]);
    if (arrived) times.push(performance.now() - begin);
  }
  return times;
}

/** @param {number[]} times */
function percentiles(times) {
  times.sort((a, b) => a - b);
  const at = (/** @type {number} */ part) =>
    Number((times[Math.ceil(part * times.length) - 1] ?? Number.NaN).toFixed(3));
  return { count: times.length, median: at(0.5), p95: at(0.95), p99: at(0.99), max: at(1) };
}

/** @param {any} result */
function table({
  qos,
  size,
  connections,
  published,
  publishedPerSecond,
  received,
  receivedPerSecond,
  lost,
  roundTrip,
}) {
  const rate = (/** @type {number} */ n) => `${grouped(n)}/s, ${((n * size) / 1e6).toFixed(2)} MB/s`;
  return `QoS ${qos}, payloads of ${plural(size, "byte")}, ${plural(connections, "connection")}
published   ${grouped(published)}: ${rate(publishedPerSecond)}
received    ${grouped(received)}: ${rate(receivedPerSecond)}; ${grouped(lost)} lost
round trip  ${grouped(roundTrip.count)}: median ${roundTrip.median} ms, 95 % ${roundTrip.p95} ms, 99 % ${roundTrip.p99} ms, longest ${roundTrip.max} ms
`;
}
