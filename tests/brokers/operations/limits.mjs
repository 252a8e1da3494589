// What is more than the broker takes: a message above its size limit, a topic of 250 levels, 20 filters in one
// subscribe. Each call settles within the bound, either way.

import { brief, REFUSED_CONNECTIONS } from "../support/outcome.mjs";

const TOO_LARGE = 5_000_000;
const LEVELS = 250;

export default [
  {
    name: "limits",
    title: "limits exceeded",
    setting: "limits",
    extraConnections: 4 * REFUSED_CONNECTIONS,
    optional: true,
    async run(cell, client) {
      const told = async (what, promise) => {
        const { error } = await cell.settles(promise, what);
        cell.notes.push(`${what}: ${error ? brief(error) : "accepted"}`);
      };
      const deep = `${cell.topic("deep")}${"/x".repeat(LEVELS)}`;
      const filters = Array.from({ length: 20 }, (_, i) => cell.topic(`filter${i}`));
      await told("20 filters", client.subscribe(filters, { qos: 1 }));
      await told(`subscribe to ${LEVELS} levels`, client.subscribe(deep, { qos: 1 }));
      await told(`publish to ${LEVELS} levels`, client.publish(deep, "x", { qos: 1 }));
      await told("publish of 5 MB", client.publish(cell.topic("big"), new Uint8Array(TOO_LARGE), { qos: 1 }));
    },
  },
];
