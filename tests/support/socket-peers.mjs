// Servers that the tests of Node's sockets connect to, TCP and WebSocket behind one shape, and what a dressed socket
// reports, in order. All servers end with the file that started them.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";
import { after } from "node:test";
import { WebSocketServer } from "ws";

/** Everything a socket reports, in order, and promises for the moments a test waits for. */
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

/** A TCP server; `onPeer` gets each connection. */
export async function tcpServer(onPeer, host = "127.0.0.1") {
  const peers = new Set();
  const server = createServer((peer) => {
    peers.add(peer);
    peer.on("error", () => {});
    onPeer(peer);
  });
  server.listen(0, host);
  await once(server, "listening");
  closers.push(() => {
    for (const peer of peers) peer.destroy();
    server.close();
  });
  return server.address().port;
}

/** A WebSocket server; `onPeer` gets each connection. */
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

/** The two kinds of server behind one shape: `received` bytes, `echo`, `stop` reading and `go` on. */
export const kinds = {
  async mqtt({ echo = false, stopped = false } = {}) {
    const far = { received: [], ended: deferred() };
    const port = await tcpServer((peer) => {
      far.peer = peer;
      if (stopped) peer.pause();
      peer.on("data", (chunk) => {
        far.received.push(chunk);
        if (echo) peer.write(chunk);
      });
      peer.on("end", () => far.ended.resolve());
    });
    far.go = () => far.peer.resume();
    far.pause = () => far.peer.pause();
    far.close = () => far.peer.end();
    return Object.assign(far, { port, url: `mqtt://127.0.0.1:${port}` });
  },
  async ws({ echo = false, stopped = false } = {}) {
    const far = { received: [], ended: deferred() };
    const port = await wsServer((peer) => {
      far.peer = peer;
      if (stopped) peer.pause();
      peer.on("message", (data, binary) => {
        assert.ok(binary);
        far.received.push(data);
        if (echo) peer.send(data);
      });
      peer.on("close", () => far.ended.resolve());
    });
    far.go = () => far.peer.resume();
    far.pause = () => far.peer.pause();
    far.close = () => far.peer.close(1001, "going away");
    return Object.assign(far, { port, url: `ws://127.0.0.1:${port}/mqtt` });
  },
};

export function deferred() {
  let resolve;
  const promise = new Promise((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

/** A server that completes the handshake, takes everything, and never closes. Its port. */
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
