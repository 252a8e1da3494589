// Mosquitto without its window of 20 messages, with which 2.0.11 stops delivering QoS 2 (see mosquitto.mjs), as one of the
// brokers of tests/brokers.

import { startMosquitto } from "./mosquitto.mjs";

export const withoutWindow = {
  async start() {
    const { url, stop } = await startMosquitto();
    return { nodes: [{ urls: { 4: { mqtt: url }, 5: { mqtt: url } } }], stop };
  },
};
