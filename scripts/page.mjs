// `npm run page`: the page of `npm start` as one folder of static files, for any web server: www/, the package's
// browser files and the chart library. It needs no broker of ours; who opens it chooses one.
//   npm run page                to target/page
//   npm run page -- <folder>    elsewhere; the folder must be new or empty, or an earlier page
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { build } from "./build.mjs";
import { ROOMS } from "./files.mjs";
import { Failure, isMain, main, ROOT } from "./run.mjs";
import { setup } from "./setup.mjs";

/** Of the package and the library a page loads these; of www/ everything. */
const NEEDED = {
  "/dist/": ["browser.mjs", "mqtt_lib_bg.wasm"],
  "/vendor/uplot/": ["uPlot.esm.js", "uPlot.min.css"],
};
const MARK = "app.mjs";

/** Writes the page to `folder`; what an earlier run has written there goes. @param {string} folder */
export function writePage(folder) {
  const present = existsSync(folder) ? readdirSync(folder) : [];
  if (present.length > 0 && !present.includes(MARK)) {
    throw new Failure(`${folder} has other files in it: give a new folder, or an empty one.`);
  }
  rmSync(folder, { recursive: true, force: true });
  for (const [room, from] of Object.entries(ROOMS)) {
    const to = join(folder, room);
    mkdirSync(to, { recursive: true });
    for (const name of NEEDED[room] ?? readdirSync(from))
      cpSync(join(from, name), join(to, name), { recursive: true });
  }
}

if (isMain(import.meta.url)) {
  await main(async () => {
    const folder = resolve(process.argv[2] ?? join(ROOT, "target", "page"));
    await setup("build");
    await build();
    writePage(folder);
    console.log(
      `\nThe page is in ${relative(process.cwd(), folder) || "."}: give the folder to a web server.`,
    );
  });
}
