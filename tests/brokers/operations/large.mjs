// Messages of 1 MB and 3 MB at QoS 1, over TCP and WebSocket, there and back, byte by byte. A broker whose stock limit is
// lower is started with a higher one where it has a setting for it.

import { brief, Failed, holds, NotDone } from "../support/outcome.mjs";
import { connectSecond, within } from "../support/second.mjs";

const SECONDS = 60;

function payloadOf(size) {
  const bytes = new Uint8Array(size);
  for (let i = 0; i < size; i++) bytes[i] = (i * 31 + (i >> 8)) & 255;
  return bytes;
}

const operation = (megabytes, transport, where) => ({
  name: `${megabytes}mb-${transport === "ws" ? "ws" : "tcp"}`,
  title: `${megabytes} MB over ${where}`,
  acktimeout: SECONDS / 2,
  setting: "large",
  optional: true,
  absent: (cell) => (cell.url(transport) ? undefined : `no ${where} listener`),
  async run(cell, main) {
    const client =
      transport === "ws"
        ? await cell.connected({ mqttserver: cell.url("ws"), acktimeout: SECONDS / 2 })
        : main;
    const topic = cell.topic("large");
    const payload = payloadOf(megabytes * 1_000_000);
    let came;
    await cell.succeeds(
      client.subscribe(topic, { qos: 1 }, (_client, _userdata, message) => {
        came = message.payload;
      }),
      "subscribe",
    );
    const { error } = await cell.settles(client.publish(topic, payload, { qos: 1 }), "publish", SECONDS);
    if (error) throw new NotDone(`publish: ${brief(error)}`);
    if (!(await holds(() => came, SECONDS))) throw new NotDone("acknowledged, and did not arrive");
    if (Buffer.compare(came, payload) !== 0) throw new Failed("arrived with other bytes");
  },
  /** The same size with MQTT.js, on the same transport. */
  async second(cell) {
    const client = await connectSecond(cell.url(transport), {
      version: cell.version,
      credentials: cell.credentials,
    });
    try {
      const topic = cell.topic("second");
      await within(client, 10, (done) => client.subscribe(topic, { qos: 1 }, done));
      const payload = Buffer.from(payloadOf(megabytes * 1_000_000));
      await within(client, 20, (done) => client.publish(topic, payload, { qos: 1 }, done));
      if (!(await holds(() => client.texts.length > 0, 20)))
        throw new Error("nothing arrives with MQTT.js either");
    } finally {
      client.end(true);
    }
  },
});

export default [
  operation(1, "mqtt", "TCP"),
  operation(3, "mqtt", "TCP"),
  operation(1, "ws", "WebSocket"),
  operation(3, "ws", "WebSocket"),
];
