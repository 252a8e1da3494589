// A client with one subscription at a simulated broker, which sends it messages and shows its acknowledgements.

import { fakeBroker, scripts } from "./fake-broker.mjs";
import { clientFor } from "../node/helpers.mjs";

export const VERSIONS = [4, 5];

/** A promise with its ends outside. */
export function deferred() {
  const ends = {};
  ends.promise = new Promise((resolve, reject) => Object.assign(ends, { resolve, reject }));
  return ends;
}

/** A client with one subscription, and the means to send it messages and to see its acknowledgements. */
export async function subscribed(
  t,
  mqttversion,
  { options = { qos: 2 }, handler, credentials, callbacks, script = scripts.accepts(), url = "url" } = {},
) {
  const broker = await fakeBroker(t, script);
  const all = { mqttserver: broker[url], mqttversion, stoptimeout: 1, mqttclientid: "c", ...credentials };
  const client = clientFor(t, all, callbacks);
  await client.start();
  await client.subscribe("t", options, handler);
  const connection = () => broker.connections.at(-1);
  const send = (messageId, payload = String(messageId), qos = 1, more = {}) =>
    connection().send({ cmd: "publish", topic: "t", messageId, payload, qos, ...more });
  const acks = () =>
    connection()
      .packets.filter(({ cmd }) => cmd === "puback" || cmd === "pubrec")
      .map(({ cmd, messageId, reasonCode }) => [cmd, messageId, reasonCode || 0].join(" "));
  return { broker, client, connection, send, acks };
}
