// TCP and WebSocket servers with the same interface, to which the tests of Node's sockets connect, and a recorder of the
// events of a socket. All servers are closed after the tests of the file.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";
import { after } from "node:test";
import { WebSocketServer } from "ws";

/** Records the events of a socket in order; its promises resolve when the socket opens, closes, or has received bytes. */
export function watch(socket) {
  const log = [];
  const chunks = [];
  const seen = { log, chunks, socket };
  seen.open = new Promise((resolve) => {
    socket.onopen = () => resolve(log.push("open"));
  });
  seen.closed = new Promise((resolve) => {
    socket.onclose = (event) => {
      log.push("close");
      resolve(event);
    };
  });
  socket.onerror = (event) => {
    log.push("error");
    seen.error = event.error;
    assert.equal(event.message, event.error.message);
  };
  socket.onmessage = (event) => {
    log.push("message");
    chunks.push(Buffer.from(event.data));
    seen.arrived?.();
  };
  seen.text = () => Buffer.concat(chunks).toString();
  seen.received = async (length) => {
    while (Buffer.concat(chunks).length < length) {
      await new Promise((resolve) => {
        seen.arrived = resolve;
      });
    }
    return Buffer.concat(chunks);
  };
  return seen;
}

const closers = [];
after(() => Promise.all(closers.map((close) => close())));

/** A TCP server; calls `onPeer` with each connection. */
export async function tcpServer(onPeer, host = "127.0.0.1", port = 0) {
  const peers = new Set();
  const server = createServer((peer) => {
    peers.add(peer);
    peer.on("error", () => {});
    onPeer(peer);
  });
  server.listen(port, host);
  await once(server, "listening");
  closers.push(() => {
    for (const peer of peers) peer.destroy();
    server.close();
  });
  return server.address().port;
}

/** A WebSocket server; calls `onPeer` with each connection. */
export async function wsServer(onPeer, options = {}) {
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1", ...options });
  server.on("connection", (peer) => {
    peer.on("error", () => {});
    onPeer(peer);
  });
  await once(server, "listening");
  closers.push(() => {
    for (const peer of server.clients) peer.terminate();
    server.close();
  });
  return server.address().port;
}

/** Servers of both kinds with the same interface: `received` bytes, `pause` and `resume` reading, `close`. */
export const kinds = {
  async mqtt({ echo = false, paused = false } = {}) {
    const remote = { received: [], ended: deferred() };
    const port = await tcpServer((peer) => {
      remote.peer = peer;
      if (paused) peer.pause();
      peer.on("data", (chunk) => {
        remote.received.push(chunk);
        if (echo) peer.write(chunk);
      });
      peer.on("end", () => remote.ended.resolve());
    });
    remote.resume = () => remote.peer.resume();
    remote.pause = () => remote.peer.pause();
    remote.close = () => remote.peer.end();
    return Object.assign(remote, { port, url: `mqtt://127.0.0.1:${port}` });
  },
  async ws({ echo = false, paused = false } = {}) {
    const remote = { received: [], ended: deferred() };
    const port = await wsServer((peer) => {
      remote.peer = peer;
      if (paused) peer.pause();
      peer.on("message", (data, binary) => {
        assert.ok(binary);
        remote.received.push(data);
        if (echo) peer.send(data);
      });
      peer.on("close", () => remote.ended.resolve());
    });
    remote.resume = () => remote.peer.resume();
    remote.pause = () => remote.peer.pause();
    remote.close = () => remote.peer.close(1001, "going away");
    return Object.assign(remote, { port, url: `ws://127.0.0.1:${port}/mqtt` });
  },
};

export function deferred() {
  let resolve;
  const promise = new Promise((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

/** Starts a server that completes the handshake, reads everything, and never closes. Returns its port. */
export async function silentPeer(kind) {
  if (kind === "mqtt") {
    const server = createServer({ allowHalfOpen: true }, (peer) => {
      peer.resume();
      peer.on("error", () => {});
      closers.push(() => peer.destroy());
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    closers.push(() => server.close());
    return server.address().port;
  }
  return wsServer((peer) => peer._socket.removeAllListeners("data").resume());
}
