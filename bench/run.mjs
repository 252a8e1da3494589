// npm run bench: measures all clients in several rounds, each in a process of its own; prints a table, writes JSON.
//   --rounds=3  --only=ws-publish (part of a name)  --client=mqtt-lib,mqttjs  --quick  --payload=string|bytes
//   --acks=joined|separate (one frame for the acknowledgements of a chunk, or one each)  --no-build
//   --dist=folder (measures that copy of dist/ instead, for comparisons)
//   --profile (one round of mqtt-lib, .cpuprofile files into target/bench/profiles)

import { fork } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { cpus, loadavg, totalmem } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { build } from "../scripts/build.mjs";
import { Failure, main } from "../scripts/run.mjs";
import { setup } from "../scripts/setup.mjs";
import { startCounterpart } from "./counterpart/client.mjs";
import { startBroker } from "./counterpart/mosquitto.mjs";
import { figureTable, summariseFigures } from "./figures.mjs";
import { FOLDER, preparePeers } from "./peers.mjs";
import { NATIVE, prepareNative, program } from "./native.mjs";
import { summarise, table } from "./report.mjs";
import { WORKLOADS } from "./workloads.mjs";

const WORKER = fileURLToPath(new URL("worker.mjs", import.meta.url));
const PROFILES = join(FOLDER, "profiles");
/** The time limit of a measurement. */
const LIMIT_MS = 60_000;

function options() {
  const { values } = parseArgs({
    options: {
      rounds: { type: "string" },
      only: { type: "string" },
      client: { type: "string" },
      quick: { type: "boolean" },
      payload: { type: "string", default: "string" },
      acks: { type: "string", default: "joined" },
      build: { type: "boolean", default: true },
      dist: { type: "string", default: "dist" },
      profile: { type: "boolean" },
    },
    allowNegative: true,
  });
  const rounds = Number(values.rounds ?? (values.quick || values.profile ? 1 : 3));
  const [warm, ms] = values.quick ? [300, 700] : values.profile ? [0, 4000] : [700, 1500];
  const clients = values.profile ? ["mqtt-lib"] : values.client?.split(",");
  return { ...values, rounds, warm, ms, clients };
}

/** Runs a task in a process of its own; forwards its requests to the counterpart. */
function measure(task, counterpart, { env, profile }) {
  const execArgv = profile
    ? ["--cpu-prof", `--cpu-prof-dir=${PROFILES}`, `--cpu-prof-name=${task.workload}.cpuprofile`]
    : [];
  return new Promise((resolve, reject) => {
    const child = fork(WORKER, [JSON.stringify(task)], { execArgv, env: { ...process.env, ...env } });
    const name = `${task.workload} with ${task.client}`;
    const limit = setTimeout(() => {
      child.kill("SIGKILL");
      reject(new Failure(`${name}: no result after ${LIMIT_MS / 1000} s`));
    }, LIMIT_MS);
    let result;
    child.on("message", async (message) => {
      if (message.ask) child.send(await counterpart.ask(message.ask));
      else result = message.result;
    });
    child.on("exit", (code) => {
      clearTimeout(limit);
      if (result) resolve(result);
      else reject(new Failure(`${name}: ended with exit code ${code} and no result`));
    });
  });
}

/** A measurement that fails is reported in the table; the others continue. */
function failed(error) {
  if (!(error instanceof Failure)) throw error;
  return { rate: Number.NaN, wrong: error.message };
}

/** The counterparts that these workloads need, by name. */
async function otherSides(chosen, acks) {
  const sides = { counterpart: await startCounterpart() };
  await sides.counterpart.ask({ do: "set", separate: acks === "separate" });
  if (chosen.some(({ broker }) => broker === "mosquitto")) sides.mosquitto = await startBroker();
  return sides;
}

async function rounds(chosen, peers, { clients, acks, payload, rounds, warm, ms, profile }) {
  const sides = await otherSides(chosen, acks);
  const results = [];
  const one = async (workload, client, round) => {
    const { clients: _c, goal: _g, ofBare: _o, ofBest: _b, atMost: _a, flatTo: _f, name, ...rest } = workload;
    const side = sides[workload.broker];
    const url = side.url(workload.transport);
    const task = { ...rest, workload: name, client, url, payload, warm, ms };
    if (NATIVE.includes(client)) {
      Object.assign(task, { measure: "native", native: rest.measure, program: program(client) });
    }
    const result = await measure(task, side, { env: peers.env, profile }).catch(failed);
    results.push({ workload: name, client, round, ...result });
    console.error(`round ${round}/${rounds}  ${name} ${client} ${summary(result)} ${result.wrong ?? ""}`);
  };
  try {
    for (let round = 1; round <= rounds; round++) {
      for (const workload of chosen) {
        for (let i = 0; i < workload.repeat; i++) {
          for (const client of workload.clients.filter((name) => !clients || clients.includes(name))) {
            await one(workload, client, round);
          }
        }
      }
    }
  } finally {
    for (const side of Object.values(sides)) await side.stop();
  }
  return results;
}

/** Takes clients in other languages that this machine does not have out of the workloads. */
async function withoutMissing(chosen, clients) {
  const wanted = NATIVE.filter((name) =>
    chosen.some((workload) => workload.clients.includes(name) && (!clients || clients.includes(name))),
  );
  const ready = wanted.length > 0 ? await prepareNative(wanted) : [];
  for (const workload of chosen) {
    workload.clients = workload.clients.filter((name) => !NATIVE.includes(name) || ready.includes(name));
  }
}

const summary = ({ rate, figures }) =>
  figures ? JSON.stringify(figures) : `${Math.round(rate).toLocaleString("en")}/s`;

await main(async () => {
  const chosenOptions = options();
  const { only = "", profile } = chosenOptions;
  const chosen = WORKLOADS.filter(({ name }) => name.includes(only));
  if (chosen.length === 0) {
    throw new Failure(`--only=${only} is none of ${WORKLOADS.map(({ name }) => name).join(", ")}`);
  }
  if (chosenOptions.build && chosenOptions.dist === "dist") {
    await setup("build");
    await build();
  }
  const peers = await preparePeers(chosenOptions.dist);
  await withoutMissing(chosen, chosenOptions.clients);
  mkdirSync(FOLDER, { recursive: true });
  if (profile) rmSync(PROFILES, { recursive: true, force: true });
  const loadBefore = loadavg().map((value) => value.toFixed(1));
  const results = await rounds(chosen, peers, chosenOptions);
  const rows = summarise(results);
  const figures = summariseFigures(results);
  const load = loadavg().map((value) => value.toFixed(1));
  const machine = { cpu: cpus()[0].model, cores: cpus().length, memory: totalmem(), node: process.version };
  const file = join(FOLDER, profile ? "profiles/result.json" : "result.json");
  const about = {
    date: new Date().toISOString(),
    machine,
    build: peers.build,
    versions: peers.versions,
    load: { before: loadBefore, after: load },
    options: chosenOptions,
  };
  writeFileSync(file, `${JSON.stringify({ ...about, rows, figures, results }, null, 2)}\n`);
  const { versions } = peers;
  console.log([table(rows), figureTable(figures)].filter(Boolean).join("\n\n"));
  for (const r of results) if (r.wrong) console.log(`WRONG ${r.workload} ${r.client}: ${r.wrong}`);
  console.log(`\nmqtt-lib ${versions["mqtt-lib"]}, MQTT.js ${versions.mqttjs}, paho-mqtt ${versions.paho},`);
  console.log(`bare socket: ${versions.bare}; Node ${process.version}, ${machine.cores} x ${machine.cpu};`);
  console.log(`load of the machine (1, 5, 15 min) before ${loadBefore.join(" ")}, after ${load.join(" ")};`);
  console.log(
    "64-byte payloads unless the name says otherwise, 20-byte topic, medians of rates and of ratios within a round;",
  );
  console.log("CPU µs a message, in the client's process;");
  console.log(`"other side" near 100 %: the counterpart was the limit. Written to ${file}`);
  if (results.some((result) => result.wrong)) process.exitCode = 1;
  if (profile) console.log(`profiles in ${PROFILES}`);
});
