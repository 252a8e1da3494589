// An MQTT broker (aedes) in this process, on one port: MQTT over TCP, MQTT over WebSocket, and HTTP. Owns the port and every
// connection on it: who may open one, and how much it may send before its CONNECT is accepted. For demos and tests on this
// machine, not for production. Used by `mqtt-lib broker` and `npm start`.
import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { createServer } from "node:net";
import { createWebSocketStream, WebSocketServer } from "ws";
import { malformed } from "./malformed-publish.mjs";
import { refusal } from "./web-access.mjs";

/** The first byte of an MQTT connection: CONNECT. Any other is treated as HTTP. */
const CONNECT = 0x10;
/** How long a new connection may be silent, and how long it may take until its CONNECT is accepted. */
const FIRST_BYTE_TIMEOUT_MS = 10_000;
const CONNECT_TIMEOUT_MS = 10_000;
/** A CONNECT has five fields of at most 64 KiB, and properties. */
const MAX_CONNECT_LENGTH = 512 << 10;
/** @typedef {import("node:net").Socket} Socket */
const LOOPBACK = ["127.0.0.1", "::1"];
const TRIES = 100;

/**
 * Starts a broker. `Aedes` is the class of that package, which the caller loads. `host` "localhost" means both loopback
 * addresses; `port` 0 any free one. `onPortInUse(port)` is called before the next port is tried, unless it throws. Web
 * pages of other machines are refused, which is reported by `onRefused(why)`, unless their origin is in `allowed`.
 * @param {any} Aedes
 * @param {{
 *   port?: number,
 *   host?: string,
 *   allowed?: string[],
 *   onPortInUse?: (port: number) => void,
 *   onRefused?: (why: string) => void,
 *   serve?: import("node:http").RequestListener,
 *   connectTimeout?: number,
 * }} [options]
 */
export async function startEmbedded(
  Aedes,
  {
    port = 1883,
    host = "localhost",
    allowed = [],
    onPortInUse = () => {},
    onRefused = () => {},
    serve = rejectHttp,
    connectTimeout = CONNECT_TIMEOUT_MS,
  } = {},
) {
  const aedes = await Aedes.createBroker();
  const authorize = aedes.authorizePublish;
  /** Wills of accepted connections. @type {WeakSet<object>} */
  const wills = new WeakSet();
  /** @param {any} client @param {any} packet @param {(error?: Error | null) => void} done */
  aedes.authorizePublish = (client, packet, done) => {
    const isWill = wills.has(packet);
    const why = !isWill && malformed(packet);
    // It has been waited for, and a PUBLISH must not have it.
    if (isWill && packet.properties) delete packet.properties.willDelayInterval;
    if (why) done(new Error(`the PUBLISH has ${why}`));
    else authorize(client, packet, done);
  };
  const { preConnect } = aedes;
  /** @param {any} client @param {any} packet @param {(error?: Error | null, isAccepted?: boolean) => void} done */
  aedes.preConnect = (client, packet, done) => {
    const why = packet.will && malformed(packet.will, true);
    if (why) return done(new Error(`the will has ${why}`));
    if (packet.will) wills.add(packet.will);
    preConnect(client, packet, done);
  };
  /** @type {Set<Socket>} */
  const sockets = new Set();
  /** Whether a request is refused. @param {import("node:http").IncomingMessage} request @param {(why: string) => void} refuse */
  const isRefused = (request, refuse) => {
    const { headers, headersDistinct } = request;
    // Of several, `headers` has the first.
    const why = refusal({ ...headers, host: headersDistinct.host?.join(", ") }, host, allowed);
    if (why === undefined) return false;
    onRefused(`refused: ${why}; the option allow-origin permits more`);
    refuse(`${why}\n`);
    return true;
  };
  const http = createHttpServer((request, response) => {
    const refuse = (/** @type {string} */ why) => {
      response.writeHead(403, { "Content-Type": "text/plain; charset=utf-8" }).end(why);
    };
    if (!isRefused(request, refuse)) serve(request, response);
  });
  const asks = asking(http, connectTimeout);
  const admit = admission(aedes, connectTimeout);
  acceptWebSockets(http, isRefused, (stream, socket, request) => {
    admit(stream, socket);
    aedes.handle(stream, request);
  });

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
      if (first[0] === CONNECT) {
        aedes.handle(socket);
        admit(socket, socket);
      } else {
        asks(socket);
        http.emit("connection", socket);
      }
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

/**
 * Ends connections that take too long for the head of a request of HTTP. (The server's own limit counts only where it
 * listens itself.) The result is called with a connection.
 * @param {import("node:http").Server} http @param {number} timeout
 */
function asking(http, timeout) {
  /** @type {WeakMap<object, NodeJS.Timeout>} */
  const timers = new WeakMap();
  const asked = (/** @type {object} */ socket) => clearTimeout(timers.get(socket));
  const asks = (/** @type {Socket} */ socket) => {
    asked(socket);
    if (!socket.destroyed)
      timers.set(
        socket,
        setTimeout(() => socket.destroy(), timeout),
      );
  };
  http.on("upgrade", ({ socket }) => asked(socket));
  http.prependListener("request", ({ socket }, response) => {
    asked(socket);
    response.once("close", () => asks(socket));
  });
  return (/** @type {Socket} */ socket) => {
    asks(socket);
    socket.once("close", () => asked(socket));
  };
}

/**
 * Ends connections that send too much, or take too long, before their CONNECT is accepted: `admit(stream, socket)`, after
 * which MQTT is read from the stream, and the bytes come from the socket.
 * @param {any} aedes @param {number} timeout
 */
function admission(aedes, timeout) {
  /** @type {WeakMap<object, () => void>} */
  const waiting = new WeakMap();
  aedes.on("client", (/** @type {{ conn: object }} */ { conn }) => waiting.get(conn)?.());
  return (/** @type {object} */ stream, /** @type {Socket} */ socket) => {
    const end = () => socket.destroy();
    const timer = setTimeout(end, timeout);
    const before = socket.bytesRead;
    const count = () => {
      if (socket.bytesRead - before > MAX_CONNECT_LENGTH) end();
    };
    const admitted = () => {
      clearTimeout(timer);
      socket.off("data", count);
    };
    waiting.set(stream, admitted);
    socket.on("data", count).once("close", admitted);
  };
}

/**
 * @param {import("node:http").Server} http
 * @param {(request: import("node:http").IncomingMessage, refuse: (why: string) => void) => boolean} isRefused
 * @param {(stream: import("node:stream").Duplex, socket: Socket, request: import("node:http").IncomingMessage) => void} accept
 */
function acceptWebSockets(http, isRefused, accept) {
  const upgrades = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    handleProtocols: (offered) => offered.has("mqtt") && "mqtt",
  });
  http.on("upgrade", (request, socket, head) => {
    const refuse = (/** @type {string} */ why) => {
      const lines = [
        "HTTP/1.1 403 Forbidden",
        "Connection: close",
        `Content-Length: ${Buffer.byteLength(why)}`,
      ];
      socket.end(`${lines.join("\r\n")}\r\n\r\n${why}`);
    };
    if (isRefused(request, refuse)) return;
    upgrades.handleUpgrade(request, socket, head, (peer) => {
      const stream = createWebSocketStream(peer);
      stream.on("error", () => peer.terminate());
      accept(stream, /** @type {Socket} */ (socket), request);
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
