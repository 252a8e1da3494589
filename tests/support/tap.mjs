// A TCP relay between a client and a broker that records all packets of the connection in order, parsed by an independent
// implementation of MQTT. It changes nothing.

import { once } from "node:events";
import { connect, createServer } from "node:net";
import mqttPacket from "mqtt-packet";

/**
 * `seen` has each packet with `from` ("client" or "broker"); `bytes` counts the bytes by direction. `version` is the MQTT
 * version that the packets are parsed as.
 */
export async function startTap(port, { version = 5, onPacket = () => {} } = {}) {
  const seen = [];
  const bytes = { client: 0, broker: 0 };
  const sockets = new Set();
  const clients = new Set();

  function relay(from, source, target) {
    const parser = mqttPacket.parser({ protocolVersion: version });
    parser.on("packet", (packet) => {
      const known = Object.assign(packet, { from });
      seen.push(known);
      onPacket(known);
    });
    parser.on("error", (error) => seen.push({ from, cmd: "error", error }));
    source.on("data", (chunk) => {
      bytes[from] += chunk.length;
      parser.parse(chunk);
      target.write(chunk);
    });
    source.on("error", () => {});
    source.on("close", () => target.destroy());
    source.on("end", () => target.end());
  }

  const server = createServer((near) => {
    const far = connect(port, "127.0.0.1");
    for (const socket of [near, far]) {
      socket.setNoDelay(true);
      sockets.add(socket);
      socket.on("close", () => sockets.delete(socket));
    }
    clients.add(near);
    relay("client", near, far);
    relay("broker", far, near);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: server.address().port,
    url: `mqtt://127.0.0.1:${server.address().port}`,
    seen,
    bytes,
    /** Packets of one side and type. */
    of: (from, cmd) => seen.filter((packet) => packet.from === from && packet.cmd === cmd),
    /** Holds back packets of the clients until `release`; they are not seen before. */
    hold: () => {
      for (const socket of clients) socket.pause();
    },
    release: () => {
      for (const socket of clients) socket.resume();
    },
    cut: () => {
      for (const socket of sockets) socket.destroy();
    },
    stop: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}
