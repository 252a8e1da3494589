// The example examples/dashboard-react in Chromium: charts of what is published, and the indicator over a loss and a reconnect.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import mqtt from "mqtt";
import { startMosquitto } from "../support/mosquitto.mjs";
import { inChromium, openPage } from "./support/chromium.mjs";
import { clientOfSite } from "./support/react-bundle.mjs";

const EXAMPLE = fileURLToPath(new URL("../../examples/dashboard-react/", import.meta.url));
/** A page that a test fulfils itself is of no local address for Chromium. */
const FLAGS = ["--disable-features=LocalNetworkAccessChecks"];
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
  const problems = [];
  page.on("pageerror", (error) => problems.push(error.message));
  const files = {
    "/example/": ["text/html", readFileSync(`${EXAMPLE}index.html`)],
    "/example/main.jsx": ["text/javascript", outputFiles[0].text],
  };
  await page.route("**/example/*", (route) => {
    const [contentType, body] = files[new URL(route.request().url()).pathname];
    return route.fulfill({ contentType, body });
  });
  const { broker } = shared;
  const publisher = await mqtt.connectAsync(broker.url);
  t.after(() => publisher.endAsync(true));
  for (const sensor of ["kitchen", "cellar"])
    await publisher.publishAsync(`sensors/${sensor}/temperature`, "20.5", { retain: true });
  await page.goto(`${shared.site.url}/example/?broker=${encodeURIComponent(broker.wsUrl)}`);
  const shows = (selector, text) =>
    page.waitForFunction(
      ([where, what]) => [...document.querySelectorAll(where)].some((one) => one.textContent.includes(what)),
      [selector, text],
    );
  await shows("[role=status]", "connected");
  await shows("figcaption", "kitchen: 20.5 °C");
  await publisher.publishAsync("sensors/kitchen/temperature", "22", { qos: 1 });
  await shows("figcaption", "kitchen: 22 °C");
  const points = await page.$$eval("polyline", (all) =>
    all.map((one) => one.getAttribute("points").split(" ").length).sort(),
  );
  assert.deepEqual(points, [1, 2]);
  await broker.kill();
  await shows("[role=status]", "reconnecting: attempt");
  await broker.start();
  await shows("[role=status].connected", "connected");
  assert.deepEqual(problems, []);
});
