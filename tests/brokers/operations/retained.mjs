// A retained message comes to whoever subscribes later, marked as retained; an empty one removes it.

import { brief, NotDone, pause } from "../support/outcome.mjs";
import { connectSecond, within } from "../support/second.mjs";

/** A message that was removed would have arrived by now. */
const QUIET = 1;

async function subscribed(cell, topic) {
  const came = [];
  const client = await cell.connected();
  await cell.succeeds(
    client.subscribe(topic, { qos: 1 }, (_client, _userdata, message) => came.push(message)),
    "subscribe",
  );
  return came;
}

export default [
  {
    name: "retained",
    title: "retained message",
    async run(cell, client) {
      const topic = cell.topic("retained");
      await cell.succeeds(client.publish(topic, "kept", { qos: 1, retain: true }), "publish");
      await pause(0.2); // some brokers acknowledge before they have stored it
      const came = await subscribed(cell, topic);
      await cell.until(
        () => came.length > 0,
        () => "the retained message has not arrived",
        10,
      );
      if (came[0].text() !== "kept" || !came[0].retain) {
        throw new NotDone(`arrived as ${came[0].text()}, retain ${came[0].retain}`);
      }
      await cell.succeeds(client.publish(topic, "", { qos: 1, retain: true }), "publish of an empty payload");
      await pause(0.2);
      const later = await subscribed(cell, topic);
      await pause(QUIET);
      if (later.length) throw new NotDone("an empty payload has not removed it");
    },
    async second(cell) {
      const options = { version: cell.version, credentials: cell.credentials };
      const topic = cell.topic("second");
      const publisher = await connectSecond(cell.url(), options);
      const subscriber = await connectSecond(cell.url(), options);
      try {
        await within(publisher, 5, (done) =>
          publisher.publish(topic, "kept", { qos: 1, retain: true }, done),
        );
        await within(subscriber, 5, (done) => subscriber.subscribe(topic, { qos: 1 }, done));
        await pause(2);
        if (!subscriber.texts.length) throw new Error("MQTT.js gets no retained message");
        if (!subscriber.texts[0][2].retain) throw new Error("MQTT.js gets it without the retain flag");
      } catch (error) {
        throw new Error(brief(error));
      } finally {
        publisher.end(true);
        subscriber.end(true);
      }
    },
  },
];
