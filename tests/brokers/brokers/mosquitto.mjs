// Mosquitto with its stock settings: `max_inflight_messages` 20, `max_queued_messages` 1000, no persistence. A
// configuration file is needed for the ports and for anonymous clients, and has nothing else.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { which } from "../../../scripts/run.mjs";
import { freePort, untilAccepts } from "../../support/ports.mjs";
import { ownFolder, startChild } from "../support/child.mjs";
import { alone, sameUrls, startNode } from "../support/node.mjs";
import { untilConnack } from "../support/ready.mjs";

const VERSIONS = [4, 5];

/** What is added to the stock settings for operations that need it. */
const SETTINGS = {
  forbidden: (folder) => {
    writeFileSync(join(folder, "acl"), "topic readwrite #\ntopic deny forbidden/#\n");
    return `acl_file ${folder}/acl`;
  },
  limits: () => "max_packet_size 100000",
};

async function start({ setting } = {}) {
  const { folder, remove } = ownFolder("mosquitto");
  const [mqtt, ws] = [await freePort(), await freePort()];
  const file = join(folder, "mosquitto.conf");
  const lines = [
    process.getuid?.() === 0 ? "user root" : "",
    `listener ${mqtt} 127.0.0.1`,
    `listener ${ws} 127.0.0.1\nprotocol websockets`,
    "allow_anonymous true",
    setting ? SETTINGS[setting](folder) : "",
  ];
  writeFileSync(file, `${lines.filter(Boolean).join("\n")}\n`);
  const node = await startNode({
    urls: sameUrls(VERSIONS, { mqtt, ws }),
    launch: () => startChild("mosquitto", ["-c", file]),
    ready: async (child) => {
      await untilConnack(mqtt, { gone: child.why });
      await untilAccepts(ws, { gone: child.why });
    },
  });
  return alone(node, remove);
}

export default {
  name: "mosquitto",
  title: "mosquitto 2.0.11, stock",
  versions: VERSIONS,
  settings: Object.keys(SETTINGS),
  missing: () => (which("mosquitto") ? undefined : "mosquitto is not installed: apt-get install mosquitto"),
  start,
};
