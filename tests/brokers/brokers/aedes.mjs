// Aedes 1 from npm, as its documentation starts it: in memory, MQTT 3.1.1, TCP and WebSocket.

import { fileURLToPath } from "node:url";
import { freePort, untilAccepts } from "../../support/ports.mjs";
import { startChild } from "../support/child.mjs";
import { sameUrls, startNode } from "../support/node.mjs";
import { untilConnack } from "../support/ready.mjs";

const PROGRAM = fileURLToPath(new URL("../support/aedes-program.mjs", import.meta.url));
const VERSIONS = [4];

async function start({ setting = "" } = {}) {
  const [mqtt, ws] = [await freePort(), await freePort()];
  const node = await startNode({
    urls: sameUrls(VERSIONS, { mqtt, ws }),
    launch: () => startChild(process.execPath, [PROGRAM, mqtt, ws, setting].map(String)),
    ready: async (child) => {
      await untilConnack(mqtt, { gone: child.why });
      await untilAccepts(ws, { gone: child.why });
    },
  });
  return { nodes: [node], stop: () => node.kill() };
}

export default {
  name: "aedes",
  title: "aedes 1.2",
  versions: VERSIONS,
  settings: ["forbidden"],
  cannot: { shared: "grants $share and delivers nothing" },
  missing: () => undefined,
  start,
};
