// One program of MQTT.js, run with the package `mqtt` and with mqtt-lib/mqttjs against the same broker: the same log, line by line.

import assert from "node:assert/strict";
import { test } from "node:test";
import theirs from "mqtt";
import ours from "mqtt-lib/mqttjs";
import { sharedFixtures } from "../support/fixtures.mjs";
import { startMosquitto } from "../support/mosquitto.mjs";
import { program } from "../support/mqttjs-script.mjs";

const shared = sharedFixtures({ mosquitto: () => startMosquitto() });

async function logOf(mqtt, url) {
  const lines = [];
  await program(mqtt, url, "swap", (line) => lines.push(line));
  return lines;
}

for (const transport of ["url", "wsUrl"]) {
  test(`the same log with both packages, ${transport === "url" ? "over TCP" : "over WebSocket"}`, async () => {
    const url = shared.mosquitto[transport];
    const expected = await logOf(theirs, url);
    assert.deepEqual(await logOf(ours, url), expected);
    assert.ok(expected.length > 70, `${expected.length} lines`);
  });
}
