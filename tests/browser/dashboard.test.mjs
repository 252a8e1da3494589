// The example examples/dashboard in Chromium, with mqtt-lib and with MQTT.js: the same charts of what is published, and the same
// indicator over a loss and a reconnect.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { extname } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import mqtt from "mqtt";
import { startMosquitto } from "../support/mosquitto.mjs";
import { inChromium, openPage } from "./support/chromium.mjs";

const at = (name) => fileURLToPath(new URL(`../../${name}`, import.meta.url));
const TYPES = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css" };
/** A page that a test fulfils itself is of no local address for Chromium. */
const FLAGS = ["--disable-features=LocalNetworkAccessChecks"];
const shared = inChromium({ broker: startMosquitto }, FLAGS);

for (const [name, file, script] of [
  ["mqtt-lib", "index.html", "mqtt-lib.js"],
  ["MQTT.js", "mqttjs.html", "mqttjs.js"],
]) {
  test(`the dashboard with ${name} draws values and shows that it reconnects`, async (t) => {
    const page = await openPage(t, shared);
    const problems = [];
    page.on("pageerror", (error) => problems.push(error.message));
    await page.route("**/example/*", (route) => {
      const path = new URL(route.request().url()).pathname.slice("/example/".length);
      const body =
        path === "mqtt.esm.js"
          ? readFileSync(at("node_modules/mqtt/dist/mqtt.esm.js"))
          : readFileSync(at(`examples/dashboard/${path}`), "utf8")
              // What the import map has from the network is here.
              .replace(/https:.*browser\.mjs/, "/dist/browser.mjs")
              .replace(/https:.*mqtt\.esm\.js/, "./mqtt.esm.js");
      return route.fulfill({ contentType: TYPES[extname(path)], body });
    });
    const { broker } = shared;
    const publisher = await mqtt.connectAsync(broker.url, { reconnectPeriod: 100 });
    t.after(() => publisher.endAsync(true));
    for (const sensor of ["kitchen", "cellar"])
      await publisher.publishAsync(`sensors/${sensor}/temperature`, "20.5", { retain: true });
    await page.goto(`${shared.site.url}/example/${file}?broker=${encodeURIComponent(broker.wsUrl)}`);
    const shows = (selector, text) =>
      page.waitForFunction(
        ([where, what]) =>
          [...document.querySelectorAll(where)].some((one) => one.textContent.includes(what)),
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

  test(`the dashboard with ${name} is as short as its documentation says`, () => {
    const code = readFileSync(at(`examples/dashboard/${script}`), "utf8")
      .split("\n")
      .filter((line) => line.trim() !== "" && !line.trim().startsWith("//"));
    assert.ok(
      readFileSync(at("docs/from-mqttjs.md"), "utf8").includes(`${name}: ${code.length} lines`),
      `${code.length}`,
    );
  });
}
