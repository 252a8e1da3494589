// Bundles what runs the examples of the documentation site in a page: the package, a broker, and what that asks of Node.
import { join } from "node:path";
import { build } from "esbuild";
import { ROOT } from "./run.mjs";

const PLACE = join(ROOT, "docs", "site");
const IN_PAGE = join(PLACE, "live", "node.cjs");
const package_ = (/** @type {string} */ name) => join(PLACE, "node_modules", name);
/** In the place of modules of Node, with `node:` and without. @type {Record<string, string>} */
const MODULES = {
  assert: IN_PAGE,
  crypto: IN_PAGE,
  util: IN_PAGE,
  events: package_("events"),
  stream: package_("readable-stream"),
};

/** @param {string} outfile */
export async function bundleLive(outfile) {
  const alias = Object.fromEntries(
    Object.entries(MODULES).flatMap(([name, path]) => [
      [name, path],
      [`node:${name}`, path],
    ]),
  );
  await build({
    entryPoints: [join(PLACE, "live", "main.mjs")],
    outfile,
    bundle: true,
    minify: true,
    platform: "browser",
    format: "iife",
    globalName: "mqttLibLive",
    alias: {
      ...alias,
      "readable-stream": package_("readable-stream"),
      "mqtt-lib/inline": join(ROOT, "dist", "inline.mjs"),
      "mqtt-lib/streams": join(ROOT, "dist", "streams.mjs"),
    },
    inject: [join(PLACE, "live", "globals.mjs")],
    define: { global: "globalThis" },
    logLevel: "warning",
  });
}
