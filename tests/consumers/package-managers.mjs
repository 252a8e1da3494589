// Package managers that install in another way than npm: pnpm's links, Yarn's Plug'n'Play without node_modules.

import assert from "node:assert/strict";
import { bin, built, serveFolder, withServer } from "./support/kinds.mjs";
import { run } from "./support/project.mjs";
import { join } from "node:path";

const HOST = ["--host", "127.0.0.1", "--port"];

/** `line` makes the command of a program of the project. */
const managed = (title, template, line) => [
  {
    name: `${title}: Node, import and require`,
    runs: "tcp",
    async works(context) {
      const { project, broker, topic, row } = context;
      const cwd = await project(template);
      for (const file of ["esm.mjs", "commonjs.cjs"]) {
        const [command, ...args] = await line(context, cwd, "node");
        assert.equal(await run(cwd, command, [...args, file, broker, topic]), "10\n");
      }
      Object.assign(row, { runs: `Node ${process.versions.node}`, exchanged: "10 + 10" });
    },
  },
  {
    name: `${title}: Vite 8, development server`,
    async works(context) {
      const cwd = await context.project(template);
      const [command, ...args] = await line(context, cwd, "vite");
      await withServer(cwd, command, [...args, ...HOST], (url) => context.inBrowsers(`${url}/`));
    },
  },
  {
    name: `${title}: Vite 8, build`,
    async works(context) {
      const { project, row, inBrowsers } = context;
      const cwd = await project(template);
      const [command, ...args] = await line(context, cwd, "vite");
      await run(cwd, command, [...args, "build"]);
      built(row, join(cwd, "out"), 1);
      await serveFolder(join(cwd, "out"), (url) => inBrowsers(`${url}/`));
    },
  },
];

export const PACKAGE_MANAGERS = [
  ...managed("pnpm 10", "pnpm", (_context, cwd, name) => [
    name === "node" ? process.execPath : bin(name)(cwd),
  ]),
  ...managed("Yarn 4, Plug'n'Play", "pnp", async ({ tool }, _cwd, name) => [await tool("yarn"), name]),
];
