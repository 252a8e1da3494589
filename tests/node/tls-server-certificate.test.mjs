// The certificate of the server is always verified: its issuer, its validity and its host name. Each failure has an error of
// its own; `dangerouslyDisableServerVerification` disables the verification with a warning.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { makeCertificates, startTlsMosquitto } from "../support/certificates.mjs";
import { sharedFixtures } from "../support/fixtures.mjs";
import { captureWarnings, clientFor, failure, run } from "./helpers.mjs";

const certificates = makeCertificates();
const { ca } = certificates;
const other = certificates.authority("other-ca");
const startWith = (name, options) => () =>
  startTlsMosquitto(certificates, { server: certificates.issue(name, options) });
const brokers = sharedFixtures({
  good: startWith("good"),
  elsewhere: startWith("elsewhere", { names: "DNS:elsewhere.example,IP:127.0.0.2" }),
  expired: startWith("expired", { days: -1 }),
});

const OVER = { mqtts: "tlsUrl", wss: "wssUrl" };

for (const [scheme, url] of Object.entries(OVER)) {
  describe(`over ${scheme}`, () => {
    const wrong = {
      "a CA that the system does not know": [
        "good",
        undefined,
        /signed by a CA that this system does not trust; give that CA as certs\.ca/,
      ],
      "a CA other than certs.ca": [
        "good",
        { ca: other },
        new RegExp(`not signed by certs\\.ca \\("${other}"\\)`),
      ],
      "a wrong host name": [
        "elsewhere",
        { ca },
        /for DNS:elsewhere\.example, IP Address:127\.0\.0\.2, not for the host name 127\.0\.0\.1/,
      ],
      "an expired certificate": [
        "expired",
        { ca },
        /its certificate has expired, according to the clock of this machine \(2\d{3}-/,
      ],
    };
    for (const [what, [broker, certs, sentence]] of Object.entries(wrong)) {
      test(`${what} is SERVER_UNTRUSTED`, async (t) => {
        const client = clientFor(t, { mqttserver: brokers[broker][url], certs });
        const error = await failure(client.start());
        assert.match(error.message, sentence);
        assert.equal(error.code, "SERVER_UNTRUSTED");
        assert.match(error.help, /#server_untrusted$/);
      });
    }

    test("the host name counts, not the address behind it", async (t) => {
      const good = brokers.good[url].replace("127.0.0.1", "localhost");
      await clientFor(t, { mqttserver: good, certs: { ca } }).start();
      const bad = brokers.elsewhere[url].replace("127.0.0.1", "localhost");
      const error = await failure(clientFor(t, { mqttserver: bad, certs: { ca } }).start());
      assert.match(error.message, /not for the host name localhost;/);
    });

    for (const broker of ["good", "elsewhere", "expired"]) {
      test(`the option with the ugly name takes any certificate (${broker}), and warns once`, async (t) => {
        const certs = { dangerouslyDisableServerVerification: true };
        const client = clientFor(t, { mqttserver: brokers[broker][url], certs });
        await client.start();
        await client.stop();
        await client.start();
        assert.deepEqual(
          client.errors.map((error) => error.code),
          ["INSECURE_CONNECTION"],
        );
        assert.match(
          client.errors[0].message,
          /is not verified, so it may be any server: certs\.dangerouslyDisableServerVerification is on/,
        );
      });
    }
  });
}

test("without on_error the warning is one console.warn", async (t) => {
  const warnings = captureWarnings(t);
  const certs = { dangerouslyDisableServerVerification: true };
  const client = clientFor(t, { mqttserver: brokers.good.tlsUrl, certs }, { on_error: null });
  await client.start();
  assert.equal(warnings.length, 1);
  assert.match(warnings[0], /INSECURE_CONNECTION/);
});

test("false leaves the verification on", async (t) => {
  const certs = { dangerouslyDisableServerVerification: false };
  const error = await failure(clientFor(t, { mqttserver: brokers.good.tlsUrl, certs }).start());
  assert.equal(error.code, "SERVER_UNTRUSTED");
});

test("certs.ca that has itself expired is what is named", async (t) => {
  const old = certificates.authority("old-ca", -1);
  const server = certificates.issue("of-old", { by: "old-ca" });
  const broker = await startTlsMosquitto(certificates, { server });
  t.after(() => broker.stop());
  const error = await failure(clientFor(t, { mqttserver: broker.tlsUrl, certs: { ca: old } }).start());
  assert.equal(error.code, "SERVER_UNTRUSTED");
  assert.match(error.message, new RegExp(`certs\\.ca \\("${old}"\\) expired on `));
});

const SCRIPT = `
  import { MqttCustom } from "mqtt-lib";
  const client = new MqttCustom({ credentials: { mqttserver: process.argv[2] }, on_error() {} });
  console.log(await client.start().then(() => "connected", (error) => error.code));
  await client.stop();
`;

for (const [scheme, url] of Object.entries(OVER)) {
  test(`without certs ${scheme} trusts the system's CAs, and those of NODE_EXTRA_CA_CERTS`, async () => {
    const plain = await run(SCRIPT, [brokers.good[url]]);
    assert.equal(plain.stdout, "SERVER_UNTRUSTED\n", plain.stderr);
    process.env.NODE_EXTRA_CA_CERTS = ca;
    try {
      const extra = await run(SCRIPT, [brokers.good[url]]);
      assert.equal(extra.stdout, "connected\n", extra.stderr);
    } finally {
      delete process.env.NODE_EXTRA_CA_CERTS;
    }
  });
}

test("NODE_TLS_REJECT_UNAUTHORIZED=0 does not turn the verification off", async () => {
  process.env.NODE_TLS_REJECT_UNAUTHORIZED = "0";
  try {
    const { stdout } = await run(SCRIPT, [brokers.good.tlsUrl]);
    assert.equal(stdout, "SERVER_UNTRUSTED\n");
  } finally {
    delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
  }
});
