// Runs stages two at a time, because none of them keeps two cores busy: never two that use the same (cargo lets one compile at a
// time). Each is a process of its own, whose output is printed when it has ended. Owns the order and the output.
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { ROOT } from "./run.mjs";

const STAGE = fileURLToPath(new URL("test.mjs", import.meta.url));
/** Said to a process that is to run one stage alone, before the stage's name. */
export const ALONE = "--alone";
const AT_A_TIME = 2;

/** Takes the next stage out of `left`: one that uses something, if that is free, because those cannot run beside each other. */
export function next(left, used) {
  const may = left.filter(({ uses }) => !used.has(uses));
  const stage = may.find(({ uses }) => uses !== undefined) ?? may[0];
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
  const used = new Set();
  async function work() {
    for (let stage = next(left, used); stage !== undefined; stage = next(left, used)) {
      const { name, title, uses } = stage;
      console.log(`\n-- ${name} begins: ${title}`);
      if (uses !== undefined) used.add(uses);
      const { row, output } = await apart(name);
      if (uses !== undefined) used.delete(uses);
      process.stdout.write(output);
      rows.set(name, row);
    }
  }
  await Promise.all(Array.from({ length: AT_A_TIME }, work));
  return stages.map(({ name }) => rows.get(name));
}
