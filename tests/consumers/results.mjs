// The results of the consumers in results.json, and the table that docs/consumers.md has of them.

import { readFileSync, renameSync, writeFileSync } from "node:fs";

const RESULTS = new URL("results.json", import.meta.url);
const GUIDE = new URL("../../docs/consumers.md", import.meta.url);
const BEGIN = "<!-- The results: npm run test:consumers -- --write -->\n";
const END = "<!-- end of the results -->\n";
const TITLES = [
  "place",
  "what to write",
  "runs in",
  "messages",
  ".wasm",
  "size, gzip",
  "MQTT.js there",
  "its size",
];

export const readResults = () => JSON.parse(readFileSync(RESULTS, "utf8"));

/**
 * Puts one row into the file, read anew because another run may write too. One line for each consumer and package, in the
 * order of the consumers, without those that are no longer there: a small difference for each new result.
 */
export function writeResult(name, lib, row, consumers) {
  const results = readResults();
  results[name] = { ...results[name], [lib]: row };
  const blocks = consumers.flatMap(({ name: one }) => {
    const entries = Object.entries(results[one] ?? {});
    if (entries.length === 0) return [];
    const lines = entries.map(([key, value]) => `    ${JSON.stringify(key)}: ${JSON.stringify(value)}`);
    return [`  ${JSON.stringify(one)}: {\n${lines.join(",\n")}\n  }`];
  });
  // Renamed, so that another run never reads a half of it.
  const whole = new URL(`results.${process.pid}.tmp`, RESULTS);
  writeFileSync(whole, `{\n${blocks.join(",\n")}\n}\n`);
  renameSync(whole, RESULTS);
}

const kib = (bytes) => (bytes ? `${(bytes / 1024).toFixed(0)} KiB` : "");
const cell = (text) =>
  String(text ?? "")
    .replaceAll("|", "\\|")
    .replaceAll(/[<>]/g, (sign) => (sign === "<" ? "&lt;" : "&gt;"));
/** What a tool has printed makes no link. */
const failure = ({ error }) => (error ? `fails: ${cell(error).replaceAll(/[[\]]/g, "\\$&")}` : "");

/** A consumer whose name has an entry of the package imports that. */
const entryIn = (name) => name.match(/mqtt-lib\/\w+/)?.[0].replace(/.*/, "`$&`") ?? "nothing";

function line({ name, write = entryIn(name), peer }, { "mqtt-lib": ours, mqtt }) {
  const theirs = mqtt ? failure(mqtt) || "works" : peer === false ? "" : peer;
  const messages = failure(ours) || ours.exchanged;
  const cells = [
    cell(name),
    cell(write),
    cell(ours.runs),
    messages,
    cell(ours.wasm),
    kib(ours.size),
    theirs,
    kib(mqtt?.size),
  ];
  return `| ${cells.map((text) => text ?? "").join(" | ")} |`;
}

export function tableOf(results, consumers) {
  const lines = consumers
    .filter(({ name }) => results[name]?.["mqtt-lib"])
    .map((one) => line(one, results[one.name]));
  const without = consumers.filter(({ name }) => !results[name]?.["mqtt-lib"]).map(({ name }) => cell(name));
  const rest =
    without.length > 0 ? ["", `In the list, but without a result yet: ${without.join("; ")}.`] : [];
  return [`| ${TITLES.join(" | ")} |`, `|${" --- |".repeat(TITLES.length)}`, ...lines, ...rest, ""].join(
    "\n",
  );
}

/** The guide with the table of these results. */
export function guideWith(table, guide = readFileSync(GUIDE, "utf8")) {
  const [before, rest] = guide.split(BEGIN);
  return `${before}${BEGIN}\n${table}\n${END}${rest.split(END)[1]}`;
}

export const readGuide = () => readFileSync(GUIDE, "utf8");
export const writeGuide = (text) => writeFileSync(GUIDE, text);
