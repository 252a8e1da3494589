// `npm run page`: writes the page of `npm start` as a folder of static files, for any web server: www/, the browser files of
// the package and the libraries of the page. The broker is chosen on the page.
//   npm run page                to target/page
//   npm run page -- <folder>    elsewhere; the folder must be new or empty, or an earlier page
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { build } from "./build.mjs";
import { FOLDERS } from "./files.mjs";
import { Failure, isMain, main, ROOT } from "./run.mjs";
import { setup } from "./setup.mjs";

/** The files that the page loads from the package and the library; www/ is copied as a whole. */
const NEEDED = {
  "/dist/": ["browser.mjs", "sparkplug.mjs", "wire.mjs", "mqtt_lib_bg.wasm", "mqtt_lib_store.wasm"],
  "/vendor/uplot/": ["uPlot.esm.js", "uPlot.min.css"],
  "/vendor/cborg/": ["cborg.js", "lib"],
  "/vendor/diff/": ["diff", "util"],
  "/vendor/protobuf/": ["protobuf.min.js"],
};
const PAGE_FILE = "app.mjs";

/** Writes the page to `folder`, replacing an earlier one. @param {string} folder */
export function writePage(folder) {
  const present = existsSync(folder) ? readdirSync(folder) : [];
  if (present.length > 0 && !present.includes(PAGE_FILE)) {
    throw new Failure(`${folder} has other files in it: give a new folder, or an empty one.`);
  }
  rmSync(folder, { recursive: true, force: true });
  for (const [path, from] of Object.entries(FOLDERS)) {
    const to = join(folder, path);
    mkdirSync(to, { recursive: true });
    for (const name of NEEDED[path] ?? readdirSync(from))
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
