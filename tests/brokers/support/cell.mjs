// What an operation works with: clients of the package, a second client, the broker it may kill, time limits. Counts
// the connections of the package's clients and stops them at the end.

import diagnostics from "node:diagnostics_channel";
import { MqttCustom } from "mqtt-lib";
import { BOUND, brief, Failed, holds, LIMIT, NotDone, settled } from "./outcome.mjs";
import { connectSecond, isSecond } from "./second.mjs";

/** `acktimeout` of the clients: a broker that does not answer must not take the whole bound. */
const ACK_TIMEOUT = 5;

export function makeCell({ broker, nodes, credentials, version, control }) {
  const clients = [];
  let connections = 0;
  let names = 0;
  const count = () => {
    if (!isSecond()) connections += 1;
  };
  diagnostics.subscribe("net.client.socket", count);
  const id = Math.random().toString(36).slice(2, 8);

  const cell = {
    broker,
    version,
    nodes,
    credentials,
    /** Notes for the line of the result. */
    notes: [],
    /** What a run of the cluster's proof counted. */
    figures: undefined,
    connections: () => connections,
    clients: () => clients.length,
    topic: (name) => `m/${id}/${name}`,
    name: (what) => `${what}${id}${++names}`,
    url: (transport = "mqtt", node = 0) => nodes[node].urls[version]?.[transport],
    /** Ends a node, and starts it again. */
    kill: (node = 0) => control("kill", node),
    start: (node = 0) => control("start", node),

    /** A client of the package. `creds` are added to the credentials, `options` are those of the constructor. */
    client(creds = {}, options = {}) {
      const errors = [];
      const client = new MqttCustom({
        on_error: (_client, _userdata, error) => errors.push(error),
        on_disconnect: (_client, _userdata, _rc, error) => error && errors.push(error),
        ...options,
        credentials: {
          mqttserver: cell.url(),
          mqttversion: version,
          mqttclientid: cell.name("cell"),
          acktimeout: ACK_TIMEOUT,
          ...credentials,
          ...creds,
        },
      });
      client.errors = errors;
      clients.push(client);
      return client;
    },

    /** A connected client; anything else is a failure. */
    async connected(creds, options) {
      const client = cell.client(creds, options);
      await cell.succeeds(client.start(), "start()");
      return client;
    },

    second: (options = {}, transport = "mqtt") =>
      connectSecond(cell.url(transport), { version, credentials, ...options }),

    /** The promise settles within the bound, either way. */
    async settles(promise, what, seconds = BOUND) {
      const result = await settled(promise, seconds);
      if (!result) throw new Failed(`${what} has not settled after ${seconds} s`);
      return result;
    },

    /** The promise settles, and is fulfilled; a rejection means that it was not done. */
    async succeeds(promise, what, seconds) {
      const { error, value } = await cell.settles(promise, what, seconds);
      if (error) throw new NotDone(`${what}: ${brief(error)}`);
      return value;
    },

    async until(condition, what, seconds = LIMIT) {
      if (!(await holds(condition, seconds))) throw new NotDone(`${what()} after ${seconds} s`);
    },

    async stop() {
      const results = await Promise.all(
        clients.map((client) => settled(client.stop(), 2 * ACK_TIMEOUT + 10)),
      );
      diagnostics.unsubscribe("net.client.socket", count);
      if (results.some((result) => !result)) throw new Failed("stop() has not settled after 20 s");
    },
  };
  return cell;
}
