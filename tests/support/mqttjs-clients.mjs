// Clients of mqtt-lib/mqttjs for tests: each is ended with its test. Owns the broker of a file of tests.

import { once } from "node:events";
import { createServer } from "node:net";
import { connect } from "mqtt-lib/mqttjs";
import { sharedFixtures } from "./fixtures.mjs";
import { startMosquitto } from "./mosquitto.mjs";

/** To be called once in a file. */
export function clients() {
  const shared = sharedFixtures({ mosquitto: () => startMosquitto() });

  const clientOf = (t, url, options) => {
    const client = connect(url, options);
    t.after(() => client.endAsync(true));
    return client;
  };

  const connected = async (t, options, url = shared.mosquitto.url) => {
    const client = clientOf(t, url, options);
    await once(client, "connect");
    return client;
  };

  return { shared, clientOf, connected };
}

/** A server that `answer` makes a broker; its URL. */
export async function brokerOf(t, answer) {
  const broker = createServer((socket) => {
    socket.on("error", () => {});
    answer(socket);
  });
  await new Promise((resolve) => broker.listen(0, "127.0.0.1", resolve));
  t.after(() => broker.close());
  return `mqtt://127.0.0.1:${broker.address().port}`;
}
