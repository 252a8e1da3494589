// A kept session: what is published while its client is away arrives when the client is back, and the broker says that
// the session is present.

import { numbered, some } from "../support/numbers.mjs";
import { holds, NotDone } from "../support/outcome.mjs";
import { connectSecond, within } from "../support/second.mjs";

const MESSAGES = 20;
const ALL = Array.from({ length: MESSAGES }, (_, i) => i);

export default [
  {
    name: "kept-session",
    title: "kept session",
    async run(cell, client) {
      const topic = cell.topic("kept");
      const numbers = numbered("kept");
      const who = { mqttclientid: cell.name("kept"), mqttcleansession: false };
      const first = await cell.connected(who);
      await cell.succeeds(first.subscribe(topic, { qos: 1 }), "subscribe");
      await cell.succeeds(first.stop(), "stop()");
      for (const i of ALL) {
        await cell.succeeds(client.publish(topic, numbers.payload(i), { qos: 1 }), "publish");
      }
      let present;
      await cell.connected(who, {
        on_connect: (_client, _userdata, flags) => {
          present = flags.sessionPresent;
        },
        on_message: (_client, _userdata, message) => numbers.take(message.text()),
      });
      await holds(() => numbers.arrived() === MESSAGES, 20);
      const missing = numbers.missing(ALL);
      if (missing.length) {
        throw new NotDone(
          `${missing.length} of ${MESSAGES} did not arrive: ${some(missing)}; session present: ${present}`,
        );
      }
      if (!present) throw new NotDone("all arrived, and the broker says that there is no session");
    },
    async second(cell) {
      const options = { version: cell.version, credentials: cell.credentials };
      const topic = cell.topic("second");
      const who = { ...options, clientId: cell.name("sk"), clean: false, properties: undefined };
      if (cell.version === 5) who.properties = { sessionExpiryInterval: 1000 };
      const first = await connectSecond(cell.url(), who);
      await within(first, 5, (done) => first.subscribe(topic, { qos: 1 }, done));
      await new Promise((resolve) => first.end(false, resolve));
      const publisher = await connectSecond(cell.url(), options);
      await within(publisher, 5, (done) => publisher.publish(topic, "x", { qos: 1 }, done));
      publisher.end(true);
      const again = await connectSecond(cell.url(), who);
      const came = await holds(() => again.about(topic).length > 0, 10);
      again.end(true);
      if (!again.connack.sessionPresent) throw new Error("MQTT.js hears of no session either");
      if (!came) throw new Error("MQTT.js's kept session gets nothing either");
    },
  },
];
