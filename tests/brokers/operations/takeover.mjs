// Another client connects once with the same client identifier and leaves: ours is back afterwards, has lost nothing, and
// has not connected more often than it had to.

import { connectSecond } from "../support/second.mjs";
import { NotDone, pause } from "../support/outcome.mjs";

/** How long the other client stays, if it is let. */
const STAYS = 2;

export default [
  {
    name: "takeover",
    title: "session taken over",
    /** The client that is thrown out may come back at once, and once more when the other one insists. */
    extraConnections: 4,
    answers: false,
    async run(cell, client, { clientId }) {
      const before = client.stats().reconnects;
      const other = await connectSecond(cell.url(), {
        version: cell.version,
        credentials: cell.credentials,
        clientId,
      });
      await pause(STAYS);
      other.end(true);
      await cell.until(
        () => client.connected && client.stats().reconnects > before,
        () => `it is not connected again: ${client.state}, ${client.stats().reconnects - before} reconnects`,
      );
      if (client.errors.length === 0) throw new NotDone("nothing says that the connection was taken over");
      cell.notes.push(client.errors.map((error) => error.message)[0]);
    },
    async second(cell) {
      const options = { version: cell.version, credentials: cell.credentials, clientId: cell.name("twice") };
      const first = await connectSecond(cell.url(), options);
      const closed = new Promise((resolve) => first.once("close", () => resolve(true)));
      const other = await connectSecond(cell.url(), options);
      const ended = await Promise.race([closed, pause(5)]);
      for (const one of [first, other]) one.end(true);
      if (!ended) throw new Error("MQTT.js's older connection stays open");
    },
  },
];
