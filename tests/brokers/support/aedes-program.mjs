// Aedes as its own documentation starts it, in a process of its own, so that it can be killed:
//   node aedes-program.mjs <port of MQTT> <port of WebSocket> <setting>

import { createServer as createHttpServer } from "node:http";
import { createServer } from "node:net";
import { Aedes } from "aedes";
import { createWebSocketStream, WebSocketServer } from "ws";

const [mqtt, ws, setting] = process.argv.slice(2);
const isForbidden = (topic) => topic.startsWith("forbidden/");

const hooks = {
  // Aedes closes the connection when one of these reports an error.
  authorizePublish: (_client, packet, done) =>
    done(isForbidden(packet.topic) ? new Error("not authorized") : null),
  authorizeSubscribe: (_client, subscription, done) =>
    isForbidden(subscription.topic) ? done(new Error("not authorized")) : done(null, subscription),
};

const broker = await Aedes.createBroker(setting === "forbidden" ? hooks : {});
createServer(broker.handle).listen(Number(mqtt), "127.0.0.1");
const http = createHttpServer().listen(Number(ws), "127.0.0.1");
new WebSocketServer({ server: http }).on("connection", (socket, request) =>
  broker.handle(createWebSocketStream(socket), request),
);
