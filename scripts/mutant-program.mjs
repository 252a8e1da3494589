// One program with a switch for each mutant: a copy of the crate, compiled once. Owns the copy, the compiling without those
// that do not compile, and one run of the tests with one mutant.
import { spawn } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { blamed, SWITCH, withSwitch } from "./mutant-switch.mjs";
import { Failure, ROOT, run } from "./run.mjs";

const FOLDER = join(ROOT, "target", "mutants", "program");
const COPIED = ["Cargo.toml", "Cargo.lock", "README.md", "src", "tests", "examples"];
/** Memory of a test: a mutant can be a loop that keeps something. */
const MOST_KIB = 6_000_000;
/** The first failure ends the tests, which Rust's own test runner has for its nightly only. */
export const ENVIRONMENT = { RUSTC_BOOTSTRAP: "1", CARGO_PROFILE_TEST_DEBUG: "false" };
const TESTS = ["--lib", "--test=exhaustive", "--test=fuzz"];

function copy() {
  mkdirSync(FOLDER, { recursive: true });
  for (const name of COPIED) {
    rmSync(join(FOLDER, name), { recursive: true, force: true });
    // Without a time of its own, a file that is as it was is not compiled again.
    cpSync(join(ROOT, name), join(FOLDER, name), { recursive: true, preserveTimestamps: true });
  }
  const root = join(FOLDER, "src", "lib.rs");
  writeFileSync(root, readFileSync(root, "utf8") + SWITCH);
}

async function cargo(args) {
  const env = { ...ENVIRONMENT, CARGO_TARGET_DIR: join(FOLDER, "target"), RUSTFLAGS: "--cap-lints=allow" };
  const { code, output } = await run("cargo", [...args, "--message-format=json", ...TESTS], {
    cwd: FOLDER,
    env,
    capture: true,
  });
  const messages = output
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line));
  return { code, output, messages };
}

/** Where an error is in our files: its own place first. */
function placesOf({ message }) {
  const spans = [...message.spans].sort((a, b) => Number(b.is_primary) - Number(a.is_primary));
  const found = [];
  for (const span of spans)
    for (let at = span; at; at = at.expansion?.span) found.push({ file: at.file_name, line: at.line_start });
  return found;
}

/** Writes each file with these of its mutants; by the names of the files, what `withSwitch` says of them. */
function write(all, isIn) {
  const files = new Map();
  for (const name of new Set(all.map(({ file }) => file))) {
    const mutants = all.filter((mutant) => mutant.file === name && isIn(mutant));
    const switched = withSwitch(readFileSync(join(ROOT, name), "utf8"), mutants);
    writeFileSync(join(FOLDER, name), switched.text);
    files.set(name, switched);
  }
  return files;
}

/**
 * Compiles the program. `programs` are the paths of its tests, by name. Its switch has none of the mutants that are `broken`:
 * they do not compile; nor of those that are `alone`: the language has no place for a switch there.
 */
export async function buildProgram(all) {
  copy();
  const [alone, broken] = [new Set(), new Set()];
  for (;;) {
    const files = write(all, (mutant) => !alone.has(mutant) && !broken.has(mutant));
    for (const { alone: without } of files.values()) for (const mutant of without) alone.add(mutant);
    const before = alone.size + broken.size;
    // The checker is quick, and says the same errors.
    const checked = await cargo(["check", "--profile=test"]);
    const errors = checked.messages.filter(({ message }) => message?.level === "error");
    if (checked.code === 0) {
      const built = await cargo(["test", "--no-run"]);
      if (built.code !== 0)
        throw new Failure(`${built.output}\nThe program with all mutants does not compile.`);
      const programs = {};
      for (const { executable, target, profile } of built.messages)
        if (executable && profile.test)
          programs[target.kind.includes("test") ? target.name : "lib"] = executable;
      return { programs, alone: [...alone], broken: [...broken] };
    }
    for (const error of errors) {
      const guilty = placesOf(error).map(({ file, line }) => {
        const name = relative(FOLDER, join(FOLDER, file));
        return files.has(name) ? blamed(files.get(name), line) : [];
      });
      const found = guilty.find((some) => some.length > 0) ?? [];
      for (const mutant of found) (found.length > 1 ? alone : broken).add(mutant);
    }
    if (alone.size + broken.size === before)
      throw new Failure(`${checked.output}\nNo mutant is to blame for this.`);
    console.log(`${broken.size} do not compile so far, ${alone.size} cannot be switched`);
  }
}

/** How often the processor time of a test is read. */
const LOOK_MS = 100;
/** A test that has used none for so long waits for what never comes, however many others there are. */
const IDLE_SECONDS = 60;
/** Of `/proc/PID/stat`, which is the same on every Linux. */
const TICKS_A_SECOND = 100;

/** The processor time of a process and of its threads, in seconds; of one that has ended, undefined. @param {number} pid */
function processorTime(pid) {
  try {
    // The name, in parentheses, may have spaces; of what follows, the user's time is the 12th and the system's the 13th.
    const [user, system] = readFileSync(`/proc/${pid}/stat`, "utf8")
      .replace(/.*\) /s, "")
      .split(" ")
      .slice(11, 13);
    return (Number(user) + Number(system)) / TICKS_A_SECOND;
  } catch {
    return undefined;
  }
}

/**
 * Runs the tests of one program with this mutant. Its time limit is in seconds of the processor, which other programs of the
 * machine do not use up; `used` are those that it had when it ended, or shortly before.
 * @returns {Promise<{ fate: "passed" | "failed" | "timeout", used: number }>}
 */
export function runMutant(program, args, number, seconds, idle = IDLE_SECONDS) {
  if (!existsSync(program)) throw new Failure(`${program} is not there any more.`);
  return new Promise((resolve, reject) => {
    const limited = ["-c", 'ulimit -v "$0"; exec "$@"', String(MOST_KIB), program, ...args];
    const env = { ...process.env, ...ENVIRONMENT, MQTT_MUTANT: String(number) };
    const child = spawn("/bin/sh", limited, {
      cwd: existsSync(FOLDER) ? FOLDER : ROOT,
      env,
      stdio: "ignore",
    });
    let [late, used, changed] = [false, 0, Date.now()];
    const timer = setInterval(() => {
      const now = processorTime(child.pid) ?? used;
      if (now > used) [used, changed] = [now, Date.now()];
      late = used > seconds || Date.now() - changed > idle * 1000;
      if (late) child.kill("SIGKILL");
    }, LOOK_MS);
    child.on("error", reject);
    child.on("close", (code) => {
      clearInterval(timer);
      resolve({ fate: late ? "timeout" : code === 0 ? "passed" : "failed", used });
    });
  });
}
