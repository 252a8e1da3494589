// Ways to the broker beside TCP and WebSocket: `credentials.transport`, Unix sockets; and what `certs` says of TLS.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Duplex } from "node:stream";
import { test } from "node:test";
import { makeCertificates, startTlsMosquitto } from "../support/certificates.mjs";
import { fakeBroker } from "../support/fake-broker.mjs";
import { clientFor, failure, until } from "./helpers.mjs";

const quick = { maxmqttreconnectdelay: 0.02 };

for (const [name, give] of Object.entries({
  "byte streams": (socket) => Duplex.toWeb(socket),
  "a promise of them": async (socket) => Duplex.toWeb(socket),
  "a Duplex": (socket) => socket,
})) {
  test(`transport gives ${name}: messages of any size, loss, reconnect and stop`, async (t) => {
    const broker = await fakeBroker(t);
    const urls = [];
    const transport = ({ url, signal }) => {
      assert.ok(!signal.aborted);
      urls.push(url);
      return give(connect(broker.port, "127.0.0.1"));
    };
    const client = clientFor(t, { mqttserver: "mqtt://elsewhere.example", transport, ...quick });
    await client.start();
    await client.publish("a", new Uint8Array(3 << 20), { qos: 1 });
    const published = broker.connections[0].packets.find(({ cmd }) => cmd === "publish");
    assert.equal(published.payload.length, 3 << 20);
    const texts = [];
    await client.subscribe("b", (_client, _userdata, message) => texts.push(message.text()));
    broker.connections[0].send({ cmd: "publish", topic: "b", payload: "x", qos: 0 });
    await until(() => texts.length === 1, "the message");
    broker.connections[0].close();
    await until(() => client.stats().reconnects === 1, "the next connection");
    await client.stop();
    await until(() => !broker.connections[1].open, "the end of the connection");
    assert.equal(urls[0], "mqtt://elsewhere.example:1883");
  });
}

test("a transport that fails, or gives nothing of use, is a failed attempt", async (t) => {
  for (const transport of [
    () => {
      throw new Error("mine");
    },
    async () => Promise.reject(new Error("mine")),
    () => undefined,
    () => ({}),
  ]) {
    const client = clientFor(t, { mqttserver: "mqtt://h", transport, ...quick });
    const error = await failure(client.start());
    assert.equal(error.code, "CONNECTION_REFUSED");
    assert.match(error.message, /credentials\.transport made no connection/);
    await client.stop();
  }
  const { code } = await failure(clientFor(t, { mqttserver: "mqtt://h" }).publish("a", {}));
  assert.equal(code, "INVALID_PAYLOAD");
});

test("a transport gets the subprotocols, and the close code of a WebSocket below it is that of the error", async (t) => {
  const broker = await fakeBroker(t);
  const given = [];
  const closed = Promise.resolve({ closeCode: 1008, reason: "no more" });
  const transport = ({ protocols }) => {
    given.push(protocols);
    return { ...Duplex.toWeb(connect(broker.port, "127.0.0.1")), closed };
  };
  let lost;
  const client = clientFor(
    t,
    { mqttserver: "mqtt://h", transport, websocket: { protocols: ["a", "b"] }, reconnect: false },
    {
      on_disconnect: (_client, _userdata, _rc, error) => {
        lost = error;
      },
    },
  );
  await client.start();
  broker.connections[0].close();
  await until(() => lost !== undefined, "the end");
  assert.deepEqual([given, lost.closeCode, lost.closeReason], [[["a", "b"]], 1008, "no more"]);
});

test("a transport whose `closed` rejects has failed, also where its streams do not say so", async (t) => {
  const broker = await fakeBroker(t);
  let fail;
  const transport = () => {
    const { readable, writable } = Duplex.toWeb(connect(broker.port, "127.0.0.1"));
    const closed = new Promise((_, reject) => {
      fail = reject;
    });
    return { readable, writable, closed };
  };
  const client = clientFor(t, { mqttserver: "mqtt://h", transport, ...quick });
  await client.start();
  fail(new Error("mine"));
  await until(() => broker.connections.length === 2, "the next connection");
  const [lost] = client.errors;
  assert.equal(lost.code, "CONNECTION_LOST");
  assert.match(lost.message, /the streams of credentials\.transport failed: mine/);
});

test("the signal of a transport is aborted when its connection is not wanted any more", async (t) => {
  let given;
  const transport = ({ signal }) => {
    given = signal;
    return new Promise(() => {});
  };
  const client = clientFor(t, { mqttserver: "mqtt://h", transport, connecttimeout: 0.05 });
  assert.equal((await failure(client.start())).code, "TIMEOUT");
  assert.ok(given.aborted || client.state === "connecting");
  await client.stop();
  await until(() => given.aborted, "abort");
});

test("a Unix socket", { skip: process.platform === "win32" }, async (t) => {
  const broker = await fakeBroker(t);
  const path = join(tmpdir(), `mqtt lib ${process.pid}.sock`);
  rmSync(path, { force: true });
  const server = createServer((socket) => socket.pipe(connect(broker.port, "127.0.0.1")).pipe(socket));
  server.listen(path);
  await once(server, "listening");
  t.after(() => server.close());
  const client = clientFor(t, { mqttserver: `unix://${path}`, mqttpassword: "p", mqttusername: "u" });
  await client.publish("a", "x", { qos: 1 });
  assert.deepEqual(client.errors, [], "the password does not leave the machine");
  await client.stop();
  const gone = clientFor(t, { mqttserver: "unix:///no/such.sock" });
  const error = await failure(gone.start());
  assert.equal(error.code, "CONNECTION_REFUSED");
  assert.match(error.message, /: connect ENOENT unix:\/\/\/no\/such\.sock/);
});

test("certs: servername, minVersion, ciphers and pfx", async (t) => {
  const certificates = makeCertificates();
  const { ca } = certificates;
  const server = certificates.issue("elsewhere", { names: "DNS:elsewhere.example" });
  const broker = await startTlsMosquitto(certificates, { server });
  t.after(() => broker.stop());
  for (const url of [broker.tlsUrl, broker.wssUrl]) {
    const given = (more) => ({ mqttserver: url, certs: { ca, ...more } });
    const named = clientFor(t, given({ servername: "elsewhere.example", minVersion: "TLSv1.3" }));
    await named.start();
    const wrong = await failure(clientFor(t, given({ servername: "other.example" })).start());
    assert.equal(wrong.code, "SERVER_UNTRUSTED");
    for (const more of [{ minVersion: "TLSv9" }, { ciphers: "none" }, { pfx: new Uint8Array(5) }]) {
      const error = await failure(clientFor(t, given(more)).start());
      assert.equal(error.code, "CERTIFICATE_INVALID", JSON.stringify(more));
    }
  }
  const { cert, key } = certificates.issue("client", { names: "DNS:client" });
  const pfx = join(tmpdir(), `mqttlib-${process.pid}.p12`);
  const args = ["pkcs12", "-export", "-inkey", key, "-in", cert, "-out", pfx, "-passout", "pass:secret"];
  assert.equal(spawnSync("openssl", args).status, 0);
  t.after(() => rmSync(pfx, { force: true }));
  const certs = { ca, pfx, passphrase: "secret", servername: "elsewhere.example" };
  await clientFor(t, { mqttserver: broker.tlsUrl, certs }).start();
  const wrong = { ...certs, passphrase: "secrets" };
  const error = await failure(clientFor(t, { mqttserver: broker.tlsUrl, certs: wrong }).start());
  assert.equal(error.code, "CERTIFICATE_INVALID");
  assert.ok(!error.message.includes("secrets"));
});

test("an unknown key of certs names the right one", () => {
  assert.throws(() => clientFor({ after() {} }, { mqttserver: "mqtts://h", certs: { serverName: "x" } }), {
    code: "INVALID_OPTION",
    message: /did you mean "(certs\.)?servername"/,
  });
});
