// An MQTT broker (aedes) in this process, on one port: MQTT over TCP, MQTT over WebSocket, and HTTP. Owns the port and every
// connection on it. For demos and tests on this machine, not for production. Used by `mqtt-lib broker` and `npm start`.
import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { createServer } from "node:net";
import { createWebSocketStream, WebSocketServer } from "ws";

/** The first byte of an MQTT connection: CONNECT. Any other is treated as HTTP. */
const CONNECT = 0x10;
/** How long a new connection may be silent. */
const FIRST_BYTE_TIMEOUT_MS = 10_000;
/** @typedef {import("node:net").Socket} Socket */
const LOOPBACK = ["127.0.0.1", "::1"];
const TRIES = 100;

/**
 * Starts a broker. `Aedes` is the class of that package, which the caller loads. `host` "localhost" means both loopback
 * addresses; `port` 0 any free one. `onPortInUse(port)` is called before the next port is tried, unless it throws.
 * @param {any} Aedes
 * @param {{ port?: number, host?: string, onPortInUse?: (port: number) => void, serve?: import("node:http").RequestListener }} [options]
 */
export async function startEmbedded(
  Aedes,
  { port = 1883, host = "localhost", onPortInUse = () => {}, serve = rejectHttp } = {},
) {
  const aedes = await Aedes.createBroker();
  /** @type {Set<Socket>} */
  const sockets = new Set();
  const http = createHttpServer(serve);
  acceptWebSockets(http, aedes);

  /** @param {Socket} socket */
  function accept(socket) {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    socket.on("error", () => socket.destroy());
    socket.setNoDelay(true);
    socket.setTimeout(FIRST_BYTE_TIMEOUT_MS, () => socket.destroy());
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
  /** @type {import("node:net").Server[]} */
  let servers = [];
  try {
    servers = await listenOn(hosts, port, accept, onPortInUse);
  } catch (error) {
    await stop(); // its timers would keep the process alive
    throw error;
  }

  async function stop() {
    for (const server of servers) server.close();
    for (const socket of sockets) socket.destroy();
    http.close();
    await new Promise((/** @type {(value?: unknown) => void} */ resolve) => aedes.close(resolve));
  }
  return { port: portOf(servers[0]), aedes, stop };
}

/** @param {unknown} _request @param {import("node:http").ServerResponse} response */
function rejectHttp(_request, response) {
  response.writeHead(426, { "Content-Type": "text/plain; charset=utf-8", Upgrade: "websocket" });
  response.end("This is an MQTT broker; connect to it with MQTT over TCP or WebSocket.\n");
}

/** @param {import("node:http").Server} http @param {any} aedes */
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

/** @param {import("node:net").Server} server */
const portOf = (server) => /** @type {import("node:net").AddressInfo} */ (server.address()).port;

/** @param {any} error @returns {string} */
const codeOf = (error) => error.code;

/**
 * One server for each host, all on the same port: the first that is free on all of them.
 * @param {string[]} hosts @param {number} port @param {(socket: Socket) => void} accept @param {(port: number) => void} onPortInUse
 */
async function listenOn(hosts, port, accept, onPortInUse) {
  for (let tries = 0; tries < TRIES; tries++) {
    const servers = [];
    let wanted = port;
    try {
      for (const host of hosts) {
        const server = await listen(host, wanted, accept, servers.length > 0);
        if (!server) continue;
        servers.push(server);
        wanted = portOf(server);
      }
      return servers;
    } catch (error) {
      for (const server of servers) server.close();
      if (codeOf(error) !== "EADDRINUSE") throw error;
      if (port === 0) continue;
      onPortInUse(port++);
    }
  }
  throw new Error(`No free port from ${port - TRIES} to ${port - 1}.`);
}

/**
 * The server; undefined if the machine does not have this address and another one is served already.
 * @param {string} host @param {number} port @param {(socket: Socket) => void} accept @param {boolean} optional
 */
async function listen(host, port, accept, optional) {
  const server = createServer(accept);
  try {
    server.listen({ host, port });
    await once(server, "listening");
    return server;
  } catch (error) {
    if (optional && ["EADDRNOTAVAIL", "EAFNOSUPPORT"].includes(codeOf(error))) return undefined;
    throw error;
  }
}
