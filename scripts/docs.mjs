// `npm run docs`: builds the documentation site in target/site with TypeDoc, from js/index.d.ts, the README and the guides in
// docs/. A warning is a failure. Examples run in the page, with the package as it is built. TypeDoc needs an older
// TypeScript than the project, so docs/site is a package of its own.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { build } from "./build.mjs";
import { bundleLive } from "./live.mjs";
import { isMain, main, must, ROOT } from "./run.mjs";
import { setup } from "./setup.mjs";

const PLACE = join(ROOT, "docs", "site");
export const SITE = join(ROOT, "target", "site");

export async function makeSite() {
  if (!existsSync(join(PLACE, "node_modules", ".package-lock.json"))) {
    await must("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], { cwd: PLACE });
  }
  await must(process.execPath, [join(PLACE, "node_modules/typedoc/bin/typedoc")], { cwd: PLACE });
  await bundleLive(join(SITE, "assets", "live.js"));
}

if (isMain(import.meta.url)) {
  await main(async () => {
    await setup("build");
    await build();
    await makeSite();
    console.log(`The site is in ${SITE}; open index.html.`);
  });
}
