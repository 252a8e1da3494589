// `npm run test:brokers`: sets up what is missing, builds, and runs the matrix of brokers and operations.
//   npm run test:brokers -- mosquitto nats          only these brokers
//   npm run test:brokers -- --only qos2,burst       only these operations
//   npm run test:brokers -- --write                 and writes the table of docs/brokers.md
//   npm run test:brokers -- --save FILE             and writes what it prints into a file, too
//   npm run test:brokers -- --built                 without set-up and build
//   npm run test:brokers -- --cluster 10            the proof of the clusters instead (cluster-proof.mjs)
// Ends with 1 if a cell has failed.

import { parseArgs } from "node:util";
import { build } from "../../scripts/build.mjs";
import { Failure, isMain, main } from "../../scripts/run.mjs";
import { setup } from "../../scripts/setup.mjs";

const OPTIONS = {
  only: { type: "string" },
  write: { type: "boolean" },
  save: { type: "string" },
  built: { type: "boolean" },
  cluster: { type: "string" },
};

function parsed(args) {
  try {
    return parseArgs({ args, allowPositionals: true, options: OPTIONS });
  } catch (error) {
    throw new Failure(error.message);
  }
}

async function command(args) {
  const { values, positionals: names } = parsed(args);
  if (!values.built) {
    await setup("brokers");
    await build();
  }
  // Not before: it needs the npm packages.
  const { matrix, proof } = await import("./matrix.mjs");
  if (values.cluster !== undefined) return proof({ names, times: Number(values.cluster) });
  return matrix({ ...values, names, only: values.only?.split(",") });
}

if (isMain(import.meta.url)) await main(() => command(process.argv.slice(2)));
