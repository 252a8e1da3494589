// `npm run fuzz`: runs the fuzzers of fuzz/, one after the other, and adds the inputs that reach new code to tests/fuzz/,
// where `npm test` runs them again.
//   npm run fuzz                   five minutes for each target
//   npm run fuzz -- 3600           an hour for each
//   npm run fuzz -- 60 engine      a minute for this one
// A failure ends the run; its input is then in fuzz/artifacts/ and belongs into the corpus, below a comment that describes
// the failure: such inputs are kept permanently.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Failure, isMain, main, must, ROOT } from "./run.mjs";
import { setup } from "./setup.mjs";

/** The targets, and the largest input of each. */
const TARGETS = { decoder: 512, engine: 1024, hostile_io: 1024, properties: 256, journal: 512, late: 200 };
/** How many bytes of inputs are kept for each target. */
const ENOUGH = 30_000;
const CARGO = ["+nightly", "fuzz"];
// The code is safe Rust: a sanitizer would find nothing and halve the speed.
const PLAIN = ["--sanitizer", "none"];

const corpus = (target) => join(ROOT, "tests", "fuzz", `${target}.txt`);
const folder = (target) => join(ROOT, "fuzz", "corpus", target);

/** Splits a corpus into the lines below a comment, which are kept permanently, and the rest. */
export function parse(text) {
  const lines = text.split("\n").filter(Boolean);
  const isComment = (line) => line?.startsWith("#") ?? false;
  const found = lines.filter((line, at) => isComment(line) || isComment(lines[at - 1]));
  return { found, rest: lines.filter((line) => !found.includes(line)) };
}

/** Chooses inputs of all sizes, `enough` bytes in total. */
export function choose(inputs, enough) {
  const all = [...inputs].sort((a, b) => a.length - b.length || Buffer.compare(a, b));
  const total = all.reduce((sum, input) => sum + input.length, 0);
  let due = 0;
  return all.filter((input) => {
    due += Math.min(1, enough / total) * input.length;
    if (due < input.length) return false;
    due -= input.length;
    return true;
  });
}

/** A target that is new has nothing kept. */
const kept = (target) => (existsSync(corpus(target)) ? readFileSync(corpus(target), "utf8") : "");

function unpack(target) {
  rmSync(folder(target), { recursive: true, force: true });
  mkdirSync(folder(target), { recursive: true });
  const { found, rest } = parse(kept(target));
  const inputs = [...found, ...rest].filter((line) => !line.startsWith("#"));
  for (const [at, line] of inputs.entries()) {
    writeFileSync(join(folder(target), `kept-${at}`), Buffer.from(line, "hex"));
  }
}

function pack(target) {
  const { found } = parse(kept(target));
  const inputs = readdirSync(folder(target)).map((name) => readFileSync(join(folder(target), name)));
  const chosen = choose(inputs, ENOUGH).map((input) => input.toString("hex"));
  const fresh = chosen.filter((line) => line !== "" && !found.includes(line));
  writeFileSync(corpus(target), `${[...found, ...fresh].join("\n")}\n`);
  console.log(
    `${target}: ${inputs.length} inputs reach all code that is reached, ${fresh.length} of them are kept`,
  );
}

async function fuzz(seconds, targets) {
  for (const target of targets) {
    unpack(target);
    const options = [`-max_len=${TARGETS[target]}`, `-max_total_time=${seconds}`, "-print_final_stats=1"];
    await must("cargo", [...CARGO, "run", ...PLAIN, target, "--", ...options]);
    await must("cargo", [...CARGO, "cmin", ...PLAIN, target]);
    pack(target);
  }
}

if (isMain(import.meta.url)) {
  await main(async () => {
    const [seconds = "300", ...targets] = process.argv.slice(2);
    const unknown = targets.find((target) => !(target in TARGETS));
    if (!/^[1-9]\d*$/.test(seconds) || unknown) {
      const names = Object.keys(TARGETS).join(", ");
      throw new Failure(`npm run fuzz -- <seconds> <targets>; targets are ${names}.`);
    }
    await setup("fuzz");
    await fuzz(seconds, targets.length > 0 ? targets : Object.keys(TARGETS));
  });
}
