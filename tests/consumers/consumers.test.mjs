// The packed package as its users use it: each consumer installs it, builds if it has a build, runs, and exchanges messages
// with a Mosquitto. The table at the end has a row for each.
//   npm run test:consumers    all of them; `npm test` runs those that need no further tools

import assert from "node:assert/strict";
import { after, test } from "node:test";
import mqtt from "mqtt";
import { sharedFixtures } from "../support/fixtures.mjs";
import { startMosquitto } from "../support/mosquitto.mjs";
import { electron, HEAVY, LIGHT } from "./consumers.mjs";
import { openBrowser } from "./support/browsers.mjs";
import { pack } from "./support/project.mjs";

const ALL = process.env.MQTT_LIB_CONSUMERS === "all";
const BROWSERS = process.env.MQTT_LIB_BROWSERS?.split(",") ?? (ALL ? ["Chromium", "Firefox"] : ["Chromium"]);

let echo;
const browsers = [];
const rows = [];

// Before the broker is stopped and the packed package is removed.
after(async () => {
  for (const browser of browsers) await browser.close();
  await echo?.endAsync(true);
  if (ALL && shared.packed) rows.push(await electron(shared.packed.project));
  print();
});

const shared = sharedFixtures({ broker: startMosquitto, packed: pack }, async ({ broker }) => {
  echo = await mqtt.connectAsync(broker.url);
  echo.on("message", (topic, payload) => echo.publish(topic.replace(/out$/, "in"), payload, { qos: 1 }));
  await echo.subscribeAsync("consumers/+/out", { qos: 1 });
  for (const name of BROWSERS) browsers.push(await openBrowser(name));
});

for (const [i, consumer] of [...LIGHT, ...(ALL ? HEAVY : [])].entries()) {
  const { name, works, runs } = consumer;
  test(name, async () => {
    const row = { name, builds: "", runs: "no", exchanged: "", wasm: "", size: "" };
    rows.push(row);
    const context = {
      row,
      topic: `${i}`,
      project: shared.packed.project,
      brokerWs: shared.broker.wsUrl,
      broker: runs === "tcp" ? shared.broker.url : shared.broker.wsUrl,
      /** Opens the page in every browser; each must exchange its messages. */
      async inBrowsers(url) {
        const seen = [];
        for (const browser of browsers) {
          const parameters = new URLSearchParams({
            broker: shared.broker.wsUrl,
            name: `${i}-${browsers.indexOf(browser)}`,
          });
          assert.equal(await browser.titleOf(`${url}?${parameters}`), "exchanged 10", browser.version);
          seen.push(browser.version);
        }
        row.runs = seen.join(", ");
        row.exchanged = seen.map(() => 10).join(" + ");
      },
    };
    try {
      await works(context);
    } catch (error) {
      row.exchanged ||= error.message.split("\n").find((text) => /error|expected|still/i.test(text));
      throw error;
    }
  });
}

function print() {
  const titles = {
    name: "consumer",
    builds: "builds",
    runs: "runs",
    exchanged: "messages",
    wasm: ".wasm",
    size: "size",
  };
  const line = (row) =>
    `| ${Object.keys(titles)
      .map((key) => row[key])
      .join(" | ")} |`;
  const rule = `|${" --- |".repeat(Object.keys(titles).length)}`;
  console.log(["", line(titles), rule, ...rows.map(line), ""].join("\n"));
}
