// A topic that the broker forbids: the publish and the subscribe to it settle within the bound, either way. What brokers
// do: refuse with a code, accept in silence, never answer, or close the connection.

import { brief, NotDone, pause, REFUSED_CONNECTIONS } from "../support/outcome.mjs";

export default [
  {
    name: "forbidden",
    title: "forbidden topic",
    setting: "forbidden",
    extraConnections: 3 * REFUSED_CONNECTIONS,
    async run(cell, client) {
      const { topic = "forbidden/x", filter = "forbidden/#" } = cell.broker.forbidden ?? {};
      const told = async (what, promise) => {
        const { error } = await cell.settles(promise, what);
        cell.notes.push(`${what}: ${error ? brief(error) : "accepted"}`);
      };
      let came = 0;
      const take = () => {
        came += 1;
      };
      await told("subscribe", client.subscribe(filter, { qos: 1 }, take));
      await told("publish QoS 1", client.publish(topic, "no", { qos: 1 }));
      await told("publish QoS 0", client.publish(topic, "no"));
      await pause(0.5);
      if (came) throw new NotDone(`${came} of 2 messages arrived: the broker forbids nothing`);
    },
  },
];
