// A shared subscription: of 100 messages each goes to one of two members.

import { numbered, some } from "../support/numbers.mjs";
import { brief, Failed, holds, NotDone } from "../support/outcome.mjs";
import { connectSecond, within } from "../support/second.mjs";

const MESSAGES = 100;
const ALL = Array.from({ length: MESSAGES }, (_, i) => i);

export default [
  {
    name: "shared",
    title: "$share",
    async run(cell, client) {
      const topic = cell.topic("shared");
      const filter = `$share/${cell.name("group")}/${topic}`;
      const numbers = [numbered("shared"), numbered("shared")];
      const members = [client, await cell.connected()];
      for (const [i, member] of members.entries()) {
        const { error } = await cell.settles(
          member.subscribe(filter, { qos: 1 }, (_client, _userdata, message) =>
            numbers[i].take(message.text()),
          ),
          "subscribe to $share",
        );
        if (error) throw new NotDone(`subscribe: ${brief(error)}`);
      }
      const publisher = await cell.connected();
      for (const i of ALL) {
        await cell.succeeds(publisher.publish(topic, numbers[0].payload(i), { qos: 1 }), "publish");
      }
      const both = () => numbers[0].arrived() + numbers[1].arrived();
      await holds(() => both() >= MESSAGES, 10);
      if (both() === 0) throw new NotDone("granted, and nothing is delivered");
      const missing = ALL.filter((i) => !numbers[0].has(i) && !numbers[1].has(i));
      if (missing.length)
        throw new Failed(`${missing.length} of ${MESSAGES} did not arrive: ${some(missing)}`);
      const doubled = ALL.filter((i) => numbers[0].has(i) && numbers[1].has(i));
      if (doubled.length) throw new NotDone(`${doubled.length} of ${MESSAGES} went to both members`);
    },
    async second(cell) {
      const options = { version: cell.version, credentials: cell.credentials };
      const topic = cell.topic("secondshared");
      const filter = `$share/${cell.name("g")}/${topic}`;
      const members = [await connectSecond(cell.url(), options), await connectSecond(cell.url(), options)];
      const publisher = await connectSecond(cell.url(), options);
      try {
        for (const member of members)
          await within(member, 5, (done) => member.subscribe(filter, { qos: 1 }, done));
        for (let i = 0; i < 10; i++) {
          await within(publisher, 5, (done) => publisher.publish(topic, `${i}`, { qos: 1 }, done));
        }
        const counts = () => members.map((member) => member.about(topic).length);
        await holds(() => counts()[0] + counts()[1] >= 10, 5);
        const came = counts();
        if (came[0] + came[1] !== 10)
          throw new Error(`of 10 messages MQTT.js's members get ${came[0]} and ${came[1]}`);
      } finally {
        for (const one of [...members, publisher]) one.end(true);
      }
    },
  },
];
