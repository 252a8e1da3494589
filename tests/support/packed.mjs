// The package as users get it: packed by npm, into a folder of its own.
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));
export const MANIFEST = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));

/** Runs a program in a folder; resolves with its standard output, rejects with all its output. */
export async function run(cwd, command, ...args) {
  // Variables of an npm that runs this process must not reach a child process in another project.
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => name !== "npm_config_local_prefix"),
  );
  try {
    return (await promisify(execFile)(command, args, { cwd, env })).stdout;
  } catch (error) {
    throw new Error(`${command} ${args.join(" ")}\n${error.stdout}${error.stderr}`, { cause: error });
  }
}

/** Packs; gives the tarball's path, the names of its files, and a function that removes everything. */
export async function pack() {
  const folder = mkdtempSync(join(tmpdir(), "mqtt-lib-package-"));
  const out = await run(ROOT, "npm", "pack", "--json", "--ignore-scripts", "--pack-destination", folder);
  const [{ filename, files }] = JSON.parse(out);
  return {
    folder,
    tarball: join(folder, filename),
    files: files.map(({ path }) => path),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** Packs, and installs the tarball into a new project, whose folder is `project`. */
export async function install() {
  const packed = await pack();
  const project = join(packed.folder, "project");
  mkdirSync(project);
  writeFileSync(join(project, "package.json"), '{ "name": "consumer", "private": true }');
  await run(project, "npm", "install", "--no-audit", "--no-fund", "--prefer-offline", packed.tarball);
  return { ...packed, project };
}
