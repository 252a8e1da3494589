// What a broker, a file or an argument says is shown in the sentences of errors, never obeyed by the terminal or the log
// that prints them.

import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { persistent } from "mqtt-lib/persistent";
import { WebSocketServer } from "ws";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer } from "node:tls";
import { format, inspect } from "node:util";
import { fakeBroker } from "../support/fake-broker.mjs";
import { makeCertificates } from "../support/certificates.mjs";
import { tcpServer } from "../support/socket-peers.mjs";
import { clientFor, failure, thrown, until } from "./helpers.mjs";

const ESCAPES = "\x1b[31m\x9b\u202e\n\x7f";
const SHOWN = "\\u001b[31m\\u009b\\u202e\\u000a\\u007f";
const OBEYED = /[\p{Cc}\u202e]/u;

/** Every sentence that the client has reported, and this one. */
function check(client, error) {
  assert.ok(error.message.includes(SHOWN), error.message);
  for (const { message } of [error, ...(client?.errors ?? [])]) assert.doesNotMatch(message, OBEYED);
}

test("the reason string of a broker", async (t) => {
  const reason = Buffer.from(ESCAPES);
  const properties = Buffer.from([0x1f, 0, reason.length, ...reason]);
  const connack = Buffer.from([0x20, 3 + properties.length, 0, 0x87, properties.length, ...properties]);
  const port = await tcpServer((peer) => peer.once("data", () => peer.end(connack)));
  const client = clientFor(
    t,
    { mqttserver: `mqtt://127.0.0.1:${port}`, mqttversion: 5 },
    { autostart: false },
  );
  const error = await failure(client.start());
  assert.equal(error.code, "NOT_AUTHORIZED");
  check(client, error);
});

test("the reason with which a WebSocket is closed", async (t) => {
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1", handleProtocols: () => "mqtt" });
  t.after(() => server.close());
  await once(server, "listening");
  server.on("connection", (peer) => peer.close(1008, ESCAPES));
  const client = clientFor(
    t,
    { mqttserver: `ws://127.0.0.1:${server.address().port}`, connecttimeout: 1 },
    { autostart: false },
  );
  client.start().catch(() => {});
  await until(() => client.errors.length > 0);
  check(client, client.errors[0]);
});

for (const host of ["127.0.0.1", "localhost"]) {
  test(`the name in a server's certificate, seen from ${host}`, async (t) => {
    const { openssl, path, read } = makeCertificates();
    const made = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30"];
    const name = ["-utf8", "-subj", `/CN=evil${ESCAPES}`];
    openssl("req", "-x509", ...made, ...name, "-keyout", "evil.key", "-out", "evil.pem");
    const server = createServer({ key: read("evil.key"), cert: read("evil.pem") }, (peer) => peer.destroy());
    t.after(() => server.close());
    server.on("tlsClientError", () => {});
    await once(server.listen(0, host), "listening");
    const credentials = {
      mqttserver: `mqtts://${host}:${server.address().port}`,
      certs: { ca: path("evil.pem") },
    };
    const client = clientFor(t, credentials, { autostart: false });
    const error = await failure(client.start());
    assert.equal(error.code, "SERVER_UNTRUSTED");
    check(client, error);
  });
}

test("a client id, in a sentence of the store", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "mqtt-lib-escapes-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const other = persistent({ folder });
  await other.open(`id${ESCAPES}`, () => {});
  const credentials = {
    mqttserver: "mqtt://127.0.0.1:1",
    mqttclientid: `id${ESCAPES}`,
    store: persistent({ folder }),
  };
  const client = clientFor(t, credentials, { autostart: false });
  const error = await failure(client.start());
  assert.equal(error.code, "STORE_LOCKED");
  check(client, error);
  await other.close();
});

test("what a handler threw, on the console", async (t) => {
  const broker = await fakeBroker(t);
  const client = clientFor(t, broker.url);
  await client.start();
  await client.subscribe("a", (_client, _userdata, message) => JSON.parse(message.text()));
  broker.connections[0].send({ cmd: "publish", topic: "a", payload: ESCAPES, qos: 0 });
  await until(() => client.errors.length > 0);
  const [error] = client.errors;
  assert.equal(error.code, "CALLBACK_FAILED");
  assert.match(error.cause.message, OBEYED, "the application has its own error as it is");
  for (const shown of [inspect(error), inspect({ error }), format("it failed: %o", error)]) {
    assert.match(shown, /\\u001b\[31m[\s\S]*CALLBACK_FAILED/);
    assert.doesNotMatch(shown.replaceAll("\n", ""), OBEYED);
  }
  assert.match(inspect({ error }, { colors: true }), /\\u001b\[31m/);
});

test("topics, filters, options and what user code throws", async (t) => {
  const client = clientFor(t, { mqttserver: "mqtt://127.0.0.1:1" }, { autostart: false });
  check(client, await failure(client.publish(`a/#${ESCAPES}`, "x")));
  check(client, await failure(client.subscribe(`a#${ESCAPES}`)));
  check(client, await failure(client.publish("a", "x", { [ESCAPES]: 1 })));
  check(
    client,
    thrown(() => clientFor(t, { mqttserver: `mqtt://${ESCAPES}` }, { autostart: false })),
  );
});
