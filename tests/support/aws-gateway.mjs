// A WebSocket listener in front of aedes that lets in whoever has signed the URL, as AWS IoT does. It computes the
// signature by the book (Signature Version 4, in the query), with nothing of the package or its libraries. No TLS.

import { createHash, createHmac } from "node:crypto";
import { createServer } from "node:http";
import { createWebSocketStream, WebSocketServer } from "ws";
import { startEmbedded } from "./embedded.mjs";

/** The signature as AWS computes it, by the book: from what came over the wire. */
function signatureOf({ url, headers }, secret) {
  const [path, query] = url.split("?");
  const all = query.split("&").filter((pair) => !/^X-Amz-(Signature|Security-Token)=/.test(pair));
  const scope = decodeURIComponent(
    all.find((pair) => pair.startsWith("X-Amz-Credential=")).split("=")[1],
  ).split("/");
  const date = all.find((pair) => pair.startsWith("X-Amz-Date=")).split("=")[1];
  const sha256 = (text) => createHash("sha256").update(text).digest("hex");
  const hmac = (key, text) => createHmac("sha256", key).update(text).digest();
  const request = ["GET", path, all.sort().join("&"), `host:${headers.host}`, "", "host", sha256("")].join(
    "\n",
  );
  const text = ["AWS4-HMAC-SHA256", date, scope.slice(1).join("/"), sha256(request)].join("\n");
  const key = scope.slice(1).reduce(hmac, `AWS4${secret}`);
  return hmac(key, text).toString("hex");
}

/** `keys` are those that are valid now; `seen` is what each handshake came with. */
export async function startAwsGateway() {
  const broker = await startEmbedded();
  const sockets = new WebSocketServer({ noServer: true, handleProtocols: () => "mqtt" });
  const seen = [];
  const server = createServer().on("upgrade", (request, socket, head) => {
    const query = new URLSearchParams(request.url.split("?")[1]);
    const [id] = query.get("X-Amz-Credential").split("/");
    const good =
      id === gateway.keys.accessKeyId &&
      (query.get("X-Amz-Security-Token") ?? undefined) === gateway.keys.sessionToken &&
      query.get("X-Amz-Signature") === signatureOf(request, gateway.keys.secretAccessKey);
    seen.push({ id, good, date: query.get("X-Amz-Date"), length: request.url.length });
    if (!good) return socket.end("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
    sockets.handleUpgrade(request, socket, head, (peer) => {
      const stream = createWebSocketStream(peer);
      stream.on("error", () => peer.terminate());
      broker.aedes.handle(stream, request);
    });
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const gateway = {
    seen,
    keys: {},
    host: `127.0.0.1:${server.address().port}`,
    cut() {
      for (const peer of sockets.clients) peer.terminate();
    },
    stop() {
      gateway.cut();
      server.close();
      return broker.stop();
    },
  };
  return gateway;
}
