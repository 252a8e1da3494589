// Round trips at a given rate: from just before the call that publishes to the handler of the message. Messages return in
// order, so the n-th message received is the n-th one sent.

import { payloadOf, TOPIC } from "./publish.mjs";

const LOST_AFTER = 10_000;

export async function latency(context) {
  const { task, connect, ask } = context;
  const sent = [];
  const took = [];
  const onMessage = (_payload, messages = 1) => {
    const now = performance.now();
    for (let i = 0; i < messages; i++) took.push(now - sent[took.length]);
  };
  const client = await connect({ ...task, topic: TOPIC, onMessage });
  if (task.broker === "counterpart") await ask({ do: "echo" });
  else await client.subscribe(TOPIC);
  const payload = payloadOf(task);
  const send = (count) => {
    for (let i = 0; i < count; i++) {
      sent.push(performance.now());
      client.send(TOPIC, payload);
    }
  };
  await backAndForth(send, sent, took, task.warm);
  const perSecond = task.perSecond === "half" ? (await best(send, sent, took)) / 2 : task.perSecond;
  await paced(send, perSecond, task.warm);
  const first = sent.length;
  await paced(send, perSecond, task.ms * 2);
  await all(sent, took);
  client.close(); // the counterpart even echoes the DISCONNECT; what follows is ignored
  const times = took.slice(first).sort((a, b) => a - b);
  const at = (part) => times[Math.floor(part * times.length)];
  const wrong = took.length === sent.length ? {} : { wrong: `${took.length} of ${sent.length} returned` };
  const rate = task.perSecond === "half" ? { "1000 msg/s": perSecond / 1000 } : {};
  return { figures: { "p50 ms": at(0.5), "p99 ms": at(0.99), ...rate }, ...wrong };
}

/**
 * Warms up with one message after the other, as fast as they return: at 1,000 messages a second it would take seconds until
 * all code is compiled.
 */
async function backAndForth(send, sent, took, ms) {
  const end = performance.now() + ms;
  while (performance.now() < end) {
    send(1);
    while (took.length < sent.length && performance.now() < end) await new Promise(setImmediate);
  }
}

/** Publishes as an application with a timer does: each tick sends the messages that are due. */
function paced(send, perSecond, ms) {
  const start = performance.now();
  let done = 0;
  return new Promise((resolve) => {
    const tick = () => {
      const elapsed = performance.now() - start;
      const due = Math.floor((elapsed * perSecond) / 1000);
      if (due > done) send(due - done);
      done = Math.max(due, done);
      if (elapsed < ms) setTimeout(tick, 1);
      else resolve();
    };
    tick();
  });
}

/** The rate of round trips with 1,000 messages in flight. */
async function best(send, sent, took) {
  for (const ms of [300, 700]) {
    const start = performance.now();
    const before = took.length;
    while (performance.now() - start < ms) {
      if (sent.length - took.length < 1000) send(100);
      await new Promise(setImmediate);
    }
    await all(sent, took);
    if (ms === 700) return ((took.length - before) / (performance.now() - start)) * 1000;
  }
}

async function all(sent, took) {
  const end = performance.now() + LOST_AFTER;
  while (took.length < sent.length && performance.now() < end) {
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
