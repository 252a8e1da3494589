// node bench/scale.mjs: what many of them cost, as curves: 10,000 clients in a process, 100,000 subscriptions of a client, a
// million topics through a client in an hour. Over a simulated socket and clock, so that the package alone is measured.
//   --only=topics  --dist=folder

import { fork } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { ROOT } from "../scripts/run.mjs";

const MEASURES = fileURLToPath(new URL("scale/measures.mjs", import.meta.url));
const NAMES = ["clients", "subscriptions", "topics"];
const FOLDER = join(ROOT, "target", "bench");

function measured(name, dist) {
  const child = fork(MEASURES, [name, dist], { execArgv: ["--expose-gc"] });
  return new Promise((done, failed) => {
    child.on("message", done);
    child.on("exit", (code) => code !== 0 && failed(new Error(`${name}: exit code ${code}`)));
  });
}

/** Microseconds of CPU have no unit in their column. */
function table(rows) {
  const columns = [...new Set(rows.flatMap(Object.keys))];
  const cell = (value) =>
    value === undefined ? "" : value.toLocaleString("en", { maximumFractionDigits: value < 100 ? 2 : 0 });
  const line = (cells) => `| ${cells.join(" | ")} |`;
  return [
    line(columns),
    line(columns.map(() => "---:")),
    ...rows.map((row) => line(columns.map((column) => cell(row[column])))),
  ].join("\n");
}

const { values } = parseArgs({
  options: { only: { type: "string", default: "" }, dist: { type: "string", default: "dist" } },
});
const results = {};
for (const name of NAMES.filter((one) => one.includes(values.only))) {
  results[name] = await measured(name, resolve(ROOT, values.dist));
  console.log(`\n${name}\n\n${table(results[name])}`);
}
mkdirSync(FOLDER, { recursive: true });
writeFileSync(join(FOLDER, "scale.json"), `${JSON.stringify(results, null, 2)}\n`);
