// A TCP relay between consumers and a broker that records, for each connection, which messages were sent to the consumer
// and which acknowledgements came from it. When the consumer's process dies, everything that it had written still reaches
// the broker. Changes nothing.

import { once } from "node:events";
import { connect, createServer } from "node:net";
import mqttPacket from "mqtt-packet";

/**
 * `connections` has for each its `deliveries` in order: { id, text, qos, dup, acked, completed }; `completed` are the texts that
 * the broker has done with.
 */
export async function startAckRelay(port, { version = 4 } = {}) {
  const connections = [];
  /** @type {Set<string>} */
  const completed = new Set();
  const sockets = new Set();

  function deliver(connection, packet) {
    if (packet.cmd !== "publish" || packet.qos === 0) return;
    const { messageId: id, qos, dup } = packet;
    const delivery = { id, text: packet.payload.toString(), qos, dup, acked: false, completed: false };
    connection.deliveries.push(delivery);
    connection.open.set(id, delivery);
  }

  function acknowledge(connection, { cmd, messageId }) {
    const delivery = connection.open.get(messageId);
    if (delivery === undefined) return;
    if (cmd === "puback" || cmd === "pubrec") delivery.acked = true;
    if (cmd !== "puback" && cmd !== "pubcomp") return;
    delivery.completed = true;
    completed.add(delivery.text);
  }

  function relay(source, target, onPacket) {
    const parser = mqttPacket.parser({ protocolVersion: version });
    parser.on("packet", onPacket).on("error", () => {});
    source.on("data", (chunk) => {
      parser.parse(chunk);
      if (!target.destroyed && !target.writableEnded) target.write(chunk);
    });
    source.on("error", () => {});
    source.on("close", () => target.end());
    source.on("end", () => target.end());
  }

  const server = createServer({ allowHalfOpen: true }, (near) => {
    const far = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
    for (const socket of [near, far]) {
      socket.setNoDelay(true);
      sockets.add(socket.once("close", () => sockets.delete(socket)));
    }
    const connection = { deliveries: [], open: new Map() };
    connections.push(connection);
    relay(near, far, (packet) => acknowledge(connection, packet));
    relay(far, near, (packet) => deliver(connection, packet));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `mqtt://127.0.0.1:${server.address().port}`,
    connections,
    completed,
    stop() {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}
