// Innocent traffic: QoS 1 messages that the client under test publishes while an operation runs. All are acknowledged
// and arrive at a client of their own, whatever the broker does to the operation.

import { Failed, holds, pause, settled } from "./outcome.mjs";
import { numbered, some } from "./numbers.mjs";

const EVERY = 0.02;
/** At least so many, however short the operation was. */
const LEAST = 25;

/** Begins to publish; `finish()` stops, waits for the rest and gives the counts. */
export async function innocentTraffic(cell, client) {
  const topic = cell.topic("innocent");
  const numbers = numbered("innocent");
  const observer = await cell.connected();
  await cell.succeeds(
    observer.subscribe(topic, { qos: 1 }, (_client, _userdata, message) => numbers.take(message.text())),
    "subscribe to innocent traffic",
  );
  const own = numbered("answer");
  await cell.succeeds(
    client.subscribe(cell.topic("answer"), { qos: 1 }, (_client, _userdata, message) =>
      own.take(message.text()),
    ),
    "subscribe beside innocent traffic",
  );
  const results = [];
  let running = true;
  const loop = (async () => {
    while (running || results.length < LEAST) {
      results.push(client.publish(topic, numbers.payload(results.length), { qos: 1 }));
      await pause(EVERY);
    }
  })();

  /** So many seconds are enough to find the guilty one and to send the others again. `answers`: also the way back. */
  async function finish({ seconds = 60, answers = true }) {
    running = false;
    await loop;
    // One more: the client is connected when it is acknowledged, and its subscriptions are restored before.
    results.push(client.publish(topic, numbers.payload(results.length), { qos: 1 }));
    const sent = results.length;
    const all = await Promise.all(results.map((promise) => settled(promise, seconds)));
    const acknowledged = all.filter((result) => result && !result.error).length;
    if (acknowledged === sent) await holds(() => numbers.arrived() >= sent, 10);
    const counts = { sent, acknowledged, arrived: numbers.arrived(), twice: numbers.twice() };
    if (acknowledged < sent || counts.arrived < sent) {
      const missing = numbers.missing(all.map((_, i) => i));
      throw Object.assign(
        new Failed(
          `innocent messages: ${sent} published, ${acknowledged} acknowledged, ${counts.arrived} arrived` +
            (missing.length ? `; missing: ${some(missing)}` : ""),
        ),
        { counts },
      );
    }
    if (!answers) return counts;
    for (let i = 0; i < 5; i++)
      await settled(observer.publish(cell.topic("answer"), own.payload(i), { qos: 1 }), 10);
    if (!(await holds(() => own.arrived() === 5, 10))) {
      throw Object.assign(
        new Failed(`its own subscription is dead: ${own.arrived()} of 5 messages arrived`),
        {
          counts,
        },
      );
    }
    return counts;
  }
  return { finish };
}
