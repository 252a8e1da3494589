// Run by `npm pack`, last: gives the files of the package the modes that they have everywhere, so that the umask of who packs
// is not in the tarball (`npm run proof:pack`).
import { chmodSync } from "node:fs";
import { join } from "node:path";
import { isMain, main, must, ROOT } from "./run.mjs";

/** The mode of a file of the package. @param {string} path @param {string[]} programs */
export const modeOf = (path, programs) => (programs.includes(path) ? 0o755 : 0o644);

if (isMain(import.meta.url)) {
  await main(async () => {
    const args = ["pack", "--dry-run", "--json", "--ignore-scripts"];
    const answer = JSON.parse(await must("npm", args, { capture: true }));
    const [{ files }] = Object.values(answer);
    for (const { path } of files) chmodSync(join(ROOT, path), modeOf(path, ["dist/cli.cjs"]));
  });
}
