// `npm run docs`: builds the documentation site in target/site with TypeDoc, from js/index.d.ts, the README and the guides in
// docs/. A warning is a failure. TypeDoc needs an older TypeScript than the project, so docs/site is a package of its own.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { isMain, main, must, ROOT } from "./run.mjs";

const PLACE = join(ROOT, "docs", "site");
export const SITE = join(ROOT, "target", "site");

export async function makeSite() {
  if (!existsSync(join(PLACE, "node_modules", ".package-lock.json"))) {
    await must("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], { cwd: PLACE });
  }
  await must(process.execPath, [join(PLACE, "node_modules/typedoc/bin/typedoc")], { cwd: PLACE });
}

if (isMain(import.meta.url)) {
  await main(async () => {
    await makeSite();
    console.log(`The site is in ${SITE}; open index.html.`);
  });
}
