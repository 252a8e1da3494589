// `npm run test:brokers`: the matrix of brokers and operations.
//   npm run test:brokers -- mosquitto nats        only these brokers
//   npm run test:brokers -- --only qos2,burst     only these operations
//   npm run test:brokers -- --write               and the table of docs/brokers.md
//   npm run test:brokers -- --save FILE           and everything that was printed into a file
//   npm run test:brokers -- --cluster 10 nats-cluster   the proof of a cluster instead (cluster-proof.mjs)
// Ends with 1 if a cell has failed.

import { appendFileSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { build } from "../../scripts/build.mjs";
import { Failure, isMain, main, ROOT } from "../../scripts/run.mjs";
import { setup } from "../../scripts/setup.mjs";
import { BROKERS } from "./brokers/index.mjs";
import { clusterProof } from "./cluster-proof.mjs";
import { OPERATIONS } from "./operations/index.mjs";
import { revive, runCell } from "./support/run-cell.mjs";
import { lineOf, markdownTable, textTable, writeBetween } from "./support/table.mjs";

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
    const setting = has ? operation.setting : "";
    if (operation.setting && !has && !operation.optional) continue;
    groups.set(setting, [...(groups.get(setting) ?? []), operation]);
  }
  return groups;
}

async function runBroker(broker, operations, print) {
  const results = [];
  for (const [setting, group] of bySetting(broker, operations)) {
    const running = await broker.start(setting ? { setting } : {}).catch((error) => ({ error }));
    if (running.error) {
      for (const operation of group) {
        const reason = `${broker.name} could not be started: ${running.error.message.split("\n")[0]}`;
        const failed = {
          broker,
          version: broker.versions[0],
          operation,
          result: "failed",
          reason,
          seconds: 0,
        };
        results.push(failed);
        print(lineOf(failed));
      }
      continue;
    }
    try {
      for (const operation of group) {
        if (operation.for && !operation.for(running.nodes.length)) continue;
        for (const version of broker.versions) {
          if (operation.versions && !operation.versions.includes(version)) continue;
          const result = await runCell({ broker, operation, version, running });
          const died = await revive(running);
          if (died) result.notes = [...(result.notes ?? []), died];
          const cell = { broker, version, operation, ...result };
          results.push(cell);
          print(lineOf(cell));
        }
      }
    } finally {
      await running.stop();
    }
  }
  return results;
}

async function matrix({ brokers, operations, write, save }) {
  const print = (text) => {
    console.log(text);
    if (save) appendFileSync(save, `${text}\n`);
  };
  if (save) {
    mkdirSync(dirname(save), { recursive: true });
    writeFileSync(save, "");
  }
  const results = [];
  for (const broker of brokers) {
    const missing = broker.missing();
    if (missing) throw new Failure(missing);
    results.push(...(await runBroker(broker, operations, print)));
  }
  const inOrder = (one) => OPERATIONS.indexOf(one.operation);
  results.sort((a, b) => inOrder(a) - inOrder(b));
  print(`\n${textTable(results)}`);
  const count = (result) => results.filter((one) => one.result === result).length;
  print(`\n${count("passed")} passed, ${count("failed")} failed, ${count("cannot")} cannot`);
  if (write) writeBetween(PAGE, markdownTable(results));
  if (count("failed")) process.exitCode = 1;
}

async function command(argv) {
  const { values, positionals } = parseArgs({
    args: argv,
    allowPositionals: true,
    options: {
      only: { type: "string" },
      write: { type: "boolean" },
      save: { type: "string" },
      built: { type: "boolean" },
      cluster: { type: "string" },
    },
  });
  const brokers = chosen(BROKERS, positionals, "broker");
  const operations = chosen(OPERATIONS, values.only?.split(",") ?? [], "operation");
  if (!values.built) {
    await setup("brokers");
    await build();
  }
  if (values.cluster === undefined)
    return matrix({ brokers, operations, write: values.write, save: values.save });
  const clusters = positionals.length ? brokers : BROKERS.filter(({ name }) => name.endsWith("-cluster"));
  return clusterProof({ brokers: clusters, times: Number(values.cluster) });
}

if (isMain(import.meta.url)) await main(() => command(process.argv.slice(2)));
