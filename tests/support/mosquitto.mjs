// Starts a Mosquitto for a test: TCP and WebSocket listeners on 127.0.0.1, with its own configuration and folder. Never the
// system service. It is killed when the test process ends, however that ends.
//
// Three faults of Mosquitto 2.0.11. With its default window of 20 messages it stops delivering QoS 2 after 20 messages of a
// burst, so there is no window here. After a short write its WebSocket listener is very slow (60 KB/s where socket buffers
// are small): send bursts of large payloads to subscribers over TCP, or over the WebSocket of embedded.mjs. It respects a
// client's Receive Maximum only until the first acknowledgement; then each acknowledgement is followed by as many messages
// as the maximum, so that it always respects a maximum of 1 only (2.1.2, built from source, also 10).

import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort, untilAccepts } from "./ports.mjs";

const DIED_WITH = ["/usr/bin/setpriv", "/bin/setpriv"].find((path) => existsSync(path));

/**
 * `config` is appended: its global settings take precedence, and a `listener` in it is a further one. The broker may read
 * and write in the `folder` of the result; `restart()` keeps ports, configuration and folder.
 */
export async function startMosquitto({ persistence = false, config = "", port, wsPort } = {}) {
  const folder = mkdtempSync(join(tmpdir(), "mqtt-lib-mosquitto-"));
  const tcp = port ?? (await freePort());
  const ws = wsPort ?? (await freePort());
  const extra = typeof config === "function" ? config(folder) : config;
  writeFileSync(join(folder, "mosquitto.conf"), text({ persistence, extra, folder, tcp, ws }));
  let process_;
  let output = "";

  async function start() {
    const child = launch(folder);
    process_ = child;
    child.ended = new Promise((resolve) => child.once("close", resolve));
    child.once("error", (error) => {
      child.why = `mosquitto could not be started (${error.message}): apt-get install mosquitto`;
    });
    child.once("exit", (code) => {
      child.why ??= `mosquitto ended with exit code ${code}:\n${output}`;
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (chunk) => {
        output += chunk;
      });
    }
    for (const listener of [tcp, ws]) await untilAccepts(listener, { gone: () => child.why });
  }

  /** Ends the process and resolves when it has ended; SIGKILL simulates a crash, SIGTERM an orderly shutdown. */
  async function kill(signal = "SIGKILL") {
    process_.kill(signal);
    await process_.ended;
  }

  async function stop() {
    process.off("exit", atExit);
    await kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  }

  function atExit() {
    process_?.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  }

  process.on("exit", atExit);
  try {
    await start();
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    port: tcp,
    wsPort: ws,
    url: `mqtt://127.0.0.1:${tcp}`,
    wsUrl: `ws://127.0.0.1:${ws}/mqtt`,
    folder,
    kill,
    start,
    stop,
    /** With an orderly shutdown by default, so that a persistent broker keeps its sessions. */
    async restart(signal = "SIGTERM") {
      await kill(signal);
      await start();
    },
    log: () => output,
  };
}

/** Settings that the configuration of a test may override. */
const DEFAULTS = ["allow_anonymous true", "max_inflight_messages 0", "max_queued_messages 0"];

function text({ persistence, extra, folder, tcp, ws }) {
  return [
    process.getuid?.() === 0 ? "user root" : "",
    ...DEFAULTS.filter((line) => !new RegExp(`^\\s*${line.split(" ")[0]}\\b`, "m").test(extra)),
    `persistence ${persistence}`,
    persistence ? `persistence_location ${folder}/\nautosave_interval 1` : "",
    "log_dest stderr\nlog_type all\nset_tcp_nodelay true",
    `listener ${tcp} 127.0.0.1`,
    `listener ${ws} 127.0.0.1\nprotocol websockets`,
    extra,
    "",
  ].join("\n");
}

function launch(folder) {
  const command = ["mosquitto", "-c", join(folder, "mosquitto.conf")];
  // Otherwise the broker would survive a test process that is killed, for example by a time limit.
  if (DIED_WITH) command.unshift(DIED_WITH, "--pdeathsig", "KILL");
  return spawn(command[0], command.slice(1), {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` },
  });
}
