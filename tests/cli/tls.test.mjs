// --cafile, --cert, --key and similar options: connections over TLS and over WebSocket; errors name the file or the option.

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { test } from "node:test";
import { launch, run, subscribed } from "../support/command.mjs";
import { makeCertificates, startTlsMosquitto } from "../support/certificates.mjs";
import { sharedFixtures } from "../support/fixtures.mjs";

const certificates = makeCertificates();
const { ca } = certificates;
const device = certificates.issue("device", { names: "DNS:device" });
const other = certificates.authority("other-ca");
const own = ["--cafile", ca, "--cert", device.cert, "--key", device.key];
const server = certificates.issue("elsewhere", { names: "DNS:elsewhere.example" });
const shared = sharedFixtures({
  broker: () => startTlsMosquitto(certificates, { mutual: true }),
  elsewhere: () => startTlsMosquitto(certificates, { server }),
});

const at = (port) => ["-h", "127.0.0.1", "-p", `${port}`];
const message = ["-t", "test/tls", "-m", "hello", "-q", "1"];

test("the options of mosquitto_pub work here, and the other way round", async () => {
  const words = [...at(shared.broker.tlsPort), "-t", "test/tls", "-q", "1", ...own];
  const sub = await subscribed([...words, "-C", "3"]);
  assert.equal((await run(["pub", ...words, "-m", "ours"])).code, 0);
  assert.equal(
    (await run(["pub", shared.broker.wssUrl, ...own, "-t", "test/tls", "-m", "by WebSocket"])).code,
    0,
  );
  assert.equal((await launch("mosquitto_pub", [...words, "-m", "theirs"]).ended).code, 0);
  assert.equal((await sub.ended).stdout, "ours\nby WebSocket\ntheirs\n");
});

const noPem = certificates.path("no.pem");
writeFileSync(noPem, "hello");

const WRONG = [
  [
    1,
    "an unknown CA",
    () => [...at(shared.broker.tlsPort), "--cafile", other],
    /not signed by --cafile \(".*other-ca\.pem"\)/,
  ],
  [
    1,
    "no CA",
    () => [...at(shared.elsewhere.tlsPort), "--tls-alpn", "mqtt"],
    /CA that this system does not trust; give that CA as --cafile/,
  ],
  [
    1,
    "no client certificate",
    () => [...at(shared.broker.tlsPort), "--cafile", ca],
    /requires a client certificate; give --cert and --key/,
  ],
  [
    1,
    "another host",
    () => [...at(shared.elsewhere.tlsPort), "--cafile", ca],
    /for DNS:elsewhere\.example, not for the host name 127\.0\.0\.1/,
  ],
  [
    1,
    "a missing file",
    () => [...at(shared.broker.tlsPort), "--cafile", "/no/such.pem"],
    /--cafile \("\/no\/such\.pem"\)/,
  ],
  [
    1,
    "a file that is no certificate",
    () => [...at(shared.broker.tlsPort), "--cafile", noPem],
    /--cafile \(".*no\.pem"\)/,
  ],
  [
    1,
    "a key of another",
    () => [...at(shared.broker.tlsPort), "--cert", ca, "--key", device.key],
    /--key \(".*device\.key"\) does not match --cert/,
  ],
  [
    1,
    "a key alone",
    () => [...at(shared.broker.tlsPort), "--key", device.key],
    /--key was given without --cert/,
  ],
  [1, "a port without TLS", () => [...at(shared.broker.port), "--cafile", ca], /does not answer with TLS/],
  [1, "TLS where none was asked for", () => at(shared.broker.tlsPort), /./],
];

for (const [expected, what, words, sentence] of WRONG) {
  test(`${what}: exit code ${expected} and one sentence`, async () => {
    const { code, stdout, stderr } = await run(["pub", ...words(), ...message]);
    assert.match(stderr, sentence);
    assert.match(stderr, /^mqtt-lib: .*\n$/);
    assert.deepEqual([code, stdout], [expected, ""]);
  });
}

test("--insecure connects to anybody, and warns", async () => {
  const { code, stderr } = await run(["pub", ...at(shared.elsewhere.tlsPort), "--insecure", ...message]);
  assert.equal(code, 0);
  assert.match(stderr, /^mqtt-lib: .*--insecure is on; give its CA as --cafile\n$/);
});

test("a port that expects TLS, without TLS: the advice is to use it", async () => {
  const { code, stderr } = await run(["pub", `mqtt://127.0.0.1:${shared.broker.tlsPort}`, ...message]);
  assert.match(
    stderr,
    /closed the connection before it answered CONNECT: .*, as a port for TLS does \(try mqtts:\/\/\)/,
  );
  assert.equal(code, 1);
});
