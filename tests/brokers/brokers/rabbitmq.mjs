// RabbitMQ 3.10 with its plugins for MQTT 3.1.1 over TCP and WebSocket: one node, and a cluster of three on loopback
// whose kept sessions are quorum queues. Erlang's distribution and port mapper listen on 127.0.0.1 only.

import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePort, untilAccepts } from "../../support/ports.mjs";
import { ownFolder, startChild } from "../support/child.mjs";
import { sameUrls, startNode } from "../support/node.mjs";
import { untilConnack } from "../support/ready.mjs";

const SERVER = "/usr/lib/rabbitmq/bin/rabbitmq-server";
const VERSIONS = [4];
/** Three nodes on a busy machine need more than a minute. */
const START_SECONDS = 300;
/** Queues of kept sessions have a copy on each node. */
const QUORUM_QUEUES = "[{rabbitmq_mqtt, [{durable_queue_type, quorum}]}].\n";
const LOOPBACK = "-kernel inet_dist_use_interface {127,0,0,1}";

/** A user of whom the exchange of MQTT refuses topics that begin with "forbidden". */
const FORBIDDEN = {
  users: [{ name: "u", password: "p", tags: "" }],
  vhosts: [{ name: "/" }],
  permissions: [{ user: "u", vhost: "/", configure: ".*", write: ".*", read: ".*" }],
  topic_permissions: [
    { user: "u", vhost: "/", exchange: "amq.topic", write: "^(?!forbidden)", read: "^(?!forbidden)" },
  ],
};

const configuration = ({ ports, names, definitions }) =>
  [
    definitions ? `load_definitions = ${definitions}` : "",
    `listeners.tcp.default = 127.0.0.1:${ports.amqp}`,
    `mqtt.listeners.tcp.default = 127.0.0.1:${ports.mqtt}`,
    "web_mqtt.tcp.ip = 127.0.0.1",
    `web_mqtt.tcp.port = ${ports.ws}`,
    "web_mqtt.ws_path = /ws",
    names.length > 1 ? "cluster_formation.peer_discovery_backend = classic_config" : "",
    ...(names.length > 1
      ? names.map((name, i) => `cluster_formation.classic_config.nodes.${i + 1} = ${name}`)
      : []),
    "",
  ].join("\n");

const credentials = ({ username, password }) =>
  username ? { mqttusername: username, mqttpassword: password } : {};

/** Erlang's port mapper, in the foreground, so that it ends with the nodes. */
async function startPortMapper(port) {
  const child = startChild("epmd", ["-address", "127.0.0.1", "-port", String(port)]);
  await untilAccepts(port, { gone: child.why });
  return child;
}

/** Writes the files of one node and starts it. */
async function startOne({ folder, names, number, setting, mapperPort, user }) {
  const own = join(folder, `node${number}`);
  const file = (name) => join(own, name);
  mkdirSync(own);
  const ports = {
    amqp: await freePort(),
    mqtt: await freePort(),
    ws: await freePort(),
    dist: await freePort(),
  };
  const definitions = setting === "forbidden" ? file("definitions.json") : undefined;
  if (definitions) writeFileSync(definitions, JSON.stringify(FORBIDDEN));
  writeFileSync(file("rabbitmq.conf"), configuration({ ports, names, definitions }));
  if (names.length > 1) writeFileSync(file("advanced.config"), QUORUM_QUEUES);
  writeFileSync(file("plugins"), "[rabbitmq_mqtt, rabbitmq_web_mqtt].\n");
  const env = {
    HOME: folder, // where the nodes' common cookie is
    RABBITMQ_NODENAME: names[number],
    RABBITMQ_CONF_ENV_FILE: file("none"),
    RABBITMQ_CONFIG_FILE: file("rabbitmq.conf"),
    RABBITMQ_ADVANCED_CONFIG_FILE: file("advanced.config"),
    RABBITMQ_ENABLED_PLUGINS_FILE: file("plugins"),
    RABBITMQ_MNESIA_BASE: file("mnesia"),
    RABBITMQ_LOG_BASE: file("log"),
    RABBITMQ_DIST_PORT: String(ports.dist),
    ERL_EPMD_PORT: String(mapperPort),
    ERL_EPMD_ADDRESS: "127.0.0.1",
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: LOOPBACK,
    RUNNING_UNDER_SYSTEMD: "true", // the script then becomes the server, and has the process id that is killed
  };
  return startNode({
    urls: sameUrls(VERSIONS, { mqtt: ports.mqtt, ws: ports.ws, path: "/ws" }),
    launch: () => startChild(SERVER, [], { env, cwd: own }),
    ready: async (child) => {
      await untilConnack(ports.mqtt, { gone: child.why, seconds: START_SECONDS, ...user });
      await untilAccepts(ports.ws, { gone: child.why });
    },
  });
}

async function startServers(count, setting) {
  const { folder, remove } = ownFolder("rabbitmq");
  const user = setting === "forbidden" ? { username: "u", password: "p" } : {};
  const mapperPort = await freePort();
  const mapper = await startPortMapper(mapperPort);
  const names = Array.from({ length: count }, (_, i) => `mqttlib${mapperPort}n${i}@localhost`);
  // Before the nodes start: each of them would make one of its own.
  writeFileSync(join(folder, ".erlang.cookie"), randomBytes(12).toString("hex"), { mode: 0o400 });
  const nodes = [];
  const stop = async () => {
    for (const node of nodes) await node.kill();
    await mapper.kill();
    remove();
  };
  try {
    // One after the other: nodes that join at the same time sometimes have no common list of MQTT clients, and then
    // never answer CONNECT.
    for (const number of names.keys()) {
      nodes.push(await startOne({ folder, names, number, setting, mapperPort, user }));
    }
  } catch (error) {
    await stop();
    throw error;
  }
  return { nodes, credentials: credentials(user), stop };
}

const common = {
  versions: VERSIONS,
  cannot: {
    qos2: "grants QoS 1 for 2, and answers a QoS 2 publish with PUBACK",
    shared: "grants $share and delivers nothing",
    snapshot: "sends no retained message for a filter with wildcards, only for the topic itself",
  },
  missing: () =>
    existsSync(SERVER)
      ? undefined
      : "RabbitMQ is not installed: apt-get install --no-install-recommends rabbitmq-server",
};

export const rabbitmq = {
  ...common,
  name: "rabbitmq",
  title: "RabbitMQ 3.10",
  settings: ["forbidden"],
  start: ({ setting } = {}) => startServers(1, setting),
};

export const rabbitmqCluster = {
  ...common,
  name: "rabbitmq-cluster",
  title: "RabbitMQ 3.10, cluster of three, quorum queues",
  settings: [],
  start: () => startServers(3),
};
