// Runs stages side by side, because none of them keeps two cores busy: those that compile with cargo, which lets one at a time,
// and the others. Each is a process of its own, whose output is printed when it has ended. Owns the order and the output.
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { ROOT } from "./run.mjs";

const STAGE = fileURLToPath(new URL("test.mjs", import.meta.url));
/** Said to a process that is to run one stage alone, before the stage's name. */
export const ALONE = "--alone";

/** The stages of each lane, in their order. */
export function lanesOf(stages) {
  const lanes = [stages.filter((stage) => stage.cargo), stages.filter((stage) => !stage.cargo)];
  return lanes.filter((lane) => lane.length > 0);
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

/** Runs all stages, and resolves with their rows in the order of the stages. With one lane `here` runs them in this process. */
export async function runLanes(stages, here) {
  const lanes = lanesOf(stages);
  const rows = new Map();
  async function runLane(lane) {
    for (const { name, title } of lane) {
      console.log(`\n-- ${name} begins: ${title}`);
      const { row, output } = await apart(name);
      process.stdout.write(output);
      rows.set(name, row);
    }
  }
  if (lanes.length > 1) await Promise.all(lanes.map(runLane));
  else for (const stage of stages) rows.set(stage.name, await here(stage));
  return stages.map(({ name }) => rows.get(name));
}
