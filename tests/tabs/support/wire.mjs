// A WebSocket listener in front of a broker's TCP listener that records the packets of each connection of a page. It changes nothing.

import { once } from "node:events";
import { connect } from "node:net";
import mqttPacket from "mqtt-packet";
import { createWebSocketStream, WebSocketServer } from "ws";

/** @param {number} port of the broker @param {4 | 5} version */
export async function startWire(port, version = 4) {
  const server = new WebSocketServer({
    host: "127.0.0.1",
    port: 0,
    perMessageDeflate: false,
    handleProtocols: () => "mqtt",
  });
  const sent = [];
  let open = 0;
  server.on("connection", (peer) => {
    const inner = connect({ host: "127.0.0.1", port, noDelay: true });
    const outer = createWebSocketStream(peer);
    const parser = mqttPacket.parser({ protocolVersion: version });
    parser.on("packet", (packet) => sent.push(packet)).on("error", () => {});
    open += 1;
    outer.on("data", (chunk) => {
      parser.parse(chunk);
      inner.write(chunk);
    });
    inner.on("data", (chunk) => outer.write(chunk));
    const end = () => {
      inner.destroy();
      peer.terminate();
    };
    peer.once("close", () => {
      open -= 1;
    });
    for (const stream of [inner, outer]) stream.on("error", end).on("close", end);
  });
  await once(server, "listening");
  return {
    url: `ws://127.0.0.1:${server.address().port}/mqtt`,
    sent,
    /** Packets of this kind. */
    of: (cmd) => sent.filter((packet) => packet.cmd === cmd),
    /** Filters of all SUBSCRIBE or UNSUBSCRIBE packets. */
    filters: (cmd) =>
      sent
        .filter((packet) => packet.cmd === cmd)
        .flatMap(
          ({ subscriptions, unsubscriptions }) => unsubscriptions ?? subscriptions.map(({ topic }) => topic),
        ),
    get open() {
      return open;
    },
    /** Ends all connections. */
    cut() {
      for (const peer of server.clients) peer.terminate();
    },
    stop() {
      for (const peer of server.clients) peer.terminate();
      server.close();
    },
  };
}
