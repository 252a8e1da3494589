// A real mosquitto with the interface of counterpart/client.mjs. It does not count messages; its CPU load is read from /proc.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { startMosquitto } from "../../tests/support/mosquitto.mjs";

const TICKS = 100; // a second, on Linux

export async function startBroker() {
  const broker = await startMosquitto({ config: "log_type none\nlog_dest none" });
  const pid = findProcess(join(broker.folder, "mosquitto.conf"));
  let [cpu, since] = [cpuSeconds(pid), performance.now()];
  const COMMANDS = {
    count: () => ({ messages: null }),
    busy() {
      const [cpuBefore, sinceBefore] = [cpu, since];
      [cpu, since] = [cpuSeconds(pid), performance.now()];
      return { busy: ((cpu - cpuBefore) * 1000) / (since - sinceBefore) };
    },
  };
  return {
    url: (transport) => (transport === "ws" ? broker.wsUrl : broker.url),
    ask: async (command) => COMMANDS[command.do](command),
    stop: () => broker.stop(),
  };
}

function findProcess(argument) {
  return readdirSync("/proc").find((name) => {
    if (!/^\d+$/.test(name)) return false;
    try {
      return readFileSync(`/proc/${name}/cmdline`, "utf8").split("\0").includes(argument);
    } catch {
      return false; // has ended
    }
  });
}

function cpuSeconds(pid) {
  if (pid === undefined) return Number.NaN;
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1].split(" ");
  return (Number(fields[11]) + Number(fields[12])) / TICKS;
}
