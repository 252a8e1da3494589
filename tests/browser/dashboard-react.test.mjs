// The example examples/dashboard-react in Chromium: charts of what is published, and the indicator over a loss and a reconnect.

import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { startMosquitto } from "../support/mosquitto.mjs";
import { inChromium, openPage } from "./support/chromium.mjs";
import { chartsAndReconnects, FLAGS } from "./support/dashboard.mjs";
import { clientOfSite } from "./support/react-bundle.mjs";

const EXAMPLE = fileURLToPath(new URL("../../examples/dashboard-react/", import.meta.url));
const shared = inChromium({ broker: startMosquitto }, FLAGS);

test("the React dashboard draws values and shows that it reconnects", async (t) => {
  const { outputFiles } = await build({
    entryPoints: [`${EXAMPLE}main.jsx`],
    jsx: "automatic",
    bundle: true,
    format: "esm",
    write: false,
    plugins: [clientOfSite],
    define: { "process.env.NODE_ENV": '"development"' },
  });
  const page = await openPage(t, shared);
  const files = {
    "/example/": ["text/html", readFileSync(`${EXAMPLE}index.html`)],
    "/example/main.jsx": ["text/javascript", outputFiles[0].text],
  };
  await page.route("**/example/*", (route) => {
    const [contentType, body] = files[new URL(route.request().url()).pathname];
    return route.fulfill({ contentType, body });
  });
  await chartsAndReconnects(t, page, { broker: shared.broker, url: `${shared.site.url}/example/` });
});
