// node bench/markdown.mjs: writes the latest results of `npm run bench` and `npm run bench:browser` into docs/performance.md,
// between its markers, and the chart of the README. Owns the format of the figures.

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../scripts/run.mjs";
import { chart } from "./chart.mjs";
import { FOLDER } from "./peers.mjs";

const PAGE = join(ROOT, "docs", "performance.md");
const CHART = join(ROOT, "docs", "benchmark.svg");
const NAMES = {
  "mqtt-lib": "this package",
  "drop-in": "mqtt-lib/mqttjs",
  mqttjs: "MQTT.js",
  paho: "paho-mqtt",
  bare: "bare socket",
};

const grouped = (number) => Math.round(number).toLocaleString("en");
const ratio = (number, digits) => (number === null ? "" : `${number.toFixed(digits)}x`);
const met = (row) => (row.met === undefined ? "" : row.met === null ? "?" : row.met ? "yes" : "**no**");

function table(head, lines) {
  const text = [head, head.map((_, i) => (i < 2 ? "---" : "---:")), ...lines];
  return text.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

/** The first cell, only where it changes. */
const grouping = (rows, cells) =>
  rows.map((row, i) => [rows[i - 1]?.workload === row.workload ? "" : row.workload, ...cells(row)]);

const rates = (rows) =>
  table(
    ["workload", "client", "msg/s", "CPU µs a message", "to MQTT.js", "to bare", "other side", "goal", "met"],
    grouping(rows, (row) => [
      NAMES[row.client],
      grouped(row.rate),
      row.cpu?.toFixed(2) ?? "",
      ratio(row.toMqttjs, 1),
      ratio(row.toBare, 2),
      row.counterpartBusy === null ? "" : `${Math.round(row.counterpartBusy * 100)} %`,
      row.goal ?? "",
      met(row),
    ]),
  );

const figures = (rows) =>
  table(
    ["workload", "client", "figure", "median", "to MQTT.js", "goal", "met"],
    grouping(rows, (row) => [
      NAMES[row.client],
      row.figure,
      row.value.toLocaleString("en", { maximumSignificantDigits: 3 }),
      ratio(row.toMqttjs, 2),
      row.goal === undefined ? "" : `at most ${row.goal}x`,
      met(row),
    ]),
  );

function about({ date, machine, build, versions, load, options, chromium }) {
  const gigabytes = (machine.memory / 2 ** 30).toFixed(0);
  return [
    `${date.slice(0, 16).replace("T", " ")} UTC, build ${build}; ${machine.cores} x ${machine.cpu}, ${gigabytes} GB;`,
    `${chromium ? `Chromium ${chromium}, headless` : `Node ${machine.node}`}; mqtt-lib ${versions["mqtt-lib"]},`,
    `MQTT.js ${versions.mqttjs}, paho-mqtt ${versions.paho}, ${versions.bare};`,
    `${options.rounds} rounds of ${options.ms / 1000} s; load (1, 5, 15 min) before`,
    `${load.before.join(", ")}, after ${load.after.join(", ")}.`,
  ].join("\n");
}

function put(text, name, file, body) {
  const path = join(FOLDER, file);
  const [from, to] = [`<!-- ${name} -->\n`, `<!-- end of ${name} -->`];
  const [start, end] = [text.indexOf(from) + from.length, text.indexOf(to)];
  if (!existsSync(path) || end < 0) return text;
  const result = JSON.parse(readFileSync(path, "utf8"));
  return `${text.slice(0, start)}\n${about(result)}\n\n${body(result)}\n\n${text.slice(end)}`;
}

let text = readFileSync(PAGE, "utf8");
text = put(text, "Node", "result.json", (result) => `${rates(result.rows)}\n\n${figures(result.figures)}`);
text = put(text, "Chromium", "browser.json", (result) => rates(result.rows));
writeFileSync(PAGE, text);
writeFileSync(CHART, chart(text));
