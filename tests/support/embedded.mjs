// The broker of `npm start`, in this process and on a free port: MQTT over TCP and WebSocket, and the page.

import { startBroker } from "../../scripts/broker.mjs";

export async function startEmbedded(options = {}) {
  const broker = await startBroker({ port: 0, host: "127.0.0.1", ...options });
  return {
    port: broker.port,
    url: `mqtt://127.0.0.1:${broker.port}`,
    wsUrl: `ws://127.0.0.1:${broker.port}/mqtt`,
    page: `http://127.0.0.1:${broker.port}/`,
    aedes: broker.aedes,
    stop: broker.stop,
  };
}
