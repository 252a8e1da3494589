// A WebSocket gateway to aedes, as cloud brokers have it: records URL, headers and subprotocols of each handshake, and may
// reject it. Also an HTTP proxy that records its requests.

import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createServer as createSecureServer } from "node:https";
import { connect } from "node:net";
import { Aedes } from "aedes";
import { createWebSocketStream, WebSocketServer } from "ws";

/**
 * `tls` has the paths `cert` and `key`; a request that `admits` rejects is answered with 403; `chooses` selects from the
 * Set of offered subprotocols.
 */
export async function startGateway({
  tls,
  admits = () => true,
  chooses = (offered) => [...offered][0],
} = {}) {
  const aedes = await Aedes.createBroker();
  const seen = [];
  const options = tls && { cert: readFileSync(tls.cert), key: readFileSync(tls.key) };
  const server = tls ? createSecureServer(options) : createServer();
  const sockets = new WebSocketServer({ noServer: true, handleProtocols: chooses });
  server.on("upgrade", (request, socket, head) => {
    const { url, headers } = request;
    seen.push({ url, headers, protocols: headers["sec-websocket-protocol"] });
    if (!admits(request)) return socket.end("HTTP/1.1 403 Forbidden\r\n\r\n");
    sockets.handleUpgrade(request, socket, head, (ws) => {
      const stream = createWebSocketStream(ws);
      stream.on("error", () => {});
      aedes.handle(stream, request);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  return {
    port,
    seen,
    url: `${tls ? "wss" : "ws"}://127.0.0.1:${port}/mqtt`,
    /** Closes all connections; new ones are accepted. */
    drop() {
      for (const ws of sockets.clients) ws.terminate();
    },
    async stop() {
      for (const ws of sockets.clients) ws.terminate();
      server.close();
      server.closeAllConnections();
      await new Promise((resolve) => aedes.close(resolve));
    },
  };
}

/** A proxy that supports only CONNECT (RFC 9110, 9.3.6). */
export async function startProxy() {
  const seen = [];
  const sockets = new Set();
  const server = createServer((_request, response) => response.writeHead(405).end());
  server.on("connect", (request, client) => {
    seen.push(request.url);
    const [host, port] = request.url.split(":");
    const remote = connect(port, host, () => {
      client.write("HTTP/1.1 200 OK\r\n\r\n");
      client.pipe(remote).pipe(client);
    });
    for (const socket of [client, remote]) {
      sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => {
        client.destroy();
        remote.destroy();
      });
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    seen,
    stop() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
