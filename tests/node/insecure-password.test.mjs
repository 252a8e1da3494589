// A password that is sent to another machine without TLS causes a warning, once for each client: to on_error, or one
// console.warn. 0.0.0.0 connects to this machine, but the client does not treat it as local.

import assert from "node:assert/strict";
import { test } from "node:test";
import { makeCertificates, startTlsMosquitto } from "../support/certificates.mjs";
import { sharedFixtures } from "../support/fixtures.mjs";
import { captureWarnings, clientFor } from "./helpers.mjs";

const certificates = makeCertificates();
const shared = sharedFixtures({ broker: () => startTlsMosquitto(certificates) });

const signed = (mqttserver, more) => ({ mqttserver, mqttusername: "me", mqttpassword: "secret", ...more });
const far = (url) => url.replace("127.0.0.1", "0.0.0.0");

for (const url of ["url", "wsUrl"]) {
  test(`${url === "url" ? "mqtt" : "ws"} to another machine warns once, over all its connections`, async (t) => {
    const client = clientFor(t, signed(far(shared.broker[url])));
    await client.start();
    await client.stop();
    await client.start();
    assert.deepEqual(
      client.errors.map((error) => error.code),
      ["INSECURE_CONNECTION"],
    );
    assert.match(
      client.errors[0].message,
      /^the password is sent to (mqtt|ws):\/\/0\.0\.0\.0:\d+\S* unencrypted/,
    );
    assert.doesNotMatch(client.errors[0].stack, /secret/);
  });
}

test("without on_error it is one console.warn", async (t) => {
  const warnings = captureWarnings(t);
  const client = clientFor(t, signed(far(shared.broker.url)), { on_error: null });
  await client.start();
  assert.equal(warnings.length, 1);
  assert.match(warnings[0], /INSECURE_CONNECTION/);
});

const quiet = {
  "to 127.0.0.1": () => signed(shared.broker.url),
  "to localhost": () => signed(shared.broker.url.replace("127.0.0.1", "localhost")),
  "without a password": () => ({ mqttserver: far(shared.broker.url), mqttusername: "me" }),
  "over TLS": () => signed(shared.broker.tlsUrl, { certs: { ca: certificates.ca } }),
};

for (const [what, credentials] of Object.entries(quiet)) {
  test(`${what} there is no warning`, async (t) => {
    const warnings = captureWarnings(t);
    const client = clientFor(t, credentials());
    await client.start();
    assert.deepEqual(client.errors, []);
    assert.deepEqual(warnings, []);
  });
}
