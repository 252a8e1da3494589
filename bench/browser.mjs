// npm run bench:browser: the benchmark in Chromium. Owns the browsers and the order of the clients; the site is in
// browser/site.mjs, the measurement in the page in browser/page.mjs.
//   --rounds=3  --only=publish-1 (part of a name)  --client=mqtt-lib,mqttjs  --quick  --no-build  --dist=folder

import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { cpus, loadavg, tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { build } from "../scripts/build.mjs";
import { Failure, main, which } from "../scripts/run.mjs";
import { setup } from "../scripts/setup.mjs";
import { startSite } from "./browser/site.mjs";
import { startCounterpart } from "./counterpart/client.mjs";
import { FOLDER, preparePeers } from "./peers.mjs";
import { summarise, table } from "./report.mjs";
import { BROWSER } from "./workloads/browser.mjs";

const LIMIT_MS = 60_000;
const ARGS = [
  "--headless=new",
  "--no-sandbox",
  "--no-first-run",
  "--disable-gpu",
  "--disable-dev-shm-usage",
  "--disable-background-networking",
  "--disable-component-update",
];

function options() {
  const { values } = parseArgs({
    options: {
      rounds: { type: "string" },
      only: { type: "string", default: "" },
      client: { type: "string" },
      quick: { type: "boolean" },
      build: { type: "boolean", default: true },
      dist: { type: "string", default: "dist" },
    },
    allowNegative: true,
  });
  const [warm, ms] = values.quick ? [300, 700] : [700, 1500];
  const rounds = Number(values.rounds ?? (values.quick ? 1 : 3));
  return { ...values, rounds, warm, ms, clients: values.client?.split(",") };
}

/**
 * One measurement in a browser of its own, without Playwright: a debugger receives every WebSocket frame, which takes three
 * times as long as everything else that is done with a short frame.
 */
async function measure(executable, site, task) {
  const profile = mkdtempSync(join(tmpdir(), "mqtt-lib-bench-"));
  const browser = spawn(executable, [...ARGS, `--user-data-dir=${profile}`, site.url], { stdio: "ignore" });
  const ended = once(browser, "exit");
  const failed = (wrong) => ({ rate: Number.NaN, wrong });
  let limit;
  const late = new Promise((resolve) => {
    limit = setTimeout(resolve, LIMIT_MS, failed(`no result after ${LIMIT_MS / 1000} s`));
  });
  try {
    return await Promise.race([site.run(task), late, ended.then(() => failed("the browser ended"))]);
  } finally {
    clearTimeout(limit);
    browser.kill();
    await ended;
    await rm(profile, { recursive: true, force: true, maxRetries: 20 }); // its processes do not end at the same time
  }
}

async function rounds(executable, site, url, { only, clients, rounds, warm, ms }) {
  const results = [];
  for (let round = 1; round <= rounds; round++) {
    for (const workload of BROWSER.filter(({ name }) => name.includes(only))) {
      const named = workload.clients.filter((name) => !clients || clients.includes(name));
      for (const client of Array(workload.repeat).fill(named).flat()) {
        const result = await measure(executable, site, { ...workload, client, url, warm, ms });
        results.push({ workload: workload.name, client, round, cpu: Number.NaN, ...result });
        const rate = Math.round(result.rate).toLocaleString("en");
        console.error(`round ${round}/${rounds}  ${workload.name} ${client} ${rate}/s ${result.wrong ?? ""}`);
      }
    }
  }
  return results;
}

await main(async () => {
  const chosen = options();
  if (chosen.build && chosen.dist === "dist") {
    await setup("test"); // installs Chromium
    await build();
  }
  const executable = which("chromium");
  if (!executable) throw new Failure("Chromium is missing: node scripts/setup.mjs test");
  const { versions, build: hash } = await preparePeers(chosen.dist);
  const load = () => loadavg().map((value) => value.toFixed(1));
  const before = load();
  const counterpart = await startCounterpart();
  const site = await startSite(counterpart.ask);
  let results;
  try {
    results = await rounds(executable, site, counterpart.url("ws"), chosen);
  } finally {
    site.stop();
    counterpart.stop();
  }
  const rows = summarise(results, BROWSER);
  const machine = { cpu: cpus()[0].model, cores: cpus().length, memory: totalmem(), node: process.version };
  const [chromium] = /[\d.]+/.exec(
    execFileSync(executable, ["--version"], { encoding: "utf8", stdio: "pipe" }),
  );
  const about = {
    date: new Date().toISOString(),
    machine,
    build: hash,
    versions,
    chromium,
  };
  mkdirSync(FOLDER, { recursive: true });
  const file = join(FOLDER, "browser.json");
  const loads = { before, after: load() };
  writeFileSync(
    file,
    `${JSON.stringify({ ...about, load: loads, options: chosen, rows, results }, null, 2)}\n`,
  );
  console.log(table(rows));
  for (const r of results) if (r.wrong) console.log(`WRONG ${r.workload} ${r.client}: ${r.wrong}`);
  console.log(`\nChromium ${chromium}, headless; mqtt-lib ${versions["mqtt-lib"]}, MQTT.js`);
  console.log(`${versions.mqttjs} (its browser build); ${machine.cores} x ${machine.cpu};`);
  console.log(
    `load of the machine (1, 5, 15 min) before ${before.join(" ")}, after ${loads.after.join(" ")};`,
  );
  console.log(`64-byte payloads, 20-byte topic. Written to ${file}`);
  if (results.some((result) => result.wrong)) process.exitCode = 1;
});
