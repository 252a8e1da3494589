// Two handlers of one client on filters that overlap: each is called once for each of 20 messages, however many copies the
// broker sends.

import { brief, holds, NotDone, pause } from "../support/outcome.mjs";
import { connectSecond, within } from "../support/second.mjs";

const MESSAGES = 20;

export default [
  {
    name: "overlapping",
    title: "two handlers on overlapping filters",
    async run(cell, client) {
      const base = cell.topic("overlapping");
      const calls = { [`${base}/+`]: [], [`${base}/#`]: [] };
      for (const [filter, came] of Object.entries(calls)) {
        const take = (_client, _userdata, message) => {
          came.push(message.text());
        };
        await cell.succeeds(client.subscribe(filter, { qos: 1 }, take), "subscribe");
      }
      const publisher = await cell.connected();
      for (let i = 0; i < MESSAGES; i++) {
        await cell.succeeds(publisher.publish(`${base}/a`, `${i}`, { qos: 1 }), "publish");
      }
      const all = Object.values(calls);
      await holds(() => all.every((came) => came.length >= MESSAGES), 10);
      await pause(0.5);
      const missing = all.map((came) => MESSAGES - new Set(came).size);
      if (missing.some((count) => count > 0))
        throw new NotDone(`of ${MESSAGES} messages ${missing.join(" and ")} did not come to the handlers`);
      const [first, second] = all.map((came) => came.length);
      if (first + second > 2 * MESSAGES)
        throw new NotDone(`for ${MESSAGES} messages the handlers are called ${first} and ${second} times`);
    },
    /** The copies that MQTT.js gets; none is known to be of one filter without subscription identifiers. */
    async second(cell) {
      const base = cell.topic("secondoverlapping");
      const client = await connectSecond(cell.url(), {
        version: cell.version,
        credentials: cell.credentials,
      });
      try {
        for (const filter of [`${base}/+`, `${base}/#`])
          await within(client, 5, (done) => client.subscribe(filter, { qos: 1 }, done));
        await within(client, 5, (done) => client.publish(`${base}/a`, "x", { qos: 1 }, done));
        const copies = () => client.about(base).length;
        await holds(() => copies() > 1, 2);
        if (copies() !== 1) throw new Error(`MQTT.js gets ${copies()} copies of a message`);
      } catch (error) {
        throw new Error(brief(error));
      } finally {
        client.end(true);
      }
    },
  },
];
