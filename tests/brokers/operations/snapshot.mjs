// snapshot(filter) with 300 retained messages, 20 times, each time by a client that has just connected: all of them, every time.

import { brief, NotDone, pause } from "../support/outcome.mjs";
import { connectSecond, within } from "../support/second.mjs";

const MESSAGES = 300;
const RUNS = 20;

const names = (base) => Array.from({ length: MESSAGES }, (_, i) => `${base}/${i}`);

async function keepAll(cell, client, base) {
  for (const topic of names(base)) {
    await cell.succeeds(client.publish(topic, topic, { qos: 1, retain: true }), "publish, retained");
  }
  await pause(0.5); // some brokers acknowledge before they have stored it
}

/** The next operations shall not have to do with them. */
async function removeAll(publish, base) {
  for (const topic of names(base)) await publish(topic);
}

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

export default [
  {
    name: "snapshot",
    title: "snapshot of 300 retained messages, 20 times",
    async run(cell, client) {
      const base = cell.topic("snapshot");
      await keepAll(cell, client, base);
      try {
        await this.readAll(cell, base);
      } finally {
        await removeAll((topic) => client.publish(topic, "", { qos: 1, retain: true }), base);
      }
    },
    async readAll(cell, base) {
      const sizes = [];
      const seconds = [];
      for (let run = 0; run < RUNS; run++) {
        const reader = await cell.connected();
        const start = performance.now();
        const kept = await cell.succeeds(reader.snapshot(`${base}/#`), "snapshot()");
        seconds.push((performance.now() - start) / 1000);
        sizes.push(names(base).filter((topic) => kept.get(topic)?.text() === topic).length);
        await reader.stop();
      }
      const complete = sizes.filter((size) => size === MESSAGES).length;
      const few = Math.min(...sizes);
      const time = `median ${median(seconds).toFixed(2)} s, longest ${Math.max(...seconds).toFixed(2)} s`;
      cell.notes.push(`complete in ${complete} of ${RUNS} runs (fewest ${few} of ${MESSAGES}); ${time}`);
      if (complete < RUNS)
        throw new NotDone(`complete in ${complete} of ${RUNS} runs, fewest ${few} of ${MESSAGES}`);
    },
    async second(cell) {
      const options = { version: cell.version, credentials: cell.credentials };
      const base = cell.topic("second");
      const publisher = await connectSecond(cell.url(), options);
      const subscriber = await connectSecond(cell.url(), options);
      try {
        for (const topic of names(base)) {
          await within(publisher, 5, (done) =>
            publisher.publish(topic, topic, { qos: 1, retain: true }, done),
          );
        }
        await pause(0.5);
        await within(subscriber, 5, (done) => subscriber.subscribe(`${base}/#`, { qos: 1 }, done));
        await pause(10);
        const { size } = new Set(subscriber.texts.map(([topic]) => topic));
        if (size < MESSAGES)
          throw new Error(
            `MQTT.js gets ${size} of ${MESSAGES} retained messages in 10 s after its SUBSCRIBE`,
          );
      } catch (error) {
        throw new Error(brief(error));
      } finally {
        const options = { qos: 1, retain: true };
        const remove = (topic) => within(publisher, 5, (done) => publisher.publish(topic, "", options, done));
        await removeAll(remove, base).catch(() => {}); // of a broker that has closed the connection
        publisher.end(true);
        subscriber.end(true);
      }
    },
  },
];
