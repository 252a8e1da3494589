// `npm test`: runs the set-up, the build, then the stages of stages.mjs two at a time, and prints the counts.
//   npm test -- node browser    only these stages
// After a failing stage the others still run; a stage without a test has failed.
import { build } from "./build.mjs";
import { Failure, isMain, main } from "./run.mjs";
import { setup } from "./setup.mjs";
import { ALONE, runSideBySide } from "./side-by-side.mjs";
import { STAGES } from "./stages.mjs";

function choose(names) {
  if (names.length === 0) return STAGES.filter((stage) => !stage.onlyByName);
  const unknown = names.find((name) => !STAGES.some((stage) => stage.name === name));
  if (unknown) {
    throw new Failure(
      `There is no stage "${unknown}"; there are: ${STAGES.map((stage) => stage.name).join(", ")}.`,
    );
  }
  return STAGES.filter((stage) => names.includes(stage.name));
}

/** Runs one stage; an exception is a failure of this stage. */
async function runStage({ name, title, body }) {
  console.log(`\n== ${name}: ${title}`);
  const start = Date.now();
  let counts;
  try {
    counts = await body();
  } catch (error) {
    console.error(error instanceof Failure ? error.message : error);
    counts = { passed: 0, failed: 1, skipped: 0 };
  }
  if (counts.passed + counts.failed === 0) {
    console.error(`The stage "${name}" ran no test at all.`);
    counts.failed = 1;
  }
  return { name, ...counts, seconds: (Date.now() - start) / 1000 };
}

function printTable(rows) {
  const line = (...cells) =>
    console.log(cells.map((cell, i) => (i ? String(cell).padStart(9) : cell.padEnd(14))).join(""));
  console.log("");
  line("kind", "passed", "failed", "skipped", "seconds");
  for (const row of rows) line(row.name, row.passed, row.failed, row.skipped, row.seconds.toFixed(1));
}

async function test(names) {
  const stages = choose(names);
  console.log("== setup");
  await setup(stages.some((stage) => stage.long) ? "long" : "test");
  // The build is a stage, so that the tests of the engine still run if it fails.
  const first = {
    name: "build",
    title: "npm run build",
    body: () => build().then(() => ({ passed: 1, failed: 0, skipped: 0 })),
  };
  const rows = stages.some((stage) => stage.built) ? [await runStage(first)] : [];
  rows.push(...(await runSideBySide(stages, runStage)));
  printTable(rows);
  const sum = (key) => rows.reduce((total, row) => total + row[key], 0);
  console.log(`\n${sum("passed")} passed, ${sum("failed")} failed`);
  if (sum("failed") > 0) process.exitCode = 1;
}

/** One stage, for side-by-side.mjs: what it needs is there. */
async function testAlone(name) {
  // Nobody waits for the result any more, at the latest when it has been sent.
  process.once("disconnect", () => process.exit());
  try {
    const row = await runStage(STAGES.find((stage) => stage.name === name));
    await new Promise((resolve) => process.send(row, resolve));
  } finally {
    process.disconnect?.();
  }
}

if (isMain(import.meta.url)) {
  const [first, ...others] = process.argv.slice(2);
  await main(() => (first === ALONE ? testAlone(others[0]) : test(process.argv.slice(2))));
}
