// `npm run test:brokers -- --cluster 10`: in each cluster the node in use is ended with kill -9 while 5,000 QoS 1 messages
// are published, so many times, another node each time. Prints what was lost, what arrived twice and after how many
// seconds the client was back. Ends with 1 if anything was lost.

import { setTimeout as sleep } from "node:timers/promises";
import { Failure } from "../../scripts/run.mjs";
import { PROOF } from "./operations/killed.mjs";
import { revive, runCell } from "./support/run-cell.mjs";

/** For the node that was started again to have its copies. */
const REST_MS = 5000;

async function proveOne(broker, times) {
  const running = await broker.start();
  const rows = [];
  try {
    if (running.nodes.length < 2) throw new Failure(`${broker.name} has one node; a cluster has several.`);
    for (let round = 0; round < times; round++) {
      const { figures, result, reason, seconds, notes } = await runCell({
        broker,
        operation: PROOF,
        version: broker.versions[0],
        running,
        round,
      });
      await revive(running);
      const { lost, twice, back } = figures ?? {};
      rows.push({ lost, twice, back, result });
      const told = figures ? `lost ${lost}, twice ${twice}, back after ${back?.toFixed(1)} s` : reason;
      console.log(`${broker.name}, run ${round + 1} of ${times}: ${told} (${seconds.toFixed(0)} s)`);
      for (const note of notes?.slice(1) ?? []) console.log(`      ${note}`);
      await sleep(REST_MS);
    }
  } finally {
    await running.stop();
  }
  return rows;
}

export async function clusterProof({ brokers, times }) {
  if (!Number.isInteger(times) || times < 1) {
    throw new Failure(`--cluster takes how many times, a whole number from 1; ${times} was given.`);
  }
  for (const broker of brokers) {
    const rows = await proveOne(broker, times);
    const known = rows.filter(({ lost }) => lost !== undefined);
    const sum = (key) => known.reduce((total, row) => total + row[key], 0);
    const back = known.map((row) => row.back).sort((a, b) => a - b);
    console.log(
      `${broker.title}: ${rows.length} runs, lost ${sum("lost")}, twice ${sum("twice")}, ` +
        `back after ${back[0]?.toFixed(1)} to ${back.at(-1)?.toFixed(1)} s, without a result ${rows.length - known.length}`,
    );
    if (rows.some(({ result }) => result !== "passed")) process.exitCode = 1;
  }
}
