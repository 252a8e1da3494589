// A copy of the crate that is a `cdylib` alone, which wasm-pack builds. Beside an `rlib`, rustc keeps every public function
// for other crates while it optimises the whole program, and none loses its arguments or moves into its only caller: 0.8 KiB
// more to download.
import { copyFileSync, cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Failure, ROOT } from "./run.mjs";

const KINDS = 'crate-type = ["cdylib", "rlib"]';

/** Writes it, and returns its folder. */
export function writeCrate() {
  const folder = join(ROOT, "target", "package", "crate");
  const manifest = readFileSync(join(ROOT, "Cargo.toml"), "utf8");
  if (!manifest.includes(KINDS)) throw new Failure(`Cargo.toml does not contain ${KINDS}.`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "Cargo.toml"), manifest.replace(KINDS, 'crate-type = ["cdylib"]'));
  copyFileSync(join(ROOT, "Cargo.lock"), join(folder, "Cargo.lock"));
  rmSync(join(folder, "src"), { recursive: true, force: true });
  cpSync(join(ROOT, "src"), join(folder, "src"), { recursive: true, preserveTimestamps: true });
  return folder;
}
