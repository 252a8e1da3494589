// Runs a consumer with this package, or with another in its place, and returns its row: what was built and run, in which
// version, how many messages went there and back, the size, or the error.

import { stripVTControlCharacters } from "node:util";
import mqtt from "mqtt";
import { startAll, stopAll } from "../../support/fixtures.mjs";
import { startMosquitto } from "../../support/mosquitto.mjs";
import { openBrowser } from "./browsers.mjs";
import { pack } from "./project.mjs";

const LONGEST_ERROR = 200;

/** Starts what the consumers share: a broker with a client that echoes, the browsers, the packed package. */
export async function startHarness({ browsers: names = ["Chromium"], ...options } = {}) {
  const shared = await startAll({ broker: startMosquitto, packed: () => pack(options) });
  const { broker, packed } = shared;
  const echo = await mqtt.connectAsync(broker.url);
  echo.on("message", (topic, payload) => echo.publish(topic.replace(/out$/, "in"), payload, { qos: 1 }));
  await echo.subscribeAsync("consumers/+/out", { qos: 1 });
  const browsers = [];
  for (const name of names) browsers.push(await openBrowser(name));
  let runs = 0;

  /** Throws what the consumer throws, with the row so far in `row`. */
  async function runConsumer({ works, runs: over, peer }, lib = "mqtt-lib") {
    const row = { lib, builds: "", runs: "no", exchanged: "", wasm: "", size: "" };
    const topic = `${++runs}`;
    const context = {
      row,
      topic,
      lib,
      tool: packed.tool,
      tarball: packed.tarball,
      project: (template, versions, kind) =>
        packed.project(template, versions, { lib, kind, alone: peer !== undefined }),
      brokerWs: broker.wsUrl,
      broker: over === "tcp" ? broker.url : broker.wsUrl,
      /** Opens the page in every browser, or in those given; each must exchange its messages. */
      async inBrowsers(url, own = browsers) {
        const seen = [];
        for (const [i, browser] of own.entries()) {
          const parameters = new URLSearchParams({ broker: broker.wsUrl, name: `${topic}-${i}` });
          const address = `${url}${url.includes("?") ? "&" : "?"}${parameters}`;
          // A development server of Vite may find out during the first load what it has to prepare, and says 504 until then.
          const title = await browser.titleOf(address).catch((error) => {
            if (!/Outdated Optimize Dep/.test(error.message)) throw error;
            return browser.titleOf(`${address}-again`);
          });
          if (title !== "exchanged 10")
            throw new Error(`error: ${title.replace(/^failed: (undefined )?/, "")}`);
          seen.push(browser.version);
        }
        row.runs = seen.join(", ");
        row.exchanged = seen.map(() => 10).join(" + ");
      },
    };
    try {
      await works(context);
    } catch (error) {
      throw Object.assign(error, { row });
    }
    return row;
  }

  return {
    runConsumer,
    packed,
    async stop() {
      for (const browser of browsers) await browser.close();
      await echo.endAsync(true);
      await stopAll(shared);
    },
  };
}

const SAYS = /error|expected|still|refused|not found|cannot|disallowed|has no/i;
/** A line of minified code is longer. */
const LONGEST_LINE = 500;
/** Lines of a stack, of a code frame, and headings. */
const NOT_SAYING = /^(at |>? ?\d* ?\||>? ?\d+ \||"error": true,|error during build:|error:?$)/i;

/** The sentence of an error that says most. */
export function sentenceOf(error) {
  const lines = stripVTControlCharacters(error.message)
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line && line.length < LONGEST_LINE && !NOT_SAYING.test(line));
  const console_ = lines.find((line) => line.startsWith("error: "));
  if (console_)
    return console_
      .slice(7)
      .replace(/^http\S+ \S+ /, "")
      .slice(0, LONGEST_ERROR);
  const actual = lines.find((line) => /^[+-] '?(failed|exchanged)/.test(line));
  const says = actual ?? lines.slice(1).find((line) => SAYS.test(line)) ?? lines[0];
  return says
    .replace(/^[+-] /, "")
    .replaceAll(/\/tmp\/mqtt-lib-consumers-[^/\s]+/g, "")
    .slice(0, LONGEST_ERROR);
}
