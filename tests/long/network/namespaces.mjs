// Two network namespaces with a link of `link.rs` between them: in one a client, in the other a real mosquitto, which is also
// there for this process, by a Unix socket that no fault reaches. Needs root, `ip` (iproute2) and /dev/net/tun. Owns the
// namespaces and what happens to the network; never what is sent.

import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { must, ROOT, which } from "../../../scripts/run.mjs";

const SOURCE = fileURLToPath(new URL("link.rs", import.meta.url));
const LINK = join(ROOT, "target", "network", "link");
export const BROKER = "10.99.0.2";
const PORT = 1883;

/** Why this machine cannot do it; undefined if it can. */
export function missing() {
  if (process.platform !== "linux" || process.getuid() !== 0) return "needs root of a Linux";
  if (!which("ip")) return "needs ip: apt-get install iproute2";
  try {
    accessSync("/dev/net/tun", constants.R_OK | constants.W_OK);
  } catch {
    return "needs /dev/net/tun";
  }
}

export async function compileLink() {
  if (existsSync(LINK) && statSync(LINK).mtimeMs > statSync(SOURCE).mtimeMs) return;
  mkdirSync(join(ROOT, "target", "network"), { recursive: true });
  await must("rustc", ["-O", "--edition", "2021", "-o", LINK, SOURCE]);
}

const ip = (...words) => must("ip", words, { capture: true });

/** A clean network; see `link.rs`. */
const CLEAN = { loss: 0, delay: 0, jitter: 0, reorder: 0, duplicate: 0, rate: 0, mtu: 0 };

export async function startNetwork(number, seed) {
  const name = `mq${process.pid % 100_000}n${number}`;
  const [near, far] = [`${name}a`, `${name}b`];
  const folder = mkdtempSync(join(tmpdir(), "mqtt-lib-network-"));
  const children = [];
  const start = (command, args, options) => {
    const child = spawn(command, args, options);
    children.push(child);
    child.ended = new Promise((resolve) => child.once("close", resolve));
    return child;
  };
  let address = 1;

  async function stop() {
    for (const child of children) {
      child.kill("SIGKILL");
      await child.ended;
    }
    for (const space of [near, far]) await ip("netns", "del", space).catch(() => {});
    rmSync(folder, { recursive: true, force: true });
  }

  try {
    for (const space of [near, far]) await ip("netns", "add", space);
    const link = start(LINK, [String(seed), near, far], { stdio: ["pipe", "pipe", "inherit"] });
    const answers = createInterface({ input: link.stdout })[Symbol.asyncIterator]();
    await answers.next();
    for (const [space, last] of [
      [near, 1],
      [far, 2],
    ]) {
      await ip("link", "set", space, "netns", space);
      await ip("-n", space, "addr", "add", `10.99.0.${last}/24`, "dev", space);
      await ip("-n", space, "link", "set", space, "up");
      await ip("-n", space, "link", "set", "lo", "up");
    }
    const socket = join(folder, "socket");
    const config = [
      "user root\nallow_anonymous true\nmax_inflight_messages 0\nmax_queued_messages 0\nset_tcp_nodelay true",
      `persistence false\nlog_dest none\nlistener ${PORT} ${BROKER}\nlistener 0 ${socket}\n`,
    ];
    writeFileSync(join(folder, "mosquitto.conf"), config.join("\n"));
    const inside = ["netns", "exec", far, "mosquitto", "-c", join(folder, "mosquitto.conf")];
    const broker = start("ip", inside, { stdio: "inherit" });
    for (let left = 200; !existsSync(socket); left--) {
      if (left === 0 || broker.exitCode !== null) throw new Error("mosquitto did not start in its namespace");
      await sleep(25);
    }
    return {
      url: `mqtt://${BROKER}:${PORT}`,
      /** For this process, without the link. */
      direct: `unix://${socket}`,
      /** Runs a module in the client's namespace, with a channel for messages. */
      run: (module) =>
        start("ip", ["netns", "exec", near, process.execPath, module], {
          stdio: ["ignore", "inherit", "inherit", "ipc"],
          env: { ...process.env, NODE_TEST_CONTEXT: "" },
        }),
      async set(conditions) {
        const { loss, delay, jitter, reorder, duplicate, rate, mtu } = { ...CLEAN, ...conditions };
        link.stdin.write(`${[loss, delay, jitter, reorder, duplicate, rate, mtu].join(" ")}\n`);
        await answers.next();
      },
      /** The client's machine gets another address; its connections keep the old one, at which nothing arrives. */
      async changeAddress() {
        const before = address;
        address = address === 1 ? 7 : 1;
        await ip("-n", near, "addr", "del", `10.99.0.${before}/24`, "dev", near);
        await ip("-n", near, "addr", "add", `10.99.0.${address}/24`, "dev", near);
      },
      /** Packets to the broker vanish on the client's machine, or do not. */
      route: (on) => ip("-n", near, "route", on ? "add" : "del", "blackhole", `${BROKER}/32`),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Ends a child that was started with `run`. */
export async function end(child) {
  if (child.exitCode === null && child.signalCode === null) {
    child.kill("SIGKILL");
    await once(child, "close");
  }
}
