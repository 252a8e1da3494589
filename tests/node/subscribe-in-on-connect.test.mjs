// subscribe() in on_connect, as the README shows it, over several connections to Mosquitto: the broker gets one SUBSCRIBE a
// connection, and a retained message arrives once a connection.

import assert from "node:assert/strict";
import { test } from "node:test";
import { sharedFixtures } from "../support/fixtures.mjs";
import { startMosquitto } from "../support/mosquitto.mjs";
import { startTap } from "../support/tap.mjs";
import { clientFor, freshTopic, until } from "./helpers.mjs";

const shared = sharedFixtures({ mosquitto: () => startMosquitto({ config: "max_queued_messages 0" }) });

const CALLS = {
  "at once": (subscribe) => subscribe(),
  "after an await": async (subscribe) => {
    await undefined;
    subscribe();
  },
};

for (const mqttversion of [4, 5]) {
  for (const [when, call] of Object.entries(CALLS)) {
    test(`one SUBSCRIBE and one retained message a connection, MQTT ${mqttversion}, subscribed ${when}`, async (t) => {
      const tap = await startTap(shared.mosquitto.port, { version: mqttversion });
      t.after(() => tap.stop());
      const topic = freshTopic();
      await clientFor(t, shared.mosquitto.url).publish(topic, "kept", { qos: 1, retain: true });
      const granted = [];
      const received = [];
      const client = clientFor(
        t,
        { mqttserver: tap.url, mqttversion, maxmqttreconnectdelay: 0.05 },
        {
          on_connect: (client) =>
            call(() => client.subscribe(topic, { qos: 1 }).then((codes) => granted.push(codes))),
          on_message: (_client, _userdata, message) => received.push(message.text()),
        },
      );
      for (let connections = 1; connections <= 3; connections += 1) {
        await until(() => granted.length >= connections, `SUBACK ${connections}`);
        // What the broker sends for a second SUBSCRIBE comes before this acknowledgement.
        await client.publish(`${topic}/other`, "x", { qos: 1 });
        await until(() => received.length >= connections, `retained message ${connections}`);
        assert.deepEqual(received, Array(connections).fill("kept"));
        assert.equal(tap.of("client", "subscribe").length, connections);
        if (connections < 3) tap.cut();
      }
      assert.deepEqual(granted, [[1], [1], [1]]);
    });
  }
}
