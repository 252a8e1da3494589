// Servers that are not MQTT brokers, or that need another scheme: the error names what was found, and what to try.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { connect } from "../../js/node/connect.mjs";
import { tcpServer, watch, wsServer } from "../support/socket-peers.mjs";

async function errorOf(url) {
  const seen = watch(connect(url, "mqtt"));
  await seen.closed;
  assert.deepEqual(
    seen.log.filter((entry) => entry !== "open"),
    ["error", "close"],
  );
  return seen.error.message;
}

/** Starts a web server for this test; returns its port. */
async function webServer(t, answer) {
  const server = createServer(answer).listen(0, "127.0.0.1");
  t.after(() => server.close());
  await once(server, "listening");
  return server.address().port;
}

describe("what is not an MQTT broker says so", () => {
  test("a plain TCP broker behind a ws:// URL", async () => {
    const hangsUp = await tcpServer((peer) => peer.once("data", () => peer.destroy()));
    assert.match(await errorOf(`ws://127.0.0.1:${hangsUp}/mqtt`), /does not speak WebSocket: try mqtt:\/\//);
    const answers = await tcpServer((peer) =>
      peer.once("data", () => peer.write(Buffer.from([32, 2, 0, 1]))),
    );
    assert.match(await errorOf(`ws://127.0.0.1:${answers}/mqtt`), /does not speak WebSocket: try mqtt:\/\//);
    const resets = await tcpServer((peer) => peer.once("data", () => peer.resetAndDestroy()));
    assert.match(await errorOf(`ws://127.0.0.1:${resets}/mqtt`), /does not speak WebSocket: try mqtt:\/\//);
  });

  test("a web server behind a mqtt:// URL", async (t) => {
    const port = await webServer(t);
    const seen = watch(connect(`mqtt://127.0.0.1:${port}`, "mqtt"));
    await seen.open;
    seen.socket.send(new Uint8Array([0x10, 14, 0, 4, 77, 81, 84, 84, 4, 2, 0, 60, 0, 2, 97, 98]));
    await seen.closed;
    assert.match(seen.error.message, /answered with HTTP instead of MQTT: try ws:\/\//);
    assert.deepEqual(seen.chunks, []);
  });

  test("a web server that keeps the connection open is left", async () => {
    const port = await tcpServer((peer) =>
      peer.once("data", () => peer.write("HTTP/1.1 400 Bad Request\r\n")),
    );
    const seen = watch(connect(`mqtt://127.0.0.1:${port}`, "mqtt"));
    await seen.open;
    seen.socket.send(new Uint8Array([0x10]));
    await seen.closed;
    assert.deepEqual(seen.log, ["open", "error", "close"]);
  });

  test("an HTTP error to the handshake", async (t) => {
    const port = await webServer(t, (_, response) => response.writeHead(404).end());
    assert.equal(
      await errorOf(`ws://127.0.0.1:${port}/nope`),
      `127.0.0.1:${port} answered the WebSocket handshake at /nope with HTTP 404: check host, port and path`,
    );
  });

  test("a WebSocket server without the subprotocol", async () => {
    const none = await wsServer(() => {}, { handleProtocols: () => false });
    assert.match(
      await errorOf(`ws://127.0.0.1:${none}/x`),
      /accepts WebSockets, but none of the subprotocols offered: there is no MQTT broker/,
    );
  });

  test("a text frame", async () => {
    let code;
    const port = await wsServer((peer) => {
      peer.on("close", (given) => {
        code = given;
      });
      peer.send("hello");
    });
    assert.match(await errorOf(`ws://127.0.0.1:${port}/`), /binary frames only \[MQTT-6\.0\.0-1\]/);
    await sleep(20);
    assert.equal(code, 1003);
  });

  test("a broken frame", async () => {
    const port = await wsServer((peer) => peer._socket.write(Buffer.from([0xf2, 0x00])));
    assert.match(await errorOf(`ws://127.0.0.1:${port}/`), /violated the WebSocket protocol: /);
  });

  test("a plain port behind mqtts:// and wss://", async () => {
    const port = await tcpServer((peer) => peer.once("data", () => peer.end("220 hello\r\n")));
    assert.match(await errorOf(`mqtts://127.0.0.1:${port}`), /does not answer with TLS/);
    assert.match(await errorOf(`wss://127.0.0.1:${port}`), /does not answer with TLS/);
  });

  test("a port for TLS behind mqtt:// and ws://", async () => {
    const advice = /(sent nothing|was reset by .*), as a port for TLS does \(try mqtts:\/\/\)$/;
    const plain = async (end) => {
      const port = await tcpServer((peer) => peer.once("data", () => end(peer)));
      const seen = watch(connect(`mqtt://127.0.0.1:${port}`, "mqtt"));
      await seen.open;
      seen.socket.send(new Uint8Array([0x10, 14, 0, 4, 77, 81, 84, 84, 4, 2, 0, 60, 0, 2, 97, 98]));
      const { reason } = await seen.closed;
      assert.deepEqual(seen.chunks, []);
      return seen.error?.message ?? reason;
    };
    assert.match(await plain((peer) => peer.end()), advice);
    assert.match(await plain((peer) => peer.resetAndDestroy()), advice);
    const alert = Buffer.from([0x15, 3, 1, 0, 2, 2, 70]);
    assert.match(
      await plain((peer) => peer.end(alert)),
      /^127\.0\.0\.1:\d+ answered with TLS: try mqtts:\/\/$/,
    );
    const port = await tcpServer((peer) => peer.once("data", () => peer.end(alert)));
    assert.match(
      await errorOf(`ws://127.0.0.1:${port}`),
      /try mqtt:\/\/, or wss:\/\/ if the port is for TLS/,
    );
  });

  test("a URL that is none", async () => {
    assert.match(await errorOf("nonsense"), /"nonsense" is not a URL/);
    assert.match(await errorOf("http://localhost"), /must begin with ws:\/\//);
    assert.match(await errorOf("ws://localhost/#part"), /a WebSocket to .* cannot be created/);
    assert.match(await errorOf("mqtt://"), /has no host name/);
  });
});
