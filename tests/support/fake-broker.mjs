// A simulated broker for any behaviour, also wrong one: a TCP and a WebSocket server whose connections follow a script. Owns
// the two servers; the script decides what is sent on a connection.

import { once } from "node:events";
import { createServer } from "node:net";
import mqttPacket from "mqtt-packet";
import { WebSocketServer } from "ws";

/**
 * A connection, as the script gets it.
 * @typedef {object} Connection
 * @property {"mqtt" | "ws"} kind
 * @property {number} index counted from 0 over both servers
 * @property {(packet: object) => void} send sends a packet, in the form of mqtt-packet: { cmd: "connack", ... }
 * @property {(bytes: Uint8Array) => void} write sends any bytes
 * @property {(code?: number, reason?: string) => void} close closes the connection in an orderly way (FIN, close frame)
 * @property {() => void} reset resets the connection
 * @property {() => void} pause stops reading until `resume`
 * @property {() => void} resume
 * @property {object[]} packets parsed packets of the client
 * @property {((packet: object) => void) | undefined} onPacket called with each packet the client sends
 */

/** Scripts that several tests use. */
export const scripts = {
  /** Accepts the connection, and sends nothing. */
  silent: () => {},
  closesAtOnce: (connection) => connection.close(),
  resetsAtOnce: (connection) => connection.reset(),
  /** Answers CONNECT with bytes that are not an MQTT packet. */
  garbage:
    (bytes = Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff, 0x00)) =>
    (connection) => {
      connection.onPacket = () => connection.write(bytes);
    },
  /** Sends CONNACK with this return code (3.1.1) or reason code (5), then closes. */
  refuses: (code) => (connection) => {
    connection.onPacket = (packet) => {
      if (packet.cmd !== "connect") return;
      connection.send({ cmd: "connack", returnCode: code, reasonCode: code, sessionPresent: false });
      connection.close();
    };
  },
  /** A correct broker with one client; `hook(packet, connection)` gets each packet first, and returns true if it has handled it. */
  accepts:
    (hook = () => false, connack = {}) =>
    (connection) => {
      connection.onPacket = (packet) => {
        if (hook(packet, connection)) return;
        const answer = answers[packet.cmd]?.(packet);
        if (answer) connection.send(packet.cmd === "connect" ? { ...answer, ...connack } : answer);
        if (packet.cmd === "disconnect") connection.close();
      };
    },
};

const answers = {
  connect: () => ({ cmd: "connack", returnCode: 0, reasonCode: 0, sessionPresent: false }),
  subscribe: ({ messageId, subscriptions }) => ({
    cmd: "suback",
    messageId,
    granted: subscriptions.map(({ qos }) => qos),
  }),
  unsubscribe: ({ messageId, unsubscriptions }) => ({
    cmd: "unsuback",
    messageId,
    granted: unsubscriptions.map(() => 0),
  }),
  publish: ({ messageId, qos }) =>
    [undefined, { cmd: "puback", messageId }, { cmd: "pubrec", messageId }][qos],
  pubrel: ({ messageId }) => ({ cmd: "pubcomp", messageId }),
  pubrec: ({ messageId }) => ({ cmd: "pubrel", messageId }),
  pingreq: () => ({ cmd: "pingresp" }),
};

/**
 * `script` is called with each connection; of an array, the first script with the first connection and so on, the last one
 * with all further connections. With `subprotocol: false` the WebSocket server does not accept "mqtt"; `maxPayload` is the
 * longest WebSocket message that it accepts, `port` that of TCP; otherwise any free one.
 */
export async function startFakeBroker(
  script = scripts.accepts(),
  { subprotocol = "mqtt", maxPayload, port = 0 } = {},
) {
  const list = Array.isArray(script) ? script : [script];
  const connections = [];
  const waiting = [];

  function begin(kind, { write, close, reset, pause, resume }) {
    const parser = mqttPacket.parser();
    let version = 4;
    const connection = {
      kind,
      index: connections.length,
      packets: [],
      /** Chunks over TCP, frames over WebSocket. */
      reads: 0,
      onPacket: undefined,
      open: true,
      /** Several packets are one write. */
      send: (...packets) => {
        const bytes = packets.map((packet) => mqttPacket.generate(packet, { protocolVersion: version }));
        return connection.write(bytes.length === 1 ? bytes[0] : Buffer.concat(bytes));
      },
      write: (bytes) => connection.open && write(bytes),
      close,
      reset,
      pause,
      resume,
    };
    parser.on("packet", (packet) => {
      if (packet.cmd === "connect") version = packet.protocolVersion;
      connection.packets.push(packet);
      connection.onPacket?.(packet);
    });
    parser.on("error", (error) => {
      connection.parseError = error;
    });
    connections.push(connection);
    (list[connection.index] ?? list[list.length - 1])(connection);
    for (const wake of waiting.splice(0)) wake();
    return {
      take: (bytes) => {
        connection.reads += 1;
        parser.parse(bytes);
      },
      end: () => {
        connection.open = false;
      },
    };
  }

  const tcp = createServer((socket) => {
    socket.on("error", () => {});
    const { take, end } = begin("mqtt", {
      write: (bytes) => socket.write(bytes),
      close: () => socket.end(),
      reset: () => socket.resetAndDestroy(),
      pause: () => socket.pause(),
      resume: () => socket.resume(),
    });
    socket.on("data", take).on("close", end);
  });
  const ws = new WebSocketServer({
    port: 0,
    host: "127.0.0.1",
    handleProtocols: () => subprotocol,
    maxPayload,
  });
  ws.on("connection", (peer, request) => {
    peer.on("error", () => {});
    const { take, end } = begin("ws", {
      write: (bytes) => peer.send(bytes),
      close: (code, reason) => peer.close(code, reason),
      reset: () => request.socket.resetAndDestroy(),
      pause: () => peer.pause(),
      resume: () => peer.resume(),
    });
    peer.on("message", take).on("close", end);
  });
  const sockets = new Set();
  for (const server of [tcp, ws._server]) {
    server.on("connection", (socket) => sockets.add(socket.once("close", () => sockets.delete(socket))));
  }
  tcp.listen(port, "127.0.0.1");
  await Promise.all([once(tcp, "listening"), once(ws, "listening")]);

  return {
    port: tcp.address().port,
    wsPort: ws.address().port,
    url: `mqtt://127.0.0.1:${tcp.address().port}`,
    wsUrl: `ws://127.0.0.1:${ws.address().port}/mqtt`,
    connections,
    /** Resolves with the connection of this index once it is opened. */
    async connection(index = 0) {
      while (!connections[index]) await new Promise((resolve) => waiting.push(resolve));
      return connections[index];
    },
    async stop() {
      tcp.close();
      ws.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** A simulated broker for one test, stopped after it. */
export async function fakeBroker(t, ...given) {
  const broker = await startFakeBroker(...given);
  t.after(() => broker.stop());
  return broker;
}
