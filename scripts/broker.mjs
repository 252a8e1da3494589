// An MQTT broker (aedes) in this process, on one port: MQTT over TCP, MQTT over WebSocket, and the page.
// Owns the port and every connection on it; for demos and tests on this machine, not for production.
import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { createServer } from "node:net";
import { Aedes } from "aedes";
import { createWebSocketStream, WebSocketServer } from "ws";
import { serveFiles } from "./files.mjs";

/** The first byte of an MQTT connection: CONNECT. Everything else is taken for HTTP. */
const CONNECT = 0x10;
/** How long a connection may stay silent before it says which of the two it is. */
const PATIENCE = 10_000;
const LOOPBACK = ["127.0.0.1", "::1"];
const TRIES = 100;

/**
 * `host` "localhost" is both loopback addresses; `port` 0 is any free one. `onTaken(port)` is told of a port
 * that is in use before the next one is tried.
 */
export async function startBroker({ port = 1883, host = "localhost", onTaken = () => {} } = {}) {
  const aedes = await Aedes.createBroker();
  const sockets = new Set();
  const http = createHttpServer(serveFiles);
  acceptWebSockets(http, aedes);

  function accept(socket) {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    socket.on("error", () => socket.destroy());
    socket.setNoDelay(true);
    socket.setTimeout(PATIENCE, () => socket.destroy());
    socket.once("data", (first) => {
      socket.pause();
      socket.setTimeout(0).removeAllListeners("timeout");
      socket.unshift(first);
      if (first[0] === CONNECT) aedes.handle(socket);
      else http.emit("connection", socket);
      process.nextTick(() => socket.resume());
    });
  }

  const hosts = host === "localhost" ? LOOPBACK : [host];
  const servers = await listenOn(hosts, port, accept, onTaken);

  async function stop() {
    for (const server of servers) server.close();
    for (const socket of sockets) socket.destroy();
    http.close();
    await new Promise((resolve) => aedes.close(resolve));
  }
  return { port: servers[0].address().port, aedes, stop };
}

function acceptWebSockets(http, aedes) {
  const upgrades = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    handleProtocols: (offered) => offered.has("mqtt") && "mqtt",
  });
  http.on("upgrade", (request, socket, head) => {
    upgrades.handleUpgrade(request, socket, head, (peer) => {
      const stream = createWebSocketStream(peer);
      stream.on("error", () => peer.terminate());
      aedes.handle(stream, request);
    });
  });
}

/** One server for each host, all on the same port: the first that is free in all of them. */
async function listenOn(hosts, port, accept, onTaken) {
  for (let tries = 0; tries < TRIES; tries++) {
    const servers = [];
    let wanted = port;
    try {
      for (const host of hosts) {
        const server = await listen(host, wanted, accept, servers.length > 0);
        if (!server) continue;
        servers.push(server);
        wanted = server.address().port;
      }
      return servers;
    } catch (error) {
      for (const server of servers) server.close();
      if (error.code !== "EADDRINUSE") throw error;
      if (port === 0) continue;
      onTaken(port++);
    }
  }
  throw new Error(`No free port from ${port - TRIES} to ${port - 1}.`);
}

/** The server; nothing if the machine lacks this address and another one is served already. */
async function listen(host, port, accept, optional) {
  const server = createServer(accept);
  try {
    server.listen({ host, port });
    await once(server, "listening");
    return server;
  } catch (error) {
    if (optional && (error.code === "EADDRNOTAVAIL" || error.code === "EAFNOSUPPORT")) return undefined;
    throw error;
  }
}
