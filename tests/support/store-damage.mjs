// Damages the files of a persistent store of Node at random, opens it, and compares what it gives with what was written.

import {
  copyFileSync,
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { persistent } from "mqtt-lib/persistent";
import { randomOf } from "./random.mjs";

const CLIENT_ID = "damaged";
const never = () => {
  throw new Error("a store that nobody damaged says it is");
};

/** @param {Iterable<[number, Uint8Array]>} entries */
const asTexts = (entries) => [...entries].map(([key, value]) => `${key} ${Buffer.from(value)}`).sort();

/**
 * A store with tables, logs and a write-ahead log with changes that the LevelDB does not have, as the process leaves it when
 * it is killed. `written` has everything that was ever in it, `last` what is in it now, `oldMarks` what its
 * mark was before.
 */
async function makeStore(folder, clientId, random) {
  const written = new Set();
  const last = new Map();
  const oldMarks = [];
  let key = 4;
  const change = () => {
    const changes = [];
    for (let i = random.between(1, 4); i > 0; i--) {
      const value = Buffer.from(`${clientId} ${key} ${"x".repeat(random.scale(1, 400))}`);
      changes.push([key, value]);
      last.set(key, value);
      written.add(`${key} ${value}`);
      key += 4;
    }
    for (const old of [...last.keys()].slice(0, random.between(0, 2))) {
      changes.push([old, undefined]);
      last.delete(old);
    }
    return changes;
  };
  for (let run = 0; run < 4; run++) {
    const store = persistent({ folder });
    await store.open(clientId, never);
    for (let i = 0; i < 20; i++) {
      await store.write(change());
      if (i === 10) oldMarks.push(readFileSync(join(folder, readdirSync(folder)[0], "mark")));
    }
    if (run < 3) await store.close();
    else cpSync(folder, `${folder}-killed`, { recursive: true });
    if (run === 3) await store.close();
  }
  rmSync(folder, { recursive: true });
  renameSync(`${folder}-killed`, folder);
  return { written, last: asTexts(last), oldMarks };
}

/** @param {string} folder */
function filesOf(folder) {
  const all = readdirSync(folder, { recursive: true, withFileTypes: true });
  return all
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name));
}

/** Each damages the store in `folder` in one way, and says which. `other` is a store of another client. */
const DAMAGES = {
  "flipped bits": ({ file, random }) => {
    const bytes = readFileSync(file);
    if (bytes.length === 0) return;
    for (let i = random.scale(1, 8); i > 0; i--)
      bytes[random.between(0, bytes.length - 1)] ^= 1 << random.between(0, 7);
    writeFileSync(file, bytes);
  },
  truncated: ({ file, random }) => truncateSync(file, random.between(0, readFileSync(file).length)),
  emptied: ({ file }) => truncateSync(file, 0),
  missing: ({ file }) => rmSync(file),
  overwritten: ({ file, random }) => {
    const bytes = readFileSync(file);
    const from = random.between(0, bytes.length);
    bytes.fill(random.pick([0, 255, 0x5a]), from, Math.min(bytes.length, from + random.scale(1, 4096)));
    writeFileSync(file, bytes);
  },
  swapped: ({ file, files, random }) => {
    const second = random.pick(files);
    const bytes = readFileSync(second);
    copyFileSync(file, second);
    writeFileSync(file, bytes);
  },
  "with an older mark": ({ data, oldMarks, random }) =>
    writeFileSync(
      data.find((file) => file.endsWith("mark")),
      random.pick(oldMarks),
    ),
  "without log and mark": ({ data }) => {
    for (const file of data) rmSync(file);
  },
  "of another client": ({ file, others, random }) => copyFileSync(random.pick(others), file),
};

/** Damages `count` copies of a store, each with its own seed. Counts what came of it; `problems` must be empty. */
export async function damageRepeatedly({ count, seed }) {
  const root = mkdtempSync(join(tmpdir(), "mqtt-lib-damage-"));
  const figures = { damages: 0, whole: 0, told: 0, kinds: {}, problems: [] };
  try {
    const random = randomOf(seed);
    const template = join(root, "template");
    const { written, last, oldMarks } = await makeStore(template, CLIENT_ID, random);
    const other = join(root, "other");
    await makeStore(other, "other", random);
    const others = filesOf(other);
    for (let i = 0; i < count; i++) {
      const random = randomOf(seed, i);
      const folder = join(root, `copy-${i}`);
      cpSync(template, folder, { recursive: true });
      const files = filesOf(folder).filter((file) => !/\/(LOCK|LOG|LOG\.old)$/.test(file));
      const data = files.filter((file) => /(entries|mark)$/.test(file));
      const file = random.pick(random.next() < 0.9 ? data : files);
      const kind = random.pick(Object.keys(DAMAGES));
      DAMAGES[kind]({ file, files, data, others, oldMarks, random });
      const problem = (text) => figures.problems.push(`damage ${i} (${kind}, ${file}): ${text}`);
      const { entries, told, error } = await contentOf(folder);
      figures.damages += 1;
      figures.kinds[kind] = (figures.kinds[kind] ?? 0) + 1;
      if (error) problem(error);
      const altered = entries.filter((entry) => !written.has(entry));
      if (altered.length > 0) problem(`altered: ${altered.join().slice(0, 100)}`);
      const isWhole = entries.join("\n") === last.join("\n");
      if (isWhole) figures.whole += 1;
      if (told) figures.told += 1;
      if (!isWhole && !told)
        problem(`${last.length} entries were written, ${entries.length} are left, nothing was told`);
      const again = await contentOf(folder);
      if (again.told || again.error || again.entries.join() !== entries.join())
        problem("another start differs");
      rmSync(folder, { recursive: true });
    }
    return figures;
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

/** @param {string} folder */
async function contentOf(folder) {
  const store = persistent({ folder });
  let told = false;
  try {
    const entries = await store.open(CLIENT_ID, () => {
      told = true;
    });
    const texts = asTexts(entries);
    await store.close();
    return { entries: texts, told };
  } catch (error) {
    return { entries: [], told, error: `${error} ${error.cause ?? ""}` };
  }
}
