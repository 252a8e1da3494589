// amqtt 0.12 (Python) with the settings of its own default file, listeners apart: MQTT 3.1.1, TCP and WebSocket.

import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { AMQTT } from "../../../scripts/setup.mjs";
import { freePort, untilAccepts } from "../../support/ports.mjs";
import { ownFolder, startChild } from "../support/child.mjs";
import { alone, sameUrls, startNode } from "../support/node.mjs";
import { untilConnack } from "../support/ready.mjs";

const VERSIONS = [4];
const PROGRAM =
  "import sys; sys.path.insert(0, sys.argv.pop(1)); from amqtt.scripts.broker_script import main; main()";

const configuration = ({ mqtt, ws }, setting) => `
listeners:
  default:
    type: tcp
    bind: 127.0.0.1:${mqtt}
  web:
    type: ws
    bind: 127.0.0.1:${ws}
plugins:
  amqtt.plugins.logging_amqtt.EventLoggerPlugin:
  amqtt.plugins.authentication.AnonymousAuthPlugin:
    allow_anonymous: true
  amqtt.plugins.sys.broker.BrokerSysPlugin:
    sys_interval: 20
${setting === "forbidden" ? "  amqtt.plugins.topic_checking.TopicTabooPlugin:\n" : ""}`;

async function start({ setting } = {}) {
  const { folder, remove } = ownFolder("amqtt");
  const ports = { mqtt: await freePort(), ws: await freePort() };
  const file = join(folder, "amqtt.yaml");
  writeFileSync(file, configuration(ports, setting));
  const node = await startNode({
    urls: sameUrls(VERSIONS, ports),
    launch: () => startChild("python3", ["-c", PROGRAM, AMQTT, "-c", file], { cwd: folder }),
    ready: async (child) => {
      await untilConnack(ports.mqtt, { gone: child.why });
      await untilAccepts(ports.ws, { gone: child.why });
    },
  });
  return alone(node, remove);
}

export default {
  name: "amqtt",
  title: "amqtt 0.12",
  versions: VERSIONS,
  settings: ["forbidden"],
  cannot: {
    "kept-session": "keeps a session, and not the messages for it",
    shared: "grants $share and delivers nothing",
    overlapping: "sends a copy for each subscription, and MQTT 3.1.1 does not say for which",
    takeover: "leaves the older connection open, without its subscriptions",
  },
  forbidden: { topic: "prohibited", filter: "prohibited" },
  missing: () =>
    existsSync(join(AMQTT, "amqtt")) ? undefined : "amqtt is not installed: node scripts/setup.mjs brokers",
  start,
};
