// A broker that lies about one thing and is right in everything else, with innocent traffic beside the lie: QoS 1 messages that
// the client publishes all the time, and others that it receives. Owns the counts of both; a lie is a function of a packet.

import { fakeBroker, scripts } from "./fake-broker.mjs";

const EVERY_MS = 20;
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * `lie(packet, connection, state)` gets each packet first, and returns true if it has answered; `state` is one object for
 * each connection, which counts its `packets`.
 */
export async function lyingBroker(t, lie, { connack } = {}) {
  const arrived = new Set();
  let sent = 0;
  const broker = await fakeBroker(t, (connection) => {
    const state = { packets: 0, over: false };
    const honest = scripts.accepts(undefined, connack);
    honest(connection);
    const answer = connection.onPacket;
    connection.onPacket = (packet) => {
      state.packets += 1;
      // What came behind the packet at which the connection was ended was not read.
      if (state.over) return;
      if (lie(packet, connection, state)) {
        state.over = !connection.open;
        return;
      }
      if (packet.cmd === "publish" && packet.topic === "innocent") arrived.add(String(packet.payload));
      answer(packet);
      if (packet.cmd === "subscribe" && packet.subscriptions.some(({ topic }) => topic === "innocent/in")) {
        const timer = setInterval(() => {
          if (!connection.open) return clearInterval(timer);
          const messageId = (sent % 60_000) + 1;
          connection.send({ cmd: "publish", topic: "innocent/in", payload: `${++sent}`, qos: 1, messageId });
        }, EVERY_MS);
        t.after(() => clearInterval(timer));
      }
    };
    const { reset, close } = connection;
    const ends = (end) => () => {
      state.over = true;
      end();
    };
    Object.assign(connection, { reset: ends(reset), close: ends(close) });
  });
  return { ...broker, arrived };
}

/** Publishes and receives until `finish()`, which resolves with what was rejected, what did not arrive, and what came in. */
export async function innocentTraffic(client, broker) {
  const came = new Set();
  await client.subscribe("innocent/in", { qos: 1 }, (_client, _userdata, message) =>
    came.add(message.text()),
  );
  const results = [];
  let running = true;
  const loop = (async () => {
    while (running) {
      const text = `${results.length}`;
      results.push(
        client.publish("innocent", text, { qos: 1 }).then(
          () => undefined,
          (error) => `${text}: ${error.code}`,
        ),
      );
      await pause(EVERY_MS);
    }
  })();
  return {
    came: () => came.size,
    async finish() {
      running = false;
      await loop;
      const rejected = (await Promise.all(results)).filter(Boolean);
      const missing = results.map((_, i) => `${i}`).filter((text) => !broker.arrived.has(text));
      return { sent: results.length, rejected, missing };
    },
  };
}
