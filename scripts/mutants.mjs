// `npm run proof:mutants`: would the tests notice? Changes the code in one place at a time and runs the tests: a change that
// no test fails for is a survivor. A sample, chosen by a seed, because all of them take days.
//   npm run proof:mutants -- --sample 100 --seed 1         engine and codec, with cargo-mutants
//   npm run proof:mutants -- --js --sample 20 --seed 1     js/, with the sampler of js-mutants.mjs
// A survivor in a place on which safety depends gets a test; others may be the same behaviour in other words.
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { choose, sampleOfJs } from "./js-mutants.mjs";
import { Failure, isMain, main, must, ROOT, run } from "./run.mjs";
import { setup } from "./setup.mjs";

const OUTPUT = join(ROOT, "target", "mutants");
const FILES = [
  "-f",
  "src/engine/**/*.rs",
  "-f",
  "src/codec/**/*.rs",
  "-e",
  "**/tests/**",
  "-e",
  "**/tests.rs",
];
/** Tests that take half a second or more: half of the time of all. */
const SLOW = [
  "a_hundred_thousand_waiting",
  "hour_offline",
  "a_million_messages",
  "a_peer_that_floods",
  "every_guilty_operation",
  "a_thousand_schedules",
  "invalid_packets_are_not_written",
];
/** The first tests are fast and see most of it; the others are asked about what is left. */
const STAGES = [
  ["--lib", "--", "-Zunstable-options", "--fail-fast", ...SLOW.flatMap((name) => ["--skip", name])],
  ["--lib"],
  ["--test", "exhaustive", "--test", "fuzz"],
];
/** The first failure ends the tests, which Rust's own test runner has for its nightly only. */
const ENVIRONMENT = { RUSTC_BOOTSTRAP: "1", CARGO_PROFILE_TEST_DEBUG: "false" };

/** The share of viable mutants that were noticed. */
export const share = ({ caught, timeout, missed }) => {
  const viable = caught.length + timeout.length + missed.length;
  return viable === 0 ? 1 : (caught.length + timeout.length) / viable;
};

const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");

/** Runs these mutants against these tests; the lists of cargo-mutants. */
async function stage(mutants, tests, name) {
  const output = join(OUTPUT, name);
  rmSync(output, { recursive: true, force: true });
  mkdirSync(output, { recursive: true });
  const args = ["mutants", ...FILES, "--re", `^(${mutants.map(escaped).join("|")})$`, "--output", output];
  // Its exit code says that there are survivors; the lists say which.
  args.push("--baseline=skip", "--timeout=180", "--shuffle", "--cap-lints=true", "--", ...tests);
  await run("cargo", args, { env: ENVIRONMENT });
  const list = (kind) => {
    const file = join(output, "mutants.out", `${kind}.txt`);
    return existsSync(file) ? readFileSync(file, "utf8").split("\n").filter(Boolean) : [];
  };
  return {
    caught: list("caught"),
    missed: list("missed"),
    timeout: list("timeout"),
    unviable: list("unviable"),
  };
}

async function sampleOfRust(count, seed) {
  await setup("mutants");
  const listed = await must("cargo", ["mutants", "--list", ...FILES], { capture: true });
  const all = listed.split("\n").filter((line) => line.startsWith("src/"));
  const mutants = choose(all, count, seed);
  console.log(`${mutants.length} of ${all.length} mutants, seed ${seed}`);
  const found = await stage(mutants, STAGES[0], "1");
  for (const [at, tests] of STAGES.entries()) {
    if (at === 0 || found.missed.length === 0) continue;
    const more = await stage(found.missed, tests, `${at + 1}`);
    found.missed = more.missed;
    found.caught.push(...more.caught);
    found.timeout.push(...more.timeout);
  }
  return found;
}

if (isMain(import.meta.url)) {
  await main(async () => {
    const { values } = parseArgs({
      options: {
        sample: { type: "string", default: "100" },
        seed: { type: "string", default: "1" },
        js: { type: "boolean", default: false },
      },
    });
    const [count, seed] = [Number(values.sample), Number(values.seed)];
    if (!(count > 0) || !(seed >= 0)) throw new Failure("--sample and --seed are numbers.");
    const found = await (values.js ? sampleOfJs : sampleOfRust)(count, seed);
    for (const survivor of found.missed) console.log(`survives: ${survivor}`);
    console.log(
      `${found.caught.length} caught, ${found.timeout.length} ended by the time limit, ${found.missed.length} survive, ` +
        `${found.unviable.length} do not compile: ${(100 * share(found)).toFixed(1)} % noticed`,
    );
  });
}
