// MQTT.js as its users use it where speed matters, with callbacks (its promises wrap them).

import mqtt from "mqtt";

export const connect = connectBy(mqtt);

/** With a package of this interface. */
export function connectBy(mqtt) {
  return (options) => connectWith(mqtt, options);
}

async function connectWith(mqtt, { url, onMessage }) {
  const client = await mqtt.connectAsync(url, { protocolVersion: 4, reconnectPeriod: 0 });
  client.on("message", (_topic, payload) => onMessage(payload));
  return {
    client,
    burst(topic, payload, count) {
      for (let i = 1; i < count; i++) client.publish(topic, payload);
      return new Promise((resolve) => client.publish(topic, payload, resolve));
    },
    window(topic, payload, qos, window, more) {
      const options = { qos };
      let open = window;
      return new Promise((resolve) => {
        const next = () => {
          if (more()) client.publish(topic, payload, options, next);
          else if (--open === 0) resolve();
        };
        for (let i = 0; i < window; i++) next();
      });
    },
    send: (topic, payload) => client.publish(topic, payload),
    subscribe: (topic) => client.subscribeAsync(topic),
    /** It has no handlers for topics, so there is a map, as in applications. */
    handle(topics, handler) {
      const handlers = new Map(topics.map((topic) => [topic, (payload) => handler(payload)]));
      client.removeAllListeners("message");
      client.on("message", (topic, payload) => handlers.get(topic)?.(payload));
      return client.subscribeAsync(topics);
    },
    /** Its way to acknowledge a message when it is handled; one after the other. */
    consume(topic, handler) {
      client.handleMessage = (packet, done) => {
        handler(packet.payload).then(() => done(), done);
      };
      return client.subscribeAsync(topic, { qos: 1 });
    },
    close: () => client.endAsync(),
  };
}
