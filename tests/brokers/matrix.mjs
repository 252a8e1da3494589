// The matrix: starts each broker with each setting that its operations need, runs the cells, prints the table.

import { appendFileSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { Failure, ROOT } from "../../scripts/run.mjs";
import { BROKERS } from "./brokers/index.mjs";
import { clusterProof } from "./cluster-proof.mjs";
import { OPERATIONS } from "./operations/index.mjs";
import { revive, runCell } from "./support/run-cell.mjs";
import { lineOf, markdownTable, textTable, totals, writeBetween } from "./support/table.mjs";

const PAGE = join(ROOT, "docs", "brokers.md");

function chosen(all, names, what) {
  const unknown = names.find((name) => !all.some((one) => one.name === name));
  if (unknown) {
    throw new Failure(
      `There is no ${what} "${unknown}"; there are: ${all.map(({ name }) => name).join(", ")}.`,
    );
  }
  return names.length ? all.filter(({ name }) => names.includes(name)) : all;
}

/** The operations of a broker, by the setting it must be started with; "" is the stock one. */
function bySetting(broker, operations) {
  const groups = new Map();
  for (const operation of operations) {
    const has = operation.setting && broker.settings.includes(operation.setting);
    if (operation.setting && !has && !operation.optional) continue;
    const setting = has ? operation.setting : "";
    groups.set(setting, [...(groups.get(setting) ?? []), operation]);
  }
  return groups;
}

/** What a broker that does not start makes of the operations. */
function notStarted(broker, operations, error) {
  const reason = `${broker.name} could not be started: ${error.message.split("\n")[0]}`;
  const version = broker.versions[0];
  return operations.map((operation) => ({
    broker,
    version,
    operation,
    result: "failed",
    reason,
    seconds: 0,
  }));
}

async function runGroup(broker, operations, running, take) {
  for (const operation of operations) {
    if (operation.for && !operation.for(running.nodes.length)) continue;
    for (const version of broker.versions) {
      if (operation.versions && !operation.versions.includes(version)) continue;
      const result = await runCell({ broker, operation, version, running });
      const died = await revive(running);
      if (died) result.notes = [...(result.notes ?? []), died];
      take({ broker, version, operation, ...result });
    }
  }
}

async function runBroker(broker, operations, take) {
  for (const [setting, group] of bySetting(broker, operations)) {
    const running = await broker.start(setting ? { setting } : {}).catch((error) => ({ error }));
    if (running.error) {
      for (const result of notStarted(broker, group, running.error)) take(result);
      continue;
    }
    const left = new Set(group);
    try {
      await runGroup(broker, group, running, (result) => {
        left.delete(result.operation);
        take(result);
      });
    } catch (error) {
      // A broker that does not come back must not end the run of the others.
      for (const result of notStarted(broker, [...left], error)) take(result);
    } finally {
      await running.stop();
    }
  }
}

function printer(file) {
  if (file) {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, "");
  }
  return (text) => {
    console.log(text);
    if (file) appendFileSync(file, `${text}\n`);
  };
}

/** See run.mjs for what the options mean. */
export async function matrix({ names = [], only = [], write, save }) {
  const brokers = chosen(BROKERS, names, "broker");
  const operations = chosen(OPERATIONS, only, "operation");
  const missing = brokers.map((broker) => broker.missing()).find(Boolean);
  if (missing) throw new Failure(missing);
  const print = printer(save);
  const results = [];
  for (const broker of brokers) {
    await runBroker(broker, operations, (result) => {
      results.push(result);
      print(lineOf(result));
    });
  }
  results.sort((a, b) => OPERATIONS.indexOf(a.operation) - OPERATIONS.indexOf(b.operation));
  print(`\n${textTable(results)}`);
  print(`\n${totals(results)}`);
  const count = (result) => results.filter((one) => one.result === result).length;
  print(`\n${count("passed")} passed, ${count("failed")} failed, ${count("cannot")} cannot`);
  if (write) writeBetween(PAGE, markdownTable(results));
  if (count("failed")) process.exitCode = 1;
}

export async function proof({ names = [], times }) {
  const clusters = BROKERS.filter(({ name }) => name.endsWith("-cluster"));
  await clusterProof({ brokers: names.length ? chosen(BROKERS, names, "broker") : clusters, times });
}
