// `npm run proof:mutants`: changes the code in one place after the other, and says which changes no test notices. A seeded
// sample, because all of them take days.
//   npm run proof:mutants                            100 mutants of the engine and the codec
//   npm run proof:mutants -- --sample=400 --seed=7   others of them
//   npm run proof:mutants -- --minutes=5             as many as in five minutes; again goes on
//   npm run proof:mutants -- --js                    of js/, by a sampler of our own
// Mutants of Rust are those of cargo-mutants, compiled into one program with a switch for each, and run against the engine's
// and the codec's own tests, then the fuzzers' inputs and the exhaustive tests. What cannot be switched is compiled alone.
// A test with a mutant that takes four times the processor time of the one without, or waits for a minute without using the
// processor, ends by the time limit, however much else the machine does.
// What became of a mutant is kept in target/mutants, until its code changes; survivors are run again when a test changes.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { choose, sampleOfJs } from "./js-mutants.mjs";
import { buildProgram, ENVIRONMENT, runMutant } from "./mutant-program.mjs";
import { Failure, isMain, main, must, ROOT, run } from "./run.mjs";
import { setup } from "./setup.mjs";

const OUTPUT = join(ROOT, "target", "mutants");
const FILES = ["src/engine/**/*.rs", "src/codec/**/*.rs"].flatMap((name) => ["-f", name]);
FILES.push("-e", "**/tests/**", "-e", "**/tests.rs");
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
const FAIL_FAST = ["-Zunstable-options", "--fail-fast"];
const skipped = SLOW.flatMap((name) => ["--skip", name]);
/** The first tests are fast and see most of it; the others are asked about what is left. */
const STAGES = [
  { name: "lib", program: "lib", args: [...FAIL_FAST, ...skipped] },
  { name: "slow", program: "lib", args: [...FAIL_FAST, ...SLOW] },
  { name: "fuzz", program: "fuzz", args: FAIL_FAST },
  { name: "exhaustive", program: "exhaustive", args: FAIL_FAST },
];

/** Of the processor: what the tests of one stage may take without a mutant, and what one with a mutant may take in any case. */
const MOST_SECONDS = 1_200;
const LEAST_SECONDS = 10;
/** Likewise one that is compiled alone, its compiler, and its tests. */
const ALONE_SECONDS = 400;

/** The share of viable mutants that were noticed. */
export const share = ({ caught, timeout, missed }) => {
  const viable = caught.length + timeout.length + missed.length;
  return viable === 0 ? 1 : (caught.length + timeout.length) / viable;
};

const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");

/** What cargo-mutants says of one mutant, compiled alone, against the tests of the library and the fuzzers' inputs. */
async function judgeAlone(name) {
  const output = join(OUTPUT, "alone");
  rmSync(output, { recursive: true, force: true });
  mkdirSync(output, { recursive: true });
  const args = ["mutants", ...FILES, "--re", `^${escaped(name)}$`, "--output", output];
  args.push("--baseline=skip", "--timeout=3600", "--cap-lints=true", "--", "--lib", "--test=fuzz");
  // The limit is in seconds of the processor, for each process; at its end the tests fail.
  const limited = ["-c", 'ulimit -t "$0"; exec cargo "$@"', String(ALONE_SECONDS), ...args];
  const { output: said } = await run("/bin/sh", limited, { env: ENVIRONMENT, capture: true });
  const has = (kind) => {
    const file = join(output, "mutants.out", `${kind}.txt`);
    return existsSync(file) && readFileSync(file, "utf8").trim() !== "";
  };
  const fate = ["caught", "missed", "timeout", "unviable"].find(has);
  if (!fate) throw new Failure(`${said}\ncargo-mutants says nothing of ${name}.`);
  return fate;
}

/** The processor time of each stage without a mutant, four times; a stage that fails then proves nothing. */
async function limitsOf(programs) {
  if (!existsSync("/proc/self/stat"))
    throw new Failure("Processor times are read from /proc, as Linux has it.");
  const limits = {};
  for (const { name, program, args } of STAGES) {
    const { fate, used } = await runMutant(programs[program], args, 0, MOST_SECONDS);
    if (fate !== "passed") throw new Failure(`Without a mutant the tests of ${name} ${fate}.`);
    limits[name] = Math.max(LEAST_SECONDS, 4 * used);
  }
  return limits;
}

async function judgeSwitched(programs, limits, number) {
  for (const { name, program, args } of STAGES) {
    const { fate } = await runMutant(programs[program], args, number, limits[name]);
    if (fate === "failed") return "caught";
    if (fate === "timeout") return "timeout";
  }
  return "missed";
}

/** A fingerprint of all files below these folders for which `counts` is true. */
function fingerprint(folders, counts) {
  const hash = createHash("sha256");
  for (const folder of folders) {
    const names = readdirSync(join(ROOT, folder), { recursive: true }).map((name) => `${folder}/${name}`);
    for (const name of names.filter((name) => /\.(rs|txt)$/.test(name) && counts(name)).sort())
      hash.update(name).update(readFileSync(join(ROOT, name)));
  }
  return hash.digest("hex");
}

/** What is known already of the mutants of this code. */
function known() {
  const file = join(OUTPUT, "fates.json");
  const isTest = (name) => /(^|\/)tests(\/|\.rs)/.test(name);
  const now = {
    code: fingerprint(["src"], (name) => !isTest(name)),
    tests: fingerprint(["src", "tests"], isTest),
  };
  const before = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : {};
  const fates = before.code === now.code ? before.fates : {};
  if (before.tests !== now.tests)
    for (const name of Object.keys(fates)) if (fates[name] === "missed") delete fates[name];
  const save = () => writeFileSync(file, JSON.stringify({ ...now, fates }, null, 1));
  return { fates, save, now };
}

/** The program, which is compiled again only when code or tests have changed. */
async function programOf(sample, key) {
  const file = join(OUTPUT, "program.json");
  const before = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : {};
  if (before.key === key && Object.values(before.programs).every((path) => existsSync(path))) return before;
  rmSync(file, { force: true });
  const { programs, alone, broken } = await buildProgram(sample);
  const numbers = (mutants) => mutants.map(({ number }) => number);
  const limits = await limitsOf(programs);
  const built = { key, programs, alone: numbers(alone), broken: numbers(broken), limits };
  writeFileSync(file, JSON.stringify(built));
  return built;
}

async function sampleOfRust(count, seed, minutes) {
  await setup("mutants");
  const listed = await must("cargo", ["mutants", "--list", "--json", ...FILES], { capture: true });
  const all = JSON.parse(listed.slice(listed.indexOf("[")));
  const sample = choose(all, count, seed).map((mutant, at) => ({ ...mutant, number: at + 1 }));
  mkdirSync(OUTPUT, { recursive: true });
  const { fates, save, now } = known();
  const left = sample.filter(({ name }) => !fates[name]);
  console.log(`${sample.length} of ${all.length} mutants, seed ${seed}; ${left.length} are to be run`);
  if (left.length > 0) {
    const end = Date.now() + minutes * 60_000;
    const { programs, alone, broken, limits } = await programOf(
      sample,
      `${now.code} ${now.tests} ${count} ${seed}`,
    );
    console.log(`${alone.length} cannot be switched, and are compiled alone`);
    const judge = ({ name, number }) => {
      if (broken.includes(number)) return "unviable";
      return alone.includes(number) ? judgeAlone(name) : judgeSwitched(programs, limits, number);
    };
    // Those alone last, because each takes a minute.
    left.sort((a, b) => Number(alone.includes(a.number)) - Number(alone.includes(b.number)));
    for (const mutant of left) {
      if (Date.now() > end) break;
      fates[mutant.name] = await judge(mutant);
      save();
      console.log(`${fates[mutant.name]}: ${mutant.name}`);
    }
  }
  const found = { caught: [], timeout: [], missed: [], unviable: [] };
  for (const { name } of sample) if (fates[name]) found[fates[name]].push(name);
  return found;
}

if (isMain(import.meta.url)) {
  await main(async () => {
    const { values } = parseArgs({
      options: {
        sample: { type: "string", default: "100" },
        seed: { type: "string", default: "1" },
        minutes: { type: "string", default: "100000" },
        js: { type: "boolean", default: false },
      },
    });
    const [count, seed, minutes] = [values.sample, values.seed, values.minutes].map(Number);
    if (!(count > 0) || !(seed >= 0) || !(minutes > 0))
      throw new Failure("--sample, --seed and --minutes are numbers.");
    const found = await (values.js ? sampleOfJs : sampleOfRust)(count, seed, minutes);
    for (const survivor of found.missed) console.log(`survives: ${survivor}`);
    console.log(
      `${found.caught.length} caught, ${found.timeout.length} ended by the time limit, ${found.missed.length} survive, ` +
        `${found.unviable.length} do not compile: ${(100 * share(found)).toFixed(1)} % noticed`,
    );
  });
}
