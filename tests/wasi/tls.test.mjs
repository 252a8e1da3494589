// The component that has TLS: mqtts and wss, client certificates, ALPN, and what each failure says.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { basename, dirname } from "node:path";
import { after, before, test } from "node:test";
import { freshTopic } from "../node/helpers.mjs";
import { makeCertificates, startTlsMosquitto } from "../support/certificates.mjs";
import { startTlsFront } from "../support/tls-front.mjs";
import { COMMAND_WITH_TLS, NETWORK, WASMTIME, WITH_TLS, bytes, run, transpiled } from "./helpers.mjs";
import { refused, remote } from "./remote.mjs";

const certificates = makeCertificates();
const own = certificates.issue("device", { names: "DNS:device" });
certificates.authority("stranger");
const strange = certificates.issue("strange", { names: "DNS:device", by: "stranger" });
const pem = (path) => new Uint8Array(readFileSync(path));
const ca = pem(certificates.ca);
let broker;
let MODULE;

before(async () => {
  broker = await startTlsMosquitto(certificates, { mutual: true });
  MODULE = await transpiled(WITH_TLS, "with-tls");
});

after(() => broker?.stop());

const mutual = { ca, cert: pem(own.cert), key: pem(own.key) };
const client = (t, mqttserver, certs, more) => remote(t, broker, { mqttserver, certs, ...more }, MODULE);

for (const scheme of ["mqtts", "wss"]) {
  const url = () => (scheme === "mqtts" ? broker.tlsUrl : broker.wssUrl);

  test(`${scheme}: with a client certificate messages go out and come back`, async (t) => {
    const topic = freshTopic("wasi");
    const one = await client(t, url(), mutual);
    await one.call("subscribe", topic, { qos: 2 });
    for (const size of [0, 16_384, 40_000]) {
      const payload = Uint8Array.from({ length: size }, (_, i) => (i * 31) >> 3);
      await one.call("publish", topic, payload, { qos: size % 3 });
      assert.deepEqual(Buffer.from((await one.call("nextMessage", 30)).payload), Buffer.from(payload));
    }
    await one.call("stop");
  });

  test(`${scheme}: without a certificate, and with one of a stranger, the broker refuses`, async (t) => {
    for (const certs of [{ ca }, { ca, cert: pem(strange.cert), key: pem(strange.key) }]) {
      const error = await refused((await client(t, url(), certs)).call("start"));
      // A reset of the connection can overtake the alert that says why.
      const expected = /reset|EPIPE/i.test(error.message) ? "CONNECTION_REFUSED" : "CERTIFICATE_REFUSED";
      assert.equal(error.code, expected, error.message);
    }
  });

  test(`${scheme}: a broker whose certificate cannot be trusted is left`, async (t) => {
    for (const [certs, why] of [
      [{ ...mutual, ca: undefined }, /CA that is not trusted; give its CA as certs\.ca/],
      [{ ...mutual, servername: "elsewhere.example" }, /its certificate is for another host/],
    ]) {
      const error = await refused((await client(t, url(), certs)).call("start"));
      assert.equal(error.code, "SERVER_UNTRUSTED", error.message);
      assert.match(error.message, why);
    }
  });
}

for (const [name, options, why] of [
  ["elsewhere", { names: "DNS:elsewhere.example,IP:127.0.0.2" }, /its certificate is for another host/],
  ["expired", { days: -1 }, /its certificate has expired/],
]) {
  test(`a server with a certificate that is ${name} is SERVER_UNTRUSTED`, async (t) => {
    const other = await startTlsMosquitto(certificates, { server: certificates.issue(name, options) });
    t.after(() => other.stop());
    for (const url of [other.tlsUrl, other.wssUrl]) {
      const error = await refused((await client(t, url, { ca })).call("start"));
      assert.equal(error.code, "SERVER_UNTRUSTED", error.message);
      assert.match(error.message, why);
    }
  });
}

test("dangerouslyDisableServerVerification connects, and says so", async (t) => {
  const certs = { ...mutual, ca: undefined, dangerouslyDisableServerVerification: true };
  const one = await client(t, broker.tlsUrl, certs);
  await one.call("start");
  assert.equal((await one.next("error")).code, "INSECURE_CONNECTION");
});

test("ALPN, the server's name and the lowest version are as they are given", async (t) => {
  const front = await startTlsFront(broker.port, {
    server: certificates.issue("front"),
    ca: certificates.ca,
    protocols: ["x-amzn-mqtt-ca"],
  });
  t.after(() => front.stop());
  const certs = { ...mutual, iotProtocolName: "x-amzn-mqtt-ca", minVersion: "TLSv1.3" };
  const one = await client(t, `mqtts://localhost:${front.port}`, certs);
  await one.call("start");
  assert.equal(await one.call("connected"), true);
});

test("an alert that is of no certificate says what it is of", async (t) => {
  const front = await startTlsFront(broker.port, {
    server: certificates.issue("other-front"),
    ca: certificates.ca,
    protocols: ["x-amzn-mqtt-ca"],
  });
  t.after(() => front.stop());
  const certs = { ...mutual, iotProtocolName: "h2" };
  const error = await refused((await client(t, `mqtts://localhost:${front.port}`, certs)).call("start"));
  assert.match(error.message, /NoApplicationProtocol; it does not know certs\.iot-protocol-name; check/);
  assert.doesNotMatch(error.message, /certs\.cert,|a page/);
});

test("certificates that are none are an error of the constructor", async (t) => {
  for (const [certs, why] of [
    [{ ca: bytes("hello") }, /certs\.ca has no certificate in PEM/],
    [{ ca, cert: mutual.cert }, /need each other/],
    [{ ca, cert: mutual.cert, key: bytes("x") }, /certs\.key has no private key/],
    [{ ca, minVersion: "TLSv1.1" }, /TLSv1\.2 or TLSv1\.3/],
    [{ ca, cert: mutual.cert, key: pem(strange.key) }, /certs\.key is not the key of certs\.cert/],
    [{ ca, servername: "a b" }, /certs\.servername: "a b" is no name that a certificate can have/],
  ]) {
    const error = await refused(client(t, broker.tlsUrl, certs));
    assert.equal(error.code, "CERTIFICATE_INVALID", error.message);
    assert.match(error.message, why);
  }
});

test("a port without TLS, and port 8883 by itself", async (t) => {
  const plain = await refused((await client(t, `mqtts://127.0.0.1:${broker.port}`, { ca })).call("start"));
  assert.equal(plain.code, "CONNECTION_REFUSED");
  const { code, stderr } = await run(WASMTIME, [
    ...["run", ...NETWORK, COMMAND_WITH_TLS, "pub", "--host", "127.0.0.1", "--port", "8883"],
    ...["--topic", "a", "--message", "x", "--stoptimeout", "0"],
  ]);
  assert.equal(code, 1);
  assert.match(
    stderr,
    /cannot connect to mqtts:\/\/127\.0\.0\.1:8883: connection refused: nothing listens there/,
  );
});

test("the command reads certificates from a folder that it is given", async (t) => {
  const topic = freshTopic("wasi");
  const receiver = await client(t, broker.tlsUrl, mutual);
  await receiver.call("subscribe", topic, { qos: 1 });
  const files = (path) => `/certs/${basename(path)}`;
  const given = ["--cafile", files(certificates.ca), "--cert", files(own.cert), "--key", files(own.key)];
  const pub = (words) => {
    const folder = `${dirname(certificates.ca)}::/certs`;
    const command = ["run", ...NETWORK, "--dir", folder, COMMAND_WITH_TLS, "pub", broker.tlsUrl];
    return run(WASMTIME, [...command, "-t", topic, "-m", "safe", "-q", "1", ...words]);
  };
  const { stderr, code } = await pub(given);
  assert.equal(code, 0, stderr);
  assert.equal(Buffer.from((await receiver.call("nextMessage", 30)).payload).toString(), "safe");
  assert.match((await pub([])).stderr, /SERVER_UNTRUSTED/);
  assert.match(
    (await pub(["--cafile", "/certs/none"])).stderr,
    /cannot read "\/certs\/none" of --cafile: No such file/i,
  );
});
