// The broker of the crate mqttv5-cli (Rust) with its defaults: MQTT 3.1.1 and 5, TCP and WebSocket, sessions in files.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { which } from "../../../scripts/run.mjs";
import { freePort, untilAccepts } from "../../support/ports.mjs";
import { ownFolder, startChild } from "../support/child.mjs";
import { sameUrls, startNode } from "../support/node.mjs";
import { untilConnack } from "../support/ready.mjs";

const VERSIONS = [4, 5];

async function start({ setting } = {}) {
  const { folder, remove } = ownFolder("mqttv5");
  const [mqtt, ws] = [await freePort(), await freePort()];
  const args = ["broker", "--non-interactive", "--host", `127.0.0.1:${mqtt}`, "--ws-host", `127.0.0.1:${ws}`];
  args.push("--storage-dir", join(folder, "storage"), "--allow-anonymous", "true");
  if (setting === "forbidden") {
    writeFileSync(join(folder, "acl"), "user * topic # permission readwrite\nuser * topic forbidden/# permission deny\n");
    args.push("--acl-file", join(folder, "acl"));
  }
  if (setting === "limits") args.push("--max-qos", "1", "--no-wildcards", "--no-retain");
  const node = await startNode({
    urls: sameUrls(VERSIONS, { mqtt, ws }),
    launch: () => startChild("mqttv5", args, { cwd: folder }),
    ready: async (child) => {
      await untilConnack(mqtt, { gone: child.why });
      await untilAccepts(ws, { gone: child.why });
    },
  });
  return {
    nodes: [node],
    stop: async () => {
      await node.kill();
      remove();
    },
  };
}

export default {
  name: "mqttv5",
  title: "mqttv5-cli 0.29",
  versions: VERSIONS,
  settings: ["forbidden", "limits"],
  missing: () => (which("mqttv5") ? undefined : "mqttv5 is not installed: cargo install mqttv5-cli"),
  start,
};
