// `mqtt-lib bench`: measures with two connections to one broker how many messages a second are transferred, and how long a
// round trip takes. Prints what it has measured, without comparison.

import { seconds, whole } from "./arguments.mjs";
import { Failure } from "./failure.mjs";
import { grouped, showProgress } from "./progress.mjs";
import { loadPackage, unlessEnded, wireToErrors, withClient } from "./session.mjs";

/** The most messages on their way at a time: few enough for the queues of a broker with default settings. */
const WINDOW = 500;
const ROUND_TRIPS = 1000;
/** A message that has not arrived for so long counts as lost. */
const LOST_MS = 3000;

/** @param {import("./session.mjs").Context} context */
export async function bench(context) {
  const { values, credentials, end, topics, words } = context;
  const { signal } = end;
  const plan = {
    topic: values.topic ?? topics[0] ?? words[0] ?? `mqtt-lib/bench/${Math.random().toString(36).slice(2)}`,
    qos: /** @type {0 | 1 | 2} */ (whole(values, "qos", 0, 2) ?? 0),
    count: whole(values, "count", 1) ?? 10_000,
    size: whole(values, "size", 0, 268_000_000) ?? 100,
  };
  const arrivals = new Arrivals();
  const limit = {
    seconds: seconds(values, "timeout"),
    late: (/** @type {number} */ s) =>
      `the time limit of ${s} s was reached; ${grouped(arrivals.count)} messages had arrived`,
  };
  const progress = showProgress(
    values.quiet,
    (s) => `${grouped(arrivals.count)} messages, ${grouped(arrivals.count / s)}/s`,
  );
  const id = credentials.mqttclientid;
  const { MqttCustom } = await loadPackage();
  const publisher = new MqttCustom({
    credentials: { ...credentials, mqttclientid: id === undefined ? undefined : `${id}-pub` },
    autostart: false,
    ...(values.wire && { wire: wireToErrors() }),
    on_error() {}, // both lose the broker at the same time; the receiver reports it
    on_disconnect() {},
  });
  try {
    const result = await withClient(
      context,
      { on_message: () => arrivals.add() },
      async (receiver) => {
        await unlessEnded(
          Promise.all([publisher.start(), receiver.subscribe(plan.topic, { qos: plan.qos })]),
          signal,
        );
        const through = await unlessEnded(throughput(publisher, arrivals, plan), signal);
        const roundTrip = await unlessEnded(roundTrips(publisher, arrivals, plan), signal);
        return { ...plan, ...through, roundTrip };
      },
      limit,
    );
    process.stdout.write(values.json ? `${JSON.stringify(result)}\n` : table(result));
    if (result.lost > 0 && plan.qos > 0) {
      throw new Failure(
        `the broker did not deliver ${grouped(result.lost)} of ${grouped(plan.count)} messages`,
      );
    }
  } finally {
    progress();
    await publisher.stop();
  }
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

/** @param {MqttCustom} publisher @param {Arrivals} arrivals @param {Plan} plan */
async function throughput(publisher, arrivals, { topic, qos, count, size }) {
  const payload = new Uint8Array(size);
  const begin = performance.now();
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
  const received = arrivals.count;
  const perSecond = (/** @type {number} */ messages, /** @type {number} */ ms) =>
    Math.round(messages / (ms / 1000));
  return {
    published: count,
    publishedPerSecond: perSecond(count, published),
    received,
    receivedPerSecond: received === 0 ? 0 : perSecond(received, arrivals.last - begin),
    lost: Math.max(0, count - received),
  };
}

/** One at a time, in milliseconds. @param {MqttCustom} publisher @param {Arrivals} arrivals @param {Plan} plan */
async function roundTrips(publisher, arrivals, { topic, qos, count, size }) {
  const payload = new Uint8Array(size);
  /** @type {number[]} */
  const times = [];
  for (let i = 0; i < Math.min(ROUND_TRIPS, count); i++) {
    const begin = performance.now();
    const [arrived] = await Promise.all([arrivals.next(), publisher.publish(topic, payload, { qos })]);
    if (arrived) times.push(performance.now() - begin);
  }
  times.sort((a, b) => a - b);
  const at = (/** @type {number} */ part) =>
    Number((times[Math.ceil(part * times.length) - 1] ?? Number.NaN).toFixed(3));
  return { count: times.length, median: at(0.5), p95: at(0.95), p99: at(0.99), max: at(1) };
}

/** @param {any} result */
function table({ qos, size, published, publishedPerSecond, received, receivedPerSecond, lost, roundTrip }) {
  const rate = (/** @type {number} */ n) => `${grouped(n)}/s, ${((n * size) / 1e6).toFixed(2)} MB/s`;
  return `QoS ${qos}, payloads of ${grouped(size)} bytes
published   ${grouped(published)}: ${rate(publishedPerSecond)}
received    ${grouped(received)}: ${rate(receivedPerSecond)}; ${grouped(lost)} lost
round trip  ${grouped(roundTrip.count)}: median ${roundTrip.median} ms, 95 % ${roundTrip.p95} ms, 99 % ${roundTrip.p99} ms, longest ${roundTrip.max} ms
`;
}
