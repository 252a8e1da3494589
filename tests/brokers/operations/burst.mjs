// 500 QoS 2 publishes at once: all are acknowledged to the end, and each arrives exactly once.

import { numbered, some } from "../support/numbers.mjs";
import { brief, Failed, holds, NotDone } from "../support/outcome.mjs";
import { secondQos } from "./qos.mjs";

const MESSAGES = 500;
const ALL = Array.from({ length: MESSAGES }, (_, i) => i);

export default [
  {
    name: "burst",
    title: "500 QoS 2 at once",
    async run(cell, client) {
      const numbers = numbered("burst");
      const topic = cell.topic("burst");
      const subscriber = await cell.connected();
      await cell.succeeds(
        subscriber.subscribe(topic, { qos: 2 }, (_client, _userdata, message) =>
          numbers.take(message.text()),
        ),
        "subscribe at QoS 2",
      );
      const results = await Promise.all(
        ALL.map((i) =>
          cell.settles(
            client.publish(topic, numbers.payload(i), { qos: 2 }),
            `publish ${i} of ${MESSAGES} at QoS 2`,
          ),
        ),
      );
      const refused = results.filter((result) => result.error);
      if (refused.length)
        throw new NotDone(`${refused.length} of ${MESSAGES} rejected: ${brief(refused[0].error)}`);
      await holds(() => numbers.arrived() >= MESSAGES, 20);
      const missing = numbers.missing(ALL);
      if (missing.length) {
        throw new Failed(
          `all ${MESSAGES} are acknowledged, ${numbers.arrived()} arrived; missing: ${some(missing)}`,
        );
      }
      if (numbers.twice()) throw new Failed(`${numbers.twice()} of ${MESSAGES} arrived twice`);
    },
    second: (cell) => secondQos(cell, 2),
  },
];
