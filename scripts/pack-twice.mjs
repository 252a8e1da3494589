// `npm run proof:pack`: packs the commit that is checked out twice, from two clones in different folders, with another umask,
// time zone and language in the second, and compares the two tarballs byte by byte. What differs is named by file.
//   npm run proof:pack -- --keep   leaves the clones and tarballs where they are
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Failure, isMain, main, must, ROOT, secondsSince } from "./run.mjs";

const PLACES = [
  { folder: "one", env: { TZ: "UTC", LC_ALL: "C" }, umask: 0o022 },
  { folder: join("another", "and deeper"), env: { TZ: "Asia/Tokyo", LC_ALL: "C.UTF-8" }, umask: 0o077 },
];

const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");

/** Clones, builds and packs; returns the path of the tarball. */
async function pack(base, { folder, env, umask }) {
  const clone = join(base, folder);
  mkdirSync(clone, { recursive: true });
  const outer = process.umask(umask);
  try {
    await must("git", ["clone", "--quiet", ROOT, clone], { capture: true });
    const options = { cwd: clone, env, capture: true };
    await must("npm", ["pack", "--pack-destination", clone], options);
  } finally {
    process.umask(outer);
  }
  const name = readdirSync(clone).find((file) => file.endsWith(".tgz"));
  return join(clone, name);
}

/** The files of a tarball with their hashes and modes. */
async function contents(tarball) {
  const folder = `${tarball}.files`;
  mkdirSync(folder);
  await must("tar", ["-xzf", tarball, "-C", folder], { capture: true });
  const listed = await must("tar", ["-tvzf", tarball], { capture: true });
  const modes = new Map(listed.split("\n").map((line) => [line.split(" ").at(-1), line.slice(0, 10)]));
  const files = new Map();
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath ?? entry.path, entry.name);
    const name = path.slice(folder.length + 1);
    files.set(name, `${modes.get(name)} ${sha256(readFileSync(path))}`);
  }
  return files;
}

/** The names of the files that are not the same in both. */
export function differences(one, other) {
  const names = new Set([...one.keys(), ...other.keys()]);
  return [...names].filter((name) => one.get(name) !== other.get(name)).sort();
}

async function packTwice(keep) {
  const base = mkdtempSync(join(tmpdir(), "mqtt-lib-pack-"));
  try {
    const tarballs = [];
    for (const place of PLACES) {
      const begin = Date.now();
      tarballs.push(await pack(base, place));
      console.log(`${tarballs.at(-1)}: packed in ${secondsSince(begin)}`);
    }
    const [one, other] = tarballs.map((path) => sha256(readFileSync(path)));
    if (one === other) return console.log(`both are ${one}`);
    const [a, b] = [await contents(tarballs[0]), await contents(tarballs[1])];
    throw new Failure(
      `the tarballs differ (${one}, ${other}) in ${differences(a, b).join(", ") || "their headers"}`,
    );
  } finally {
    if (!keep) rmSync(base, { recursive: true, force: true });
  }
}

if (isMain(import.meta.url)) await main(() => packTwice(process.argv.includes("--keep")));
