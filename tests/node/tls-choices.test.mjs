// What a server sees of `certs`: the certificate of a PKCS #12 file, the version of TLS and the cipher, over TCP and WebSocket.

import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { after, before, test } from "node:test";
import { createServer } from "node:tls";
import { makeCertificates } from "../support/certificates.mjs";
import { startMosquitto } from "../support/mosquitto.mjs";
import { clientFor, failure } from "./helpers.mjs";

const certificates = makeCertificates();
let mosquitto;

before(async () => {
  mosquitto = await startMosquitto();
});

after(() => mosquitto?.stop());

/** A TLS server in front of mosquitto, which records each handshake. */
async function front(t, { port, ...options }) {
  const { cert, key } = certificates.issue("server");
  const [read, ca] = [(path) => readFileSync(path), certificates.ca];
  const seen = [];
  const sockets = new Set();
  const server = createServer({ cert: read(cert), key: read(key), ca: read(ca), ...options }, (client) => {
    const { subject } = client.getPeerCertificate();
    seen.push({ who: subject?.CN, version: client.getProtocol(), cipher: client.getCipher().name });
    const broker = connect(port, "127.0.0.1");
    for (const socket of [client, broker]) sockets.add(socket.on("error", () => {}));
    client.pipe(broker).pipe(client);
  });
  server.on("tlsClientError", () => {}).listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return { seen, port: server.address().port };
}

for (const scheme of ["mqtts", "wss"]) {
  const setUp = async (t, options) => {
    const port = scheme === "wss" ? new URL(mosquitto.wsUrl).port : mosquitto.port;
    const { seen, port: own } = await front(t, { port, ...options });
    const mqttserver = `${scheme}://127.0.0.1:${own}${scheme === "wss" ? "/mqtt" : ""}`;
    return {
      seen,
      client: (certs) => clientFor(t, { mqttserver, certs: { ca: certificates.ca, ...certs } }),
    };
  };

  test(`over ${scheme} the server gets the certificate of a PKCS #12 file, by path and as bytes`, async (t) => {
    const { seen, client } = await setUp(t, { requestCert: true, rejectUnauthorized: true });
    const { cert, key } = certificates.issue("from-pfx");
    const pfx = certificates.path("client.p12");
    certificates.openssl(
      ...["pkcs12", "-export", "-inkey", key, "-in", cert, "-out", pfx, "-passout", "pass:secret"],
    );
    for (const given of [pfx, new Uint8Array(readFileSync(pfx))])
      await client({ pfx: given, passphrase: "secret" }).start();
    assert.deepEqual(
      seen.map(({ who }) => who),
      ["from-pfx", "from-pfx"],
    );
    await failure(client({}).start());
    assert.equal(seen.length, 2);
  });

  test(`over ${scheme} the ciphers are those of certs.ciphers`, async (t) => {
    const { seen, client } = await setUp(t, { maxVersion: "TLSv1.2" });
    const ciphers = ["ECDHE-ECDSA-CHACHA20-POLY1305", "ECDHE-ECDSA-AES256-GCM-SHA384"];
    for (const cipher of ciphers) await client({ ciphers: cipher }).start();
    assert.deepEqual(
      seen.map(({ cipher }) => cipher),
      ciphers,
    );
  });

  test(`over ${scheme} a server that is below certs.minVersion is refused`, async (t) => {
    const { seen, client } = await setUp(t, { maxVersion: "TLSv1.2" });
    await client({ minVersion: "TLSv1.2" }).start();
    const error = await failure(client({ minVersion: "TLSv1.3" }).start());
    assert.match(error.message, /TLS|protocol version/i);
    assert.deepEqual(
      seen.map(({ version }) => version),
      ["TLSv1.2"],
    );
  });
}
