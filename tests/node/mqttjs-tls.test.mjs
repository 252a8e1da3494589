// mqtt-lib/mqttjs over TLS: the options of MQTT.js, and the errors of Node as MQTT.js has them.

import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { connect } from "mqtt-lib/mqttjs";
import { makeCertificates, startTlsMosquitto } from "../support/certificates.mjs";
import { sharedFixtures } from "../support/fixtures.mjs";

const certificates = makeCertificates();
const ca = readFileSync(certificates.ca);
const brokers = sharedFixtures({
  open: () => startTlsMosquitto(certificates),
  mutual: () => startTlsMosquitto(certificates, { mutual: true }),
});

function clientOf(t, url, options) {
  const client = connect(url, { reconnectPeriod: 0, ...options });
  t.after(() => client.endAsync(true));
  return client;
}

for (const url of ["tlsUrl", "wssUrl"]) {
  test(`a CA of one's own, ${url}`, async (t) => {
    const client = clientOf(t, brokers.open[url], { ca });
    await once(client, "connect");
  });

  test(`without it the error has the code of Node, ${url}`, async (t) => {
    const client = clientOf(t, brokers.open[url], {});
    const [error] = await new Promise((resolve) => client.once("error", (...all) => resolve(all)));
    assert.match(error.code, /^(SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_VERIFY_LEAF_SIGNATURE)$/);
  });

  test(`rejectUnauthorized: false, ${url}`, async (t) => {
    const client = clientOf(t, brokers.open[url], { rejectUnauthorized: false });
    await once(client, "connect");
  });

  test(`a certificate of the client, ${url}`, async (t) => {
    const own = certificates.issue(`client-${url}`);
    const options = { ca, cert: readFileSync(own.cert), key: readFileSync(own.key) };
    await once(clientOf(t, brokers.mutual[url], options), "connect");
  });
}
