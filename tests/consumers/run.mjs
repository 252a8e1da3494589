// `npm run test:consumers -- [names] [--peer mqtt] [--all] [--missing] [--write] [--packed FILE]`: runs the consumers whose
// names contain one of the names, or all, one after the other. Each project is removed after its run.
//   --peer mqtt    the same projects with MQTT.js in the place of this package; --all: both
//   --missing      only those without a result of the package as it is now: continues what was interrupted,
//                  which ends after the consumer that runs
//   --packed FILE  this tarball of the package, instead of one packed from dist/: a long run is of one package
//   --write        puts each result into results.json when it is there, and the table into docs/consumers.md

import { existsSync } from "node:fs";
import { parseArgs } from "node:util";
import { ALL } from "./consumers.mjs";
import { guideWith, readResults, tableOf, writeGuide, writeResult } from "./results.mjs";
import { sentenceOf, startHarness } from "./support/harness.mjs";

const OURS = "mqtt-lib";
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    peer: { type: "string" },
    all: { type: "boolean" },
    missing: { type: "boolean" },
    write: { type: "boolean" },
    packed: { type: "string" },
    verbose: { type: "boolean" },
    browsers: { type: "string", default: "Chromium" },
  },
});
const libs = values.all ? [OURS, "mqtt"] : [values.peer ?? OURS];
const chosen = ALL.filter(
  ({ name }) =>
    positionals.length === 0 || positionals.some((part) => name.toLowerCase().includes(part.toLowerCase())),
);

if (!values.packed && !existsSync(new URL("../../dist/node.cjs", import.meta.url)))
  throw new Error("There is no dist/: npm run build");
const harness = await startHarness({
  browsers: values.browsers.split(","),
  peers: libs.filter((lib) => lib !== OURS),
  keep: false,
  packed: values.packed,
});
const of = harness.packed.shasum.slice(0, 8);
// The consumer that runs is finished.
let stopping = false;
for (const signal of ["SIGINT", "SIGTERM"])
  process.once(signal, () => {
    stopping = true;
  });
const counts = { passed: 0, failed: 0, known: 0 };

/** A result of the peer counts for its version; one of this package for the packed files. */
const isThere = (consumer, lib) => {
  const row = readResults()[consumer.name]?.[lib];
  return (
    row !== undefined && (lib !== OURS || (row.of === of && (!row.error || consumer.fails !== undefined)))
  );
};

async function result(consumer, lib) {
  try {
    const { lib: _lib, ...row } = await harness.runConsumer(consumer, lib);
    return row;
  } catch (error) {
    if (values.verbose) console.error(error.message);
    const { lib: _lib, ...row } = error.row;
    return { ...row, error: sentenceOf(error) };
  }
}

function put(consumer, lib, row) {
  const written = Object.fromEntries(Object.entries(row).filter(([, value]) => value !== ""));
  if (!values.write) return;
  writeResult(consumer.name, lib, lib === OURS ? { ...written, of } : written, ALL);
  writeGuide(guideWith(tableOf(readResults(), ALL)));
}

/** Only a failure of this package that is not known is one of the run; a known one says why in `fails`. */
function count(consumer, lib, row) {
  if (lib !== OURS) return;
  if (!row.error) counts.passed += 1;
  else if (consumer.fails) counts.known += 1;
  else counts.failed += 1;
}

try {
  for (const consumer of chosen) {
    for (const lib of libs) {
      if (stopping) break;
      if (lib !== OURS && consumer.peer !== undefined) continue;
      if (values.missing && isThere(consumer, lib)) continue;
      const start = Date.now();
      const row = await result(consumer, lib);
      put(consumer, lib, row);
      count(consumer, lib, row);
      const seconds = ((Date.now() - start) / 1000).toFixed(0);
      console.log(
        `${row.error ? "not ok" : "ok"} ${lib} in ${consumer.name}, ${seconds} s: ${row.error ?? row.exchanged}`,
      );
    }
  }
} finally {
  await harness.stop();
}
console.log(`${counts.known} fail as they are known to`);
console.log(`${counts.passed} passed, ${counts.failed} failed`);
if (counts.failed > 0) process.exitCode = 1;
