// The workloads of the benchmark: publish, publish and receive, round trips. Each has clients of its own, and yields so that
// the page can draw.

import { percentiles } from "../lib/percentiles.mjs";

/** Calls of one turn. */
const BURST = 100;
/** The most unacknowledged messages. */
const WINDOW = 1000;
/** If no message arrives for so long, the others are lost. */
const SILENCE_MS = 5000;

/** @typedef {{ connect(): Promise<any>, topic: string, qos: 0 | 1 | 2, count: number, size: number, signal: AbortSignal, progress(done: number): void }} Run */

/** Resolves in the next turn, earlier than a timer would. */
function turn() {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve(undefined);
    };
    port2.postMessage(0);
  });
}

function payloadOf(size) {
  return Uint8Array.from({ length: size }, (_, i) => 97 + (i % 26));
}

/** Publishes all, at most WINDOW of them unacknowledged. @param {any} client @param {Run} run */
async function publishAll(client, run, latencies) {
  const { topic, qos, count, size, signal, progress } = run;
  const payload = payloadOf(size);
  let settled = 0;
  let failure;
  let wake = () => {};
  for (let sent = 0; sent < count; ) {
    const until = Math.min(count, sent + BURST);
    for (; sent < until; sent++) {
      const start = performance.now();
      client.publish(topic, payload, { qos }).then(
        () => {
          if (latencies) latencies[settled] = performance.now() - start;
          settled++;
          wake();
        },
        (error) => {
          failure = error;
          wake();
        },
      );
    }
    await turn();
    while (sent - settled > WINDOW - BURST && !failure) {
      await new Promise((resolve) => {
        wake = () => resolve(undefined);
      });
    }
    if (failure) throw failure;
    signal.throwIfAborted();
    progress(sent);
  }
  // When this one is acknowledged the broker has received all messages before it.
  await client.publish(`${topic}/end`, "", { qos: 1 });
  while (settled < count && !failure) await turn();
  if (failure) throw failure;
}

/** @param {Run} run */
async function publish(run) {
  const client = await run.connect();
  const latencies = run.qos > 0 ? new Float64Array(run.count) : undefined;
  const start = performance.now();
  await publishAll(client, run, latencies);
  return { ms: performance.now() - start, done: run.count, latencies };
}

/** @param {Run} run */
async function receive(run) {
  const [publisher, subscriber] = [await run.connect(), await run.connect()];
  let done = 0;
  let last = performance.now();
  let complete = () => {};
  const all = new Promise((resolve) => {
    complete = () => resolve(undefined);
  });
  await subscriber.subscribe(run.topic, { qos: run.qos }, () => {
    last = performance.now();
    if (++done === run.count) complete();
  });
  const start = performance.now();
  last = start;
  await publishAll(publisher, { ...run, progress: () => run.progress(done) });
  const silence = setInterval(() => {
    if (performance.now() - last > SILENCE_MS || run.signal.aborted) complete();
  }, 100);
  await all;
  clearInterval(silence);
  run.signal.throwIfAborted();
  return { ms: last - start, done };
}

/** @param {Run} run */
async function latency(run) {
  const client = await run.connect();
  const latencies = new Float64Array(run.count);
  const payload = payloadOf(run.size);
  let arrived = () => {};
  await client.subscribe(run.topic, { qos: run.qos }, () => arrived());
  const began = performance.now();
  for (let i = 0; i < run.count; i++) {
    const start = performance.now();
    await new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`no answer within ${SILENCE_MS} ms`)), SILENCE_MS);
      arrived = () => {
        clearTimeout(late);
        resolve(undefined);
      };
      client.publish(run.topic, payload, { qos: run.qos }).catch(reject);
    });
    latencies[i] = performance.now() - start;
    run.signal.throwIfAborted();
    run.progress(i + 1);
  }
  return { ms: performance.now() - began, done: run.count, latencies };
}

const WORKLOADS = { publish, receive, latency };

/**
 * @param {any} MqttCustom
 * @param {{ workload: keyof typeof WORKLOADS, credentials: object, qos: 0 | 1 | 2, count: number, size: number, signal: AbortSignal, progress(done: number): void }} wanted
 */
export async function measure(MqttCustom, { workload, credentials, ...wanted }) {
  /** @type {any[]} */
  const clients = [];
  async function connect() {
    const client = new MqttCustom({ credentials, autostart: false, on_error() {}, on_disconnect() {} });
    clients.push(client);
    await client.start();
    return client;
  }
  const topic = `mqtt-lib/bench/${Math.random().toString(36).slice(2)}`;
  try {
    const { ms, done, latencies } = await WORKLOADS[workload]({ ...wanted, connect, topic });
    const [p50, p95, p99] = latencies ? percentiles(latencies, [0.5, 0.95, 0.99]) : [];
    const rate = (done / ms) * 1000;
    const { qos, count, size } = wanted;
    return {
      workload,
      qos,
      count,
      size,
      done,
      ms,
      rate,
      bytes: rate * size,
      p50,
      p95,
      p99,
      lost: count - done,
    };
  } finally {
    await Promise.all(clients.map((client) => client.stop()));
  }
}
