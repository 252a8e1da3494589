// The broker of the crate mqttv5-cli (Rust) with its defaults: MQTT 3.1.1 and 5, TCP and WebSocket, sessions in files.

import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { which } from "../../../scripts/run.mjs";
import { freePort, untilAccepts } from "../../support/ports.mjs";
import { ownFolder, startChild } from "../support/child.mjs";
import { alone, sameUrls, startNode } from "../support/node.mjs";
import { untilConnack } from "../support/ready.mjs";

const VERSIONS = [4, 5];

const LIMITS = { max_packet_size: 100_000, max_subscriptions_per_client: 10, server_receive_maximum: 20 };

async function start({ setting } = {}) {
  const { folder, remove } = ownFolder("mqttv5");
  const [mqtt, ws] = [await freePort(), await freePort()];
  const args = ["broker", "--non-interactive", "--host", `127.0.0.1:${mqtt}`, "--ws-host", `127.0.0.1:${ws}`];
  args.push("--storage-dir", join(folder, "storage"));
  args.push("--allow-anonymous", String(setting !== "scram"));
  if (setting === "forbidden") {
    writeFileSync(
      join(folder, "acl"),
      "user * topic # permission readwrite\nuser * topic forbidden/# permission deny\n",
    );
    args.push("--acl-file", join(folder, "acl"));
  }
  if (setting === "scram") {
    const file = join(folder, "scram");
    spawnSync("mqttv5", ["scram", "-c", "-b", "pencil", "-i", "10000", "u", file]);
    args.push("--auth-method", "scram", "--scram-file", file);
  }
  if (setting === "limits") {
    const file = join(folder, "limits.json");
    const bind = { bind_addresses: [`127.0.0.1:${mqtt}`] };
    const auth = { auth_config: { allow_anonymous: true, auth_method: "None" } };
    const web = { websocket_config: { bind_addresses: [`127.0.0.1:${ws}`], path: "/mqtt", use_tls: false } };
    const storage = { storage_config: { base_dir: join(folder, "storage") } };
    writeFileSync(file, JSON.stringify({ ...bind, ...auth, ...web, ...storage, ...LIMITS }));
    args.splice(0, args.length, "broker", "--non-interactive", "--config", file);
  }
  const node = await startNode({
    urls: sameUrls(VERSIONS, { mqtt, ws }),
    launch: () => startChild("mqttv5", args, { cwd: folder }),
    ready: async (child) => {
      if (setting === "scram") await untilAccepts(mqtt, { gone: child.why });
      else await untilConnack(mqtt, { gone: child.why });
      await untilAccepts(ws, { gone: child.why });
    },
  });
  return alone(node, remove);
}

export default {
  name: "mqttv5",
  title: "mqttv5-cli 0.29",
  versions: VERSIONS,
  settings: ["forbidden", "limits", "scram"],
  cannot: {
    "overlapping 4": "sends a copy for each subscription, and MQTT 3.1.1 does not say for which",
  },
  missing: () => (which("mqttv5") ? undefined : "mqttv5 is not installed: cargo install mqttv5-cli"),
  start,
};
