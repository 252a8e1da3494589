// Next: a page in the browser, and a route handler in Node or in the edge runtime, into which Next bundles the package.

import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { bin, built, withServer } from "./support/kinds.mjs";
import { run } from "./support/project.mjs";

/** The route handlers of the template, and where each runs. */
const ROUTES = { exchange: `Node ${process.versions.node}`, edge: "edge" };

const next = (name, route, versions, flags = []) => ({
  name: `Next ${name}`,
  runs: "tcp",
  async works({ project, inBrowsers, broker, brokerWs, topic, row }) {
    const cwd = await project("next", versions);
    for (const other of Object.keys(ROUTES).filter((one) => one !== route))
      rmSync(join(cwd, "app", other), { recursive: true, force: true });
    const env = { NEXT_TELEMETRY_DISABLED: "1" };
    await run(cwd, bin("next")(cwd), ["build", ...flags], { env, timeout: 600_000 });
    built(row, join(cwd, ".next/static"), 1);
    await withServer(cwd, bin("next")(cwd), ["start", "-H", "127.0.0.1", "-p"], async (url) => {
      const addresses = route === "edge" ? [brokerWs] : [broker, brokerWs];
      for (const [i, address] of addresses.entries()) {
        const query = new URLSearchParams({ broker: address, name: `${topic}-${route}-${i}` });
        const answer = await fetch(`${url}/${route}?${query}`);
        assert.equal(await answer.text(), "10", `${route}, ${address}`);
      }
      await inBrowsers(`${url}/`);
      row.runs = `${ROUTES[route]}, ${row.runs}`;
      row.exchanged = [...addresses.map(() => 10), row.exchanged].join(" + ");
    });
  },
});

const NEXT_15 = { next: "15.5.29" };
const NEXT_14 = { next: "14.2.35", react: "18.3.1", "react-dom": "18.3.1" };

export const NEXT = [
  next("16, Turbopack: server and client", "exchange"),
  next("16, webpack: server and client", "exchange", {}, ["--webpack"]),
  next("15: server and client", "exchange", NEXT_15),
  next("14: server and client", "exchange", NEXT_14),
  next("16, Turbopack: edge runtime and client", "edge"),
  next("16, webpack: edge runtime and client", "edge", {}, ["--webpack"]),
  next("15: edge runtime and client", "edge", NEXT_15),
  next("14: edge runtime and client", "edge", NEXT_14),
];
