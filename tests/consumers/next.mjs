// Next: a page in the browser, and route handlers in Node and in the edge runtime, into which Next bundles the package.

import assert from "node:assert/strict";
import { join } from "node:path";
import { bin, built, withServer } from "./support/kinds.mjs";
import { run } from "./support/project.mjs";

const next = (name, flags, routes, versions) => ({
  name: `Next ${name}: server and client`,
  async works({ project, inBrowsers, broker, topic, row }) {
    const cwd = await project("next", versions);
    const env = { NEXT_TELEMETRY_DISABLED: "1" };
    await run(cwd, bin("next")(cwd), ["build", ...flags], { env, timeout: 600_000 });
    built(row, join(cwd, ".next/static"), 1);
    await withServer(cwd, bin("next")(cwd), ["start", "-H", "127.0.0.1", "-p"], async (url) => {
      for (const route of routes) {
        const query = new URLSearchParams({ broker, name: `${topic}-${route}` });
        const answer = await fetch(`${url}/${route}?${query}`);
        assert.equal(await answer.text(), "10", route);
      }
      await inBrowsers(`${url}/`);
      row.runs = `Node ${process.versions.node}, ${row.runs}`;
      row.exchanged = [...routes.map(() => 10), row.exchanged].join(" + ");
    });
  },
});

export const NEXT = [
  next("16, Turbopack", [], ["exchange", "edge"]),
  next("16, webpack", ["--webpack"], ["exchange", "edge"]),
  next("15", [], ["exchange", "edge"], { next: "15.5.29" }),
  next("14", [], ["exchange", "edge"], { next: "14.2.35", react: "18.3.1", "react-dom": "18.3.1" }),
];
