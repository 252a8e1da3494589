// npm run bench:browser: the same in Chromium. Owns the browser, the site it loads from, and the order in
// which clients take turns; what is measured inside the page is in browser/page.mjs.
//   --rounds=3  --only=publish-1 (part of a name)  --client=mqtt-lib,mqttjs  --quick  --no-build  --dist=folder

import { mkdirSync, writeFileSync } from "node:fs";
import { cpus, loadavg, totalmem } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { chromium } from "playwright-core";
import { build } from "../scripts/build.mjs";
import { Failure, main, which } from "../scripts/run.mjs";
import { setup } from "../scripts/setup.mjs";
import { startSite } from "./browser/site.mjs";
import { startCounterpart } from "./counterpart/client.mjs";
import { FOLDER, preparePeers } from "./peers.mjs";
import { summarise, table } from "./report.mjs";
import { BROWSER } from "./workloads/browser.mjs";

const LIMIT_MS = 60_000;
const ARGS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking"];

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

/** One measurement in a page of its own; its questions go to the counterpart. */
async function measure(browser, site, counterpart, task) {
  const page = await browser.newPage();
  const broken = new Promise((_, reject) => {
    page.on("pageerror", (error) => reject(new Failure(error.message)));
    setTimeout(() => reject(new Failure(`no result after ${LIMIT_MS / 1000} s`)), LIMIT_MS).unref();
  });
  broken.catch(() => {});
  try {
    await page.exposeFunction("ask", (command) => counterpart.ask(command));
    await page.goto(site.url);
    const inside = page.evaluate(async (given) => {
      const { run } = await import("/bench/browser/page.mjs");
      return run(given);
    }, task);
    return await Promise.race([inside, broken]);
  } catch (error) {
    return { rate: Number.NaN, wrong: error.message.split("\n")[0] };
  } finally {
    await page.close();
  }
}

async function rounds(browser, site, counterpart, { only, clients, rounds, warm, ms }) {
  const results = [];
  const url = counterpart.url("ws");
  for (let round = 1; round <= rounds; round++) {
    for (const workload of BROWSER.filter(({ name }) => name.includes(only))) {
      for (const client of workload.clients.filter((name) => !clients || clients.includes(name))) {
        const result = await measure(browser, site, counterpart, { ...workload, client, url, warm, ms });
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
    await setup("test"); // it knows how to get Chromium
    await build();
  }
  const executablePath = which("chromium");
  if (!executablePath) throw new Failure("Chromium is missing: node scripts/setup.mjs test");
  const { versions, build: hash } = await preparePeers(chosen.dist);
  const load = () => loadavg().map((value) => value.toFixed(1));
  const before = load();
  const counterpart = await startCounterpart();
  const site = await startSite();
  const browser = await chromium.launch({ executablePath, args: ARGS });
  let results;
  try {
    results = await rounds(browser, site, counterpart, chosen);
  } finally {
    await browser.close();
    site.stop();
    counterpart.stop();
  }
  const rows = summarise(results, BROWSER);
  const machine = { cpu: cpus()[0].model, cores: cpus().length, memory: totalmem(), node: process.version };
  const about = {
    date: new Date().toISOString(),
    machine,
    build: hash,
    versions,
    chromium: browser.version(),
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
  console.log(`\nChromium ${browser.version()}, headless; mqtt-lib ${versions["mqtt-lib"]}, MQTT.js`);
  console.log(`${versions.mqttjs} (its browser build); ${machine.cores} x ${machine.cpu};`);
  console.log(
    `load of the machine (1, 5, 15 min) before ${before.join(" ")}, after ${loads.after.join(" ")};`,
  );
  console.log(`64-byte payloads, 20-byte topic. Written to ${file}`);
  if (results.some((result) => result.wrong)) process.exitCode = 1;
});
