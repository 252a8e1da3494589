// `npm run release`: publishes the package to npm, with provenance, and the crate to crates.io.
//   npm run release -- --dry-run    everything but the publishing; also with uncommitted changes
// Provenance needs the identity of a continuous integration (`id-token: write` on GitHub), so it is refused elsewhere.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "./build.mjs";
import { Failure, isMain, main, must, ROOT, run } from "./run.mjs";

const read = (name) => readFileSync(join(ROOT, name), "utf8");

/** The version, if all files have the same; otherwise throws which one differs. */
export function agreedVersion({ manifest, cargo, changelog }) {
  const { version } = JSON.parse(manifest);
  if (!/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))
    throw new Failure(`package.json: "${version}" is not a valid version.`);
  const crate = cargo.match(/^version = "(.*)"/m)?.[1];
  if (crate !== version)
    throw new Failure(`package.json says ${version}, Cargo.toml ${crate}: make them equal.`);
  const heading = changelog.match(/^## \[(.*?)\] - (.*)$/m);
  if (heading?.[1] !== version) throw new Failure(`CHANGELOG.md has no section [${version}] at its top.`);
  return { version, date: heading[2] };
}

async function release(args) {
  const dry = args.includes("--dry-run");
  const unknown = args.find((arg) => arg !== "--dry-run");
  if (unknown) throw new Failure(`npm run release takes --dry-run or nothing, not "${unknown}".`);
  const files = {
    manifest: read("package.json"),
    cargo: read("Cargo.toml"),
    changelog: read("CHANGELOG.md"),
  };
  const { version, date } = agreedVersion(files);
  if (!dry) await ready(version, date);

  await build({ force: !dry });
  const how = dry ? ["--dry-run"] : ["--provenance"];
  const dirty = dry ? ["--dry-run", "--allow-dirty"] : [];
  // The crate first, because cargo compiles it before it publishes.
  await must("cargo", ["publish", ...dirty]);
  await must("npm", ["publish", "--ignore-scripts", "--access", "public", ...how]);
  console.log(dry ? `${version} could be published.` : `${version} is published.`);
}

/** Checks what must hold before something is published, which cannot be undone. */
async function ready(version, date) {
  if (!/^\d{4}-\d\d-\d\d$/.test(date)) {
    throw new Failure(
      `CHANGELOG.md: the section [${version}] says "${date}"; write the date of the release.`,
    );
  }
  if (!process.env.CI) {
    throw new Failure(
      "Releases are published by the continuous integration, which provides the provenance; use --dry-run.",
    );
  }
  const { output } = await run("git", ["status", "--porcelain"], { capture: true });
  if (output.trim()) throw new Failure(`There are uncommitted changes:\n${output}`);
}

if (isMain(import.meta.url)) await main(() => release(process.argv.slice(2)));
