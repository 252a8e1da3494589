// A received message is acknowledged after its handler, never before: a handler that kills its process leaves the message
// with the broker. Real mosquitto; its log says which packets came.

import assert from "node:assert/strict";
import { test } from "node:test";
import { startMosquitto } from "../support/mosquitto.mjs";
import { clientFor, run, until } from "./helpers.mjs";

const CONSUMER = `
  import { MqttCustom } from "mqtt-lib";
  const [url, version, kind] = process.argv.slice(2);
  const kill = () => process.kill(process.pid, "SIGKILL");
  const credentials = { mqttserver: url, mqttversion: Number(version), mqttclientid: "consumer", mqttcleansession: false };
  if (version === "5") credentials.properties = { sessionExpiryInterval: 60 };
  const client = new MqttCustom({ credentials, on_message: kind === "on_message" ? kill : undefined });
  await client.start();
  await client.subscribe("jobs", { qos: 2 }, kind === "handler" ? kill : undefined);
  console.log("ready");
`;

for (const version of [4, 5]) {
  for (const kind of ["handler", "on_message"]) {
    for (const qos of [1, 2]) {
      test(`MQTT ${version}, ${kind}, QoS ${qos}: the broker gets no acknowledgement and delivers again`, async (t) => {
        const broker = await startMosquitto();
        t.after(broker.stop);
        const consumer = run(CONSUMER, [broker.url, version, kind]);
        await until(() => /Sending SUBACK to consumer/.test(broker.log()));
        const producer = clientFor(t, broker.url);
        await producer.publish("jobs", "work", { qos });
        const { signal } = await consumer;
        assert.equal(signal, "SIGKILL");
        await until(() =>
          /consumer closed its connection|Client consumer (disconnected|closed)/.test(broker.log()),
        );
        assert.match(broker.log(), /Sending PUBLISH to consumer/);
        assert.doesNotMatch(broker.log(), /Received (PUBACK|PUBREC) from consumer/);

        const again = [];
        const next = clientFor(
          t,
          {
            mqttserver: broker.url,
            mqttversion: version,
            mqttclientid: "consumer",
            mqttcleansession: false,
            ...(version === 5 && { properties: { sessionExpiryInterval: 60 } }),
          },
          { on_message: (_client, _userdata, message) => again.push(message) },
        );
        await next.start();
        await until(() => again.length > 0);
        assert.equal(again[0].text(), "work");
        await until(() => /Received (PUBACK|PUBREC) from consumer/.test(broker.log()));
        assert.equal(again.length, 1);
      });
    }
  }
}
