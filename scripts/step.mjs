// Runs a step of the build only if one of its inputs has changed since it last succeeded.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT, secondsSince } from "./run.mjs";

const STAMPS = join(ROOT, "target", "stamps");

/** All files below the given files and folders, in a stable order. */
function filesOf(name) {
  const path = join(ROOT, name);
  if (!existsSync(path)) return [];
  if (!statSync(path).isDirectory()) return [name];
  return readdirSync(path)
    .sort()
    .flatMap((entry) => filesOf(join(name, entry)));
}

/** Of the contents: dates do not show edits during the build or a checkout of an older commit. */
function fingerprint(names) {
  const hash = createHash("sha256");
  for (const file of names.flatMap(filesOf)) {
    const bytes = readFileSync(join(ROOT, file));
    hash.update(`${file}\0${bytes.length}\0`).update(bytes);
  }
  return hash.digest("hex");
}

/**
 * Calls `make` if the inputs (files, folders) have changed, an output is missing, or `force`. A `draft` is as good as a draft
 * only; what is no draft is as good as one.
 */
export async function step(title, { inputs, outputs, force, draft = false }, make) {
  const stamp = join(STAMPS, title.replaceAll(/\W+/g, "-"));
  const whole = fingerprint(inputs);
  const mark = draft ? `${whole} draft` : whole;
  const present = [stamp, ...outputs.map((name) => join(ROOT, name))].every((file) => existsSync(file));
  if (present && !force && [whole, mark].includes(readFileSync(stamp, "utf8"))) {
    console.log(`${title}: up to date`);
    return;
  }
  console.log(`${title}: building ...`);
  rmSync(stamp, { force: true });
  const begin = Date.now();
  await make();
  console.log(`${title}: built in ${secondsSince(begin)}`);
  mkdirSync(STAMPS, { recursive: true });
  writeFileSync(stamp, mark);
}
