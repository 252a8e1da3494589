// The example examples/dashboard in Chromium, with mqtt-lib and with MQTT.js: the same charts of what is published, and the same
// indicator over a loss and a reconnect.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { extname } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { startMosquitto } from "../support/mosquitto.mjs";
import { inChromium, openPage } from "./support/chromium.mjs";
import { chartsAndReconnects, FLAGS } from "./support/dashboard.mjs";

const at = (name) => fileURLToPath(new URL(`../../${name}`, import.meta.url));
const TYPES = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css" };
const shared = inChromium({ broker: startMosquitto }, FLAGS);

for (const [name, file, script] of [
  ["mqtt-lib", "index.html", "mqtt-lib.js"],
  ["MQTT.js", "mqttjs.html", "mqttjs.js"],
]) {
  test(`the dashboard with ${name} draws values and shows that it reconnects`, async (t) => {
    const page = await openPage(t, shared);
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
    await chartsAndReconnects(t, page, { broker: shared.broker, url: `${shared.site.url}/example/${file}` });
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
