// A second broker with MQTT 5: rumqttd (Rust), which is compiled into the wheel of the pip package `iotcore`. MQTT 5 over TCP
// on 127.0.0.1. It ends when the test process ends, however that ends.
//
// Violations of the specification by version 0.20: it delivers with the QoS of the subscription instead of the smaller one,
// ignores No Local, Retain As Published and Retain Handling, and sends no UNSUBACK for a filter that was not subscribed to.
// It also ignores a client's Receive Maximum: up to 100 messages are unacknowledged, whatever its settings.

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PYTHON } from "../../scripts/setup.mjs";
import { freePort, untilAccepts } from "./ports.mjs";

// As the wheel does it; the process ends when its standard input is closed.
const PROGRAM = `
import os, sys, threading
sys.path.insert(0, sys.argv[2])
from iotcore.iotcore import IotCoreBroker
threading.Thread(target=lambda: (sys.stdin.buffer.read(), os._exit(0)), daemon=True).start()
IotCoreBroker(config_path=sys.argv[1]).run_forever()
`;

const settings = (port) => `
id = 0
[router]
id = 0
max_connections = 1000
max_outgoing_packet_count = 200
max_segment_size = 104857600
max_segment_count = 10
[v5.1]
name = "five"
listen = "127.0.0.1:${port}"
next_connection_delay_ms = 1
[v5.1.connections]
connection_timeout_ms = 60000
max_payload_size = 1048576
max_inflight_count = 100
`;

export async function startRumqttd() {
  const folder = mkdtempSync(join(tmpdir(), "mqtt-lib-rumqttd-"));
  const port = await freePort();
  const config = join(folder, "rumqttd.toml");
  writeFileSync(config, settings(port));
  const child = spawn("python3", ["-c", PROGRAM, config, PYTHON], { stdio: ["pipe", "pipe", "pipe"] });
  let output = "";
  let why;
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk) => {
      output += chunk;
    });
  }
  const ended = new Promise((resolve) => child.once("close", resolve));
  child.once("error", (error) => {
    why = `python3 could not be started (${error.message}): npm run setup`;
  });
  child.once("exit", (code) => {
    why ??= `rumqttd ended with exit code ${code} (npm run setup installs it on Linux x86-64):\n${output}`;
  });
  const stop = async () => {
    child.kill("SIGKILL");
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await untilAccepts(port, { gone: () => why });
  } catch (error) {
    await stop();
    throw error;
  }
  return { port, url: `mqtt://127.0.0.1:${port}`, stop };
}
