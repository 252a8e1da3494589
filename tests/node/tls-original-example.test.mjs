// The configuration in the original library's README, including certs: only host, port and paths differ.

import assert from "node:assert/strict";
import { test } from "node:test";
import { MqttCustom } from "mqtt-lib";
import { makeCertificates } from "../support/certificates.mjs";
import { startMosquitto } from "../support/mosquitto.mjs";
import { startTlsFront } from "../support/tls-front.mjs";
import { collect, until } from "./helpers.mjs";

test("the original configuration with certs connects, leaves its will and sends batches and queue", async (t) => {
  const certificates = makeCertificates();
  const { cert, key } = certificates.issue("device", { names: "DNS:device" });
  const server = certificates.issue("server");
  const broker = await startMosquitto();
  t.after(() => broker.stop());
  const front = await startTlsFront(broker.port, {
    server,
    ca: certificates.ca,
    protocols: ["x-amzn-mqtt-ca"],
  });
  t.after(() => front.stop());
  const received = await collect(t, broker.url, "#");

  const client = new MqttCustom({
    credentials: {
      mqttclientid: "unique_client_name",
      mqttserver: "127.0.0.1",
      mqttport: front.port,
      maxmqttreconnectdelay: 256,
      willsettopic: "dummy/will/topic",
      willsetpayload: "dummy_will_payload",
      mqttkeepalive: 60,
      queuesize: 5,
      batchsize: 5,
      publishinterval: 60,
      certs: { iotProtocolName: "x-amzn-mqtt-ca", ca: certificates.ca, cert, key },
    },
  });
  t.after(() => client.stop());
  await client.start();
  assert.equal(front.seen[0].alpn, "x-amzn-mqtt-ca");
  assert.equal(front.seen[0].subject, "device");
  for (let i = 0; i < 5; i++) client.batch_publish("test/topic", "payload");
  for (let i = 0; i < 5; i++) client.qpublish("test/queue", "payload");
  await received.count(6);
  const payloads = (topic) => received.filter((one) => one.topic === topic).map((one) => one.text());
  assert.deepEqual(payloads("test/topic"), ['["payload","payload","payload","payload","payload"]']);
  assert.deepEqual(payloads("test/queue"), Array(5).fill("payload"));

  front.drop();
  await until(() => payloads("dummy/will/topic").length > 0, "the will");
  assert.deepEqual(payloads("dummy/will/topic"), ["dummy_will_payload"]);
});
