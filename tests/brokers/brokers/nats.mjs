// nats-server with JetStream and MQTT 3.1.1: one server, and a cluster of three whose streams and consumers have three
// copies. Nothing else is set.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { which } from "../../../scripts/run.mjs";
import { freePort, untilAccepts } from "../../support/ports.mjs";
import { ownFolder, startChild } from "../support/child.mjs";
import { sameUrls, startNode } from "../support/node.mjs";
import { untilConnack } from "../support/ready.mjs";

const VERSIONS = [4];
const SETTINGS = {
  large: "max_payload: 8MB",
  forbidden: `authorization {
  users = [{ user: u, password: p, permissions: { publish: { deny: "forbidden.>" }, subscribe: { deny: "forbidden.>" } } }]
}`,
};

const configuration = ({ number, ports, setting, cluster }) => `
server_name: node${number}
listen: "127.0.0.1:${ports.client}"
jetstream { store_dir: "js" }
mqtt { listen: "127.0.0.1:${ports.mqtt}"${cluster ? ", stream_replicas: 3, consumer_replicas: 3" : ""} }
websocket { listen: "127.0.0.1:${ports.ws}", no_tls: true }
${cluster ?? ""}
${setting ? SETTINGS[setting] : ""}
`;

const portsOfANode = async () => ({
  client: await freePort(),
  mqtt: await freePort(),
  ws: await freePort(),
  route: await freePort(),
});

async function startServers(count, setting) {
  const { folder, remove } = ownFolder("nats");
  const ports = [];
  for (let i = 0; i < count; i++) ports.push(await portsOfANode());
  const routes = ports.map(({ route }) => `nats-route://127.0.0.1:${route}`);
  const user = setting === "forbidden" ? { username: "u", password: "p" } : {};
  const nodes = await Promise.all(
    ports.map((own, number) => {
      const cluster =
        count > 1 &&
        `cluster { name: c, listen: "127.0.0.1:${own.route}", routes: [${routes.map((url) => `"${url}"`)}] }`;
      const file = join(folder, `node${number}.conf`);
      writeFileSync(
        file,
        configuration({ number, ports: own, setting, cluster: cluster || undefined }).replace(
          '"js"',
          `"${join(folder, `js${number}`)}"`,
        ),
      );
      return startNode({
        urls: sameUrls(VERSIONS, own),
        launch: () => startChild("nats-server", ["-c", file]),
        ready: async (child) => {
          await untilConnack(own.mqtt, { gone: child.why, ...user });
          await untilAccepts(own.ws, { gone: child.why });
        },
      });
    }),
  );
  return {
    nodes,
    credentials: user.username ? { mqttusername: user.username, mqttpassword: user.password } : {},
    stop: async () => {
      for (const node of nodes) await node.kill();
      remove();
    },
  };
}

const common = {
  versions: VERSIONS,
  cannot: {
    qos2: "closes the connection at a QoS 2 publish",
    shared: "grants $share and delivers nothing",
    overlapping: "sends a copy for each subscription, and MQTT 3.1.1 does not say for which",
  },
  skips: { burst: "closes the connection at each QoS 2 publish" },
  missing: () =>
    which("nats-server") ? undefined : "nats-server is not installed: apt-get install nats-server",
};

export const nats = {
  ...common,
  name: "nats",
  title: "nats-server 2.9",
  settings: Object.keys(SETTINGS),
  start: ({ setting } = {}) => startServers(1, setting),
};

export const natsCluster = {
  ...common,
  name: "nats-cluster",
  title: "nats-server 2.9, cluster of three",
  settings: [],
  start: () => startServers(3),
};
