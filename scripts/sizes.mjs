// The size report of a build: the size of each file, raw and compressed by gzip.
import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { gzipSync } from "node:zlib";
import { ROOT } from "./run.mjs";

/** Prints a table of files; `together` adds their sum. */
export function printSizes(title, files, { together = false } = {}) {
  const kib = (bytes) => `${(bytes / 1024).toFixed(1)} KiB`.padStart(12);
  const sizes = files.map((file) => {
    const bytes = readFileSync(join(ROOT, file));
    return { name: basename(file), raw: bytes.length, gzip: gzipSync(bytes, { level: 9 }).length };
  });
  const sum = (key) => sizes.reduce((total, size) => total + size[key], 0);
  if (together) sizes.push({ name: "together", raw: sum("raw"), gzip: sum("gzip") });
  const width = Math.max(18, ...sizes.map(({ name }) => name.length + 2));
  console.log(`${title.padEnd(width + 2)}${"raw".padStart(9)}${"gzip".padStart(12)}`);
  for (const { name, raw, gzip } of sizes)
    console.log(`  ${name.padEnd(width)}${kib(raw).slice(2)}${kib(gzip)}`);
}
