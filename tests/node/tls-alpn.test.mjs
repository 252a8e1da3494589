// ALPN and SNI, as AWS IoT requires them on port 443: a TLS server records them and forwards everything to a real broker.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { makeCertificates } from "../support/certificates.mjs";
import { startMosquitto } from "../support/mosquitto.mjs";
import { startTlsFront } from "../support/tls-front.mjs";
import { clientFor, collect, failure, freshTopic } from "./helpers.mjs";

const NAME = "x-amzn-mqtt-ca";
const certificates = makeCertificates();
const { ca } = certificates;
const server = certificates.issue("server");
const own = certificates.issue("device", { names: "DNS:device" });
let broker;
const fronts = {};

before(async () => {
  broker = await startMosquitto();
  const front = (port) => startTlsFront(port, { server, ca, protocols: [NAME] });
  fronts.mqtts = await front(broker.port);
  fronts.wss = await front(broker.wsPort);
});

after(async () => {
  await Promise.all(Object.values(fronts).map((front) => front.stop()));
  await broker?.stop();
});

for (const scheme of ["mqtts", "wss"]) {
  const url = (host) => `${scheme}://${host}:${fronts[scheme].port}`;

  test(`over ${scheme} the server sees iotProtocolName, the host name and the certificate, then MQTT goes on`, async (t) => {
    const { seen } = fronts[scheme];
    seen.length = 0;
    const topic = freshTopic();
    const received = await collect(t, broker.url, topic);
    const certs = { iotProtocolName: NAME, ca, ...own };
    const client = clientFor(t, { mqttserver: url("localhost"), certs });
    await client.publish(topic, "through TLS", { qos: 1 });
    await received.count(1);
    assert.deepEqual(received.texts(), ["through TLS"]);
    assert.equal(seen.length, 1);
    const { alpn, sni, subject } = seen[0];
    assert.deepEqual({ alpn, sni, subject }, { alpn: NAME, sni: "localhost", subject: "device" });
  });

  test(`over ${scheme} an IP address is not sent as a host name, and no ALPN without iotProtocolName`, async (t) => {
    const { seen } = fronts[scheme];
    seen.length = 0;
    await clientFor(t, { mqttserver: url("127.0.0.1"), certs: { ca, ...own } }).start();
    assert.equal(seen[0].alpn, false);
    assert.ok(!seen[0].sni, `${seen[0].sni}`);
  });

  test(`over ${scheme} a name that the server does not know is an error that says so`, async (t) => {
    const certs = { iotProtocolName: "mqtt-of-somebody", ca, ...own };
    const error = await failure(clientFor(t, { mqttserver: url("localhost"), certs }).start());
    assert.equal(error.code, "CONNECTION_REFUSED");
    assert.match(error.message, /does not support the ALPN protocol name in certs\.iotProtocolName/);
  });
}
