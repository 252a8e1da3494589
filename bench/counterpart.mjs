// The server of every measurement, in a process of its own: acknowledges, counts and streams messages. Owns the listeners,
// and the commands of its parent: { id, do, ... } is answered with { id, ... }.

import { createServer as createHttp } from "node:http";
import { createServer as createTcp } from "node:net";
import { Connection } from "./counterpart/connection.mjs";
import { accept } from "./counterpart/frames.mjs";
import { stream, streamAcknowledged } from "./counterpart/stream.mjs";

/** The latest connection, to which commands refer. */
let current = null;
let separate = false;
let cpu = process.cpuUsage();
let since = performance.now();

function adopt(socket, ws) {
  current = new Connection(socket, ws);
  current.separate = separate;
}

const COMMANDS = {
  /** Sets how acknowledgements are framed. */
  set: (command) => {
    separate = command.separate;
    return {};
  },
  stream: async ({ ms, size, packed, topics, window, qos }) => {
    const { socket, ws, sink } = current;
    if (qos === 1) {
      const options = { topics, size, window, version: sink.version };
      return { messages: await streamAcknowledged(current, ms, options) };
    }
    return { messages: await stream(socket, ms, { ws, topics, size, packed, version: sink.version }) };
  },
  echo: () => {
    current.echo = true;
    return {};
  },
  /** How many messages were received on this connection. */
  count: () => ({ messages: current.sink.messages }),
  /** The CPU load of this process since the last call, 1 = one core. */
  busy: () => {
    const used = process.cpuUsage(cpu);
    const busy = (used.user + used.system) / 1000 / (performance.now() - since);
    cpu = process.cpuUsage();
    since = performance.now();
    return { busy };
  },
};

process.on("message", async (command) => {
  process.send({ id: command.id, ...(await COMMANDS[command.do](command)) });
});
process.on("disconnect", () => process.exit());

const http = createHttp((_request, response) => response.end());
http.on("upgrade", (request, socket) => {
  const protocol = request.headers["sec-websocket-protocol"]?.split(",")[0];
  socket.write(
    [
      "HTTP/1.1 101 Switching Protocols",
      "Upgrade: websocket",
      "Connection: Upgrade",
      `Sec-WebSocket-Accept: ${accept(request.headers["sec-websocket-key"])}`,
      ...(protocol ? [`Sec-WebSocket-Protocol: ${protocol}`] : []),
      "\r\n",
    ].join("\r\n"),
  );
  adopt(socket, true);
});
const tcp = createTcp((socket) => adopt(socket, false));

const listen = (server) =>
  new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server.address().port)));
process.send({ ws: await listen(http), tcp: await listen(tcp) });
