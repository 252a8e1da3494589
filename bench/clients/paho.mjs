// paho-mqtt with `ws` instead of the browser's WebSocket. It has no backpressure, so a burst ends with a turn of the event
// loop.

import { createRequire } from "node:module";
import { WebSocket } from "ws";

globalThis.WebSocket = WebSocket;
const Paho = createRequire(process.env.BENCH_PEERS)("paho-mqtt");

export async function connect({ url, onMessage }) {
  const { hostname, port, pathname } = new URL(url);
  const client = new Paho.Client(hostname, Number(port), pathname, "bench");
  client.onMessageArrived = (message) => onMessage(message.payloadBytes);
  await new Promise((onSuccess, onFailure) => client.connect({ onSuccess, onFailure, mqttVersion: 4 }));
  return {
    client,
    burst(topic, payload, count) {
      for (let i = 0; i < count; i++) client.send(topic, payload, 0);
      return new Promise(setImmediate);
    },
    window(topic, payload, qos, window, more) {
      let open = window;
      return new Promise((resolve) => {
        const next = () => {
          if (more()) client.send(topic, payload, qos);
          else if (--open === 0) resolve();
        };
        client.onMessageDelivered = next;
        for (let i = 0; i < window; i++) next();
      });
    },
    send: (topic, payload) => client.send(topic, payload, 0),
    subscribe: (topic) => new Promise((onSuccess) => void client.subscribe(topic, { onSuccess })),
    async close() {
      client.disconnect();
    },
  };
}
