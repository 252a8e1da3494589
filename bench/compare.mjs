// node bench/compare.mjs folder folder...: compares copies of dist/ by CPU time for each message (MQTT 3.1.1, 64 bytes).
//   --processes=8  --slices=40  --only=publish-1 (part of a name)
// All copies run in one process, with a simulated socket, and take turns of a few milliseconds: other load of the machine
// affects all of them, so that a difference of one per cent is visible. The cost of real sockets is not included. V8
// compiles differently in each process, so there are several processes, with different orders of the copies.
// Each copy that knows the option maxinflightqos2 has it at 1,000, the window of the others: `publish-2` is the same work.

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { LoopSocket, TOPIC } from "./measure/loop-socket.mjs";

const PAYLOAD = "x".repeat(64);
const WARM = 15;
const WORKLOADS = {
  "publish-0": async ({ client }) => {
    for (let burst = 0; burst < 20; burst++) {
      for (let i = 1; i < 1000; i++) client.publish(TOPIC, PAYLOAD);
      await client.publish(TOPIC, PAYLOAD);
    }
    return 20_000;
  },
  "publish-1": (side) => windowed(side, 1),
  "publish-2": (side) => windowed(side, 2),
  "receive-1": (side) => receive(side, 1, 14_000),
  "receive-16": (side) => receive(side, 16, 875),
  "receive-700": (side) => receive(side, 700, 20),
  "receive-1-qos1": (side) => receive(side, 1, 14_000, 1),
  "receive-16-qos1": (side) => receive(side, 16, 875, 1),
  "receive-700-qos1": (side) => receive(side, 700, 20, 1),
};

/** 1,000 messages in flight, as in the other measurements. */
async function windowed({ client }, qos) {
  const count = 8000;
  const options = { qos };
  let left = count;
  const one = async () => {
    while (left-- > 0) await client.publish(TOPIC, PAYLOAD, options);
  };
  await Promise.all(Array.from({ length: 1000 }, one));
  return count;
}

async function receive(side, packed, chunks, qos = 0) {
  const before = side.received;
  for (let i = 0; i < chunks; i++) {
    side.socket.deliver(packed, qos);
    if (i % 64 === 63) await null;
  }
  await new Promise((done) => setImmediate(done));
  if (side.received - before !== packed * chunks)
    throw new Error(`${side.received - before} messages were received`);
  return packed * chunks;
}

async function open(folder) {
  const lib = await import(pathToFileURL(join(folder, "bare.mjs")).href);
  await lib.init(readFileSync(join(folder, "mqtt_lib_bg.wasm")));
  const side = { received: 0 };
  const on_message = () => {
    side.received += 1;
  };
  const credentials = { mqttserver: "ws://localhost:1/", mqttkeepalive: 0 };
  try {
    side.client = new lib.MqttCustom({ credentials: { ...credentials, maxinflightqos2: 1000 }, on_message });
  } catch (error) {
    if (!/maxinflightqos2/.test(error.message)) throw error;
    side.client = new lib.MqttCustom({ credentials, on_message });
  }
  await side.client.start();
  side.socket = LoopSocket.last;
  await side.client.subscribe(TOPIC);
  return side;
}

const used = () => {
  const { user, system } = process.cpuUsage();
  return user + system;
};

/** The 20th percentile: higher values mostly contain the load of other processes. */
const fifth = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 5)];

async function inThisProcess(folders, slices, names) {
  globalThis.WebSocket = LoopSocket;
  const sides = [];
  for (const folder of folders) sides.push(await open(folder));
  const figures = {};
  for (const name of names) {
    const times = sides.map(() => []);
    for (let slice = 0; slice < WARM + slices; slice++) {
      for (let i = 0; i < sides.length; i++) {
        const turn = (i + slice) % sides.length;
        const start = used();
        const count = await WORKLOADS[name](sides[turn]);
        if (slice >= WARM) times[turn].push((used() - start) / count);
      }
    }
    figures[name] = times.map(fifth);
  }
  process.stdout.write(JSON.stringify(figures), () => process.exit());
}

const median = (values) => {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
};

function compare(folders, { processes, slices, only }) {
  const figures = {};
  for (let round = 0; round < processes; round++) {
    const from = round % folders.length;
    const order = [...folders.slice(from), ...folders.slice(0, from)];
    const args = [
      fileURLToPath(import.meta.url),
      "--child",
      `--slices=${slices}`,
      `--only=${only}`,
      ...order,
    ];
    for (const [name, times] of Object.entries(JSON.parse(execFileSync(process.execPath, args)))) {
      figures[name] ??= [];
      figures[name].push(folders.map((folder) => times[order.indexOf(folder)]));
    }
  }
  console.log(
    `| CPU µs a message | ${folders.map((folder) => basename(folder)).join(" | ")} |\n| --- |${" ---: |".repeat(folders.length)}`,
  );
  for (const [name, rows] of Object.entries(figures)) {
    const cells = folders.map((_, i) => {
      const ratio = i > 0 ? ` (${median(rows.map((row) => row[i] / row[0])).toFixed(2)}x)` : "";
      return median(rows.map((row) => row[i])).toFixed(3) + ratio;
    });
    console.log(`| ${name} | ${cells.join(" | ")} |`);
  }
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    processes: { type: "string", default: "8" },
    slices: { type: "string", default: "40" },
    only: { type: "string", default: "" },
    child: { type: "boolean" },
  },
});
const folders = positionals.map((folder) => resolve(folder));
const names = Object.keys(WORKLOADS).filter((name) => name.includes(values.only));
if (values.child) await inThisProcess(folders, Number(values.slices), names);
else compare(folders, { ...values, processes: Number(values.processes) });
