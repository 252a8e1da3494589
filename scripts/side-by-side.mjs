// Runs stages two at a time, because none of them keeps two cores busy: never two that use the same (cargo lets one compile at a
// time), and none before the stage that makes what it needs. Each is a process of its own, whose output is printed when it has
// ended. Owns the order and the output.
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { ROOT } from "./run.mjs";

const STAGE = fileURLToPath(new URL("test.mjs", import.meta.url));
/** Said to a process that is to run one stage alone, before the stage's name. */
export const ALONE = "--alone";
const AT_A_TIME = 2;

/** Takes the first stage that may run out of `left`; undefined while each one must wait for one that is running. */
export function next(left, running) {
  const used = new Set(running.map(({ uses }) => uses).filter((what) => what !== undefined));
  const notDone = new Set([...left, ...running].map(({ name }) => name));
  const stage = left.find(({ uses, after }) => !used.has(uses) && !notDone.has(after));
  if (stage !== undefined) left.splice(left.indexOf(stage), 1);
  return stage;
}

/** Runs a stage in a process of its own; resolves with what that sends, and with its output. @returns {Promise<{ row: any, output: string }>} */
function apart(name) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [STAGE, ALONE, name], {
      cwd: ROOT,
      stdio: ["ignore", "pipe", "pipe", "ipc"],
    });
    const chunks = [];
    let row;
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => chunks.push(chunk));
    child.on("message", (message) => {
      row = message;
    });
    child.on("close", (code, signal) => {
      const output = Buffer.concat(chunks).toString();
      const why = `The stage "${name}" ended without a result (${signal ?? `code ${code}`}).\n`;
      const failed = { name, passed: 0, failed: 1, skipped: 0, seconds: 0 };
      resolve(row === undefined ? { row: failed, output: output + why } : { row, output });
    });
  });
}

/** Runs all stages, and resolves with their rows in the order of the stages. A stage alone is run by `here`, in this process. */
export async function runSideBySide(stages, here) {
  if (stages.length === 1) return [await here(stages[0])];
  const rows = new Map();
  const left = [...stages];
  const running = [];

  /** Begins what may run now, and resolves when that and all that followed it have ended. */
  async function fill() {
    const begun = [];
    while (running.length < AT_A_TIME) {
      const stage = next(left, running);
      if (stage === undefined) break;
      running.push(stage);
      begun.push(work(stage));
    }
    await Promise.all(begun);
  }

  async function work(stage) {
    console.log(`\n-- ${stage.name} begins: ${stage.title}`);
    const { row, output } = await apart(stage.name);
    process.stdout.write(output);
    rows.set(stage.name, row);
    running.splice(running.indexOf(stage), 1);
    await fill();
  }

  await fill();
  return stages.map(({ name }) => rows.get(name));
}
