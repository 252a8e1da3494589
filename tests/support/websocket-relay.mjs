// A WebSocket listener that forwards to Mosquitto's TCP listener. Mosquitto's own WebSocket listener is very slow after the
// first short write (see mosquitto.mjs), so bursts to a page go through this one.

import { once } from "node:events";
import { connect } from "node:net";
import { pipeline } from "node:stream";
import { createWebSocketStream, WebSocketServer } from "ws";

/** @param {number} port of the TCP listener on this machine */
export async function startWebSocketRelay(port) {
  const server = new WebSocketServer({
    host: "127.0.0.1",
    port: 0,
    perMessageDeflate: false,
    handleProtocols: (offered) => offered.has("mqtt") && "mqtt",
  });
  server.on("connection", (peer) => {
    const inner = connect({ host: "127.0.0.1", port, noDelay: true });
    const outer = createWebSocketStream(peer);
    pipeline(outer, inner, outer, () => {
      inner.destroy();
      peer.terminate();
    });
  });
  await once(server, "listening");
  const { port: own } = /** @type {import("node:net").AddressInfo} */ (server.address());
  return {
    url: `ws://127.0.0.1:${own}/mqtt`,
    close() {
      for (const peer of server.clients) peer.terminate();
      server.close();
    },
  };
}
