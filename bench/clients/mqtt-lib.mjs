// mqtt-lib as its users use it, with promises. The package is a copy of dist/.

const { MqttCustom } = await import(process.env.BENCH_DIST);

export async function connect({ url, onMessage, way = "publish", maxinflightqos2 }) {
  const client = new MqttCustom({
    credentials: { mqttserver: url, maxinflightqos2 },
    on_message: (_client, _userdata, message) => onMessage(message.payload),
  });
  await client.start();
  return {
    client,
    /** Publishes `count` messages with QoS 0; resolves when more can be published. */
    burst(topic, payload, count) {
      for (let i = 1; i < count; i++) client[way](topic, payload);
      const last = client[way](topic, payload);
      return way === "publish" ? last : client.flush();
    },
    /** Keeps `window` messages in flight while `more()`; resolves when all are acknowledged. */
    async window(topic, payload, qos, window, more) {
      const options = { qos };
      const one = async () => {
        while (more()) await client.publish(topic, payload, options);
      };
      await Promise.all(Array.from({ length: window }, one));
    },
    send: (topic, payload) => client.publish(topic, payload),
    subscribe: (topic) => client.subscribe(topic),
    /** A subscription and a handler for each topic. */
    handle: (topics, handler) =>
      Promise.all(
        topics.map((topic) =>
          client.subscribe(topic, (_client, _userdata, message) => handler(message.payload)),
        ),
      ),
    /** A handler that returns a promise, or with `loop` one message after the other. */
    async consume(topic, handler, { loop, concurrency }) {
      const options = { qos: 1, concurrency };
      if (!loop) {
        return client.subscribe(topic, options, (_client, _userdata, message) => handler(message.payload));
      }
      const messages = client.messages(topic);
      (async () => {
        for await (const { payload } of messages) await handler(payload);
      })();
      return client.subscribe(topic, { qos: 1 });
    },
    close: () => client.stop(),
  };
}
