// rumqttd (Rust), which the pip package `iotcore` has compiled into its wheel. It has no default configuration; the
// limits here are those of the sample that its authors publish: 20,480 bytes a payload, 100 messages in flight.
// MQTT 3.1.1 and MQTT 5 have a port each; its WebSocket is of MQTT 3.1.1.

import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PYTHON } from "../../../scripts/setup.mjs";
import { freePort } from "../../support/ports.mjs";
import { ownFolder, startChild } from "../support/child.mjs";
import { alone, startNode } from "../support/node.mjs";
import { untilConnack } from "../support/ready.mjs";

const PROGRAM = `
import sys
sys.path.insert(0, sys.argv[2])
from iotcore.iotcore import IotCoreBroker
IotCoreBroker(config_path=sys.argv[1]).run_forever()
`;
const SAMPLE_PAYLOAD = 20_480;
const LARGE_PAYLOAD = 8_388_608;

const listener = (name, port, payload) => `
[${name}]
name = "${name}"
listen = "127.0.0.1:${port}"
next_connection_delay_ms = 1
[${name}.connections]
connection_timeout_ms = 60000
max_payload_size = ${payload}
max_inflight_count = 100
dynamic_filters = true
`;

const settings = (ports, payload) => `
id = 0
[router]
id = 0
max_connections = 10010
max_outgoing_packet_count = 200
max_segment_size = 104857600
max_segment_count = 10
${listener("v4.1", ports.four, payload)}
${listener("v5.1", ports.five, payload)}
${listener("ws.1", ports.ws, payload)}
`;

async function start({ setting } = {}) {
  const { folder, remove } = ownFolder("rumqttd");
  const ports = { four: await freePort(), five: await freePort(), ws: await freePort() };
  const config = join(folder, "rumqttd.toml");
  writeFileSync(config, settings(ports, setting === "large" ? LARGE_PAYLOAD : SAMPLE_PAYLOAD));
  const node = await startNode({
    urls: {
      4: { mqtt: `mqtt://127.0.0.1:${ports.four}`, ws: `ws://127.0.0.1:${ports.ws}/mqtt` },
      5: { mqtt: `mqtt://127.0.0.1:${ports.five}` },
    },
    launch: () => startChild("python3", ["-c", PROGRAM, config, PYTHON]),
    ready: async (child) => {
      await untilConnack(ports.four, { gone: child.why });
      await untilConnack(ports.five, { version: 5, gone: child.why });
    },
  });
  return alone(node, remove);
}

export default {
  name: "rumqttd",
  title: "rumqttd 0.20, its sample's limits",
  versions: [4, 5],
  settings: ["large"],
  cannot: {
    snapshot: "sends the first 100 retained messages of a filter",
    "overlapping 4": "sends a copy for each subscription, and MQTT 3.1.1 does not say for which",
  },
  missing: () =>
    existsSync(join(PYTHON, "iotcore"))
      ? undefined
      : "rumqttd is not installed: its wheel exists for Linux on x86-64, node scripts/setup.mjs brokers",
  start,
};
