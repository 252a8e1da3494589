// Rates: their medians, ratios, and the printed table.

import { NATIVE } from "./native.mjs";
import { WORKLOADS } from "./workloads.mjs";

export const median = (numbers) => {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
};

const middle = (results, key) => median(results.map((result) => result[key]));

/** The median of the ratios within each round: the load of the machine changes less within a round than between rounds. */
export function ratioByRound(mine, others) {
  const ratios = mine.flatMap(({ round, rate }) =>
    others.filter((other) => other.round === round).map((other) => rate / other.rate),
  );
  return ratios.length === 0 ? null : median(ratios);
}

/** One row for each workload and client, from all rounds. */
export function summarise(results, workloads = WORKLOADS) {
  const rows = [];
  for (const workload of workloads) {
    const all = (client) => results.filter((r) => r.workload === workload.name && r.client === client);
    const of = (client) => all(client).filter((result) => result.rate > 0);
    for (const client of workload.clients) {
      const mine = of(client);
      if (mine.length === 0) continue; // did not run, or failed every time
      const against = (other) => ratioByRound(mine, of(other));
      rows.push({
        workload: workload.name,
        client,
        rate: middle(mine, "rate"),
        rates: mine.map((result) => Math.round(result.rate)),
        cpu: middle(mine, "cpu"),
        memory: middle(mine, "memory"),
        counterpartBusy: middle(mine, "busy"),
        toMqttjs: against("mqttjs"),
        toBare: against("bare"),
        ...(workload.flatTo ? flatness(workload, mine, results) : verdict(workload, client, against)),
      });
    }
  }
  return rows;
}

/** The ratio to the rate of the same client in a simpler workload. */
function flatness({ flatTo }, mine, results) {
  const first = results.filter((r) => r.workload === flatTo.workload && r.client === mine[0].client);
  const kept = ratioByRound(mine, first);
  const ours = mine[0].client === "mqtt-lib";
  return {
    goal: `${kept?.toFixed(2) ?? "?"} of ${flatTo.workload}${ours ? `, ${flatTo.part}` : ""}`,
    met: ours ? (kept === null ? null : kept >= flatTo.part) : undefined,
  };
}

function verdict(workload, client, against) {
  const { goal, ofBare, ofBest } = client === "drop-in" ? { goal: workload.dropIn } : workload;
  if (!["mqtt-lib", "drop-in"].includes(client) || !(goal || ofBare || ofBest)) return {};
  const toNative = NATIVE.map(against).filter((ratio) => ratio !== null);
  const wanted = [
    [goal, against("mqttjs"), "x"],
    [ofBare, against("bare"), " bare"],
    [ofBest, toNative.length > 0 ? Math.min(...toNative) : null, "x the best"],
  ].filter(([least]) => least);
  return {
    goal: wanted.map(([least, , unit]) => `${least}${unit}`).join(", "),
    met: wanted.some(([, ratio]) => ratio === null) ? null : wanted.every(([least, ratio]) => ratio >= least),
  };
}

const HEAD = [
  "workload",
  "client",
  "msg/s",
  "CPU µs",
  "peak MB",
  "/MQTT.js",
  "/bare",
  "other side",
  "goal",
  "met",
];
const grouped = (number) => Math.round(number).toLocaleString("en");
const ratio = (number, digits) => (number === null ? "" : `${number.toFixed(digits)}x`);

export function table(rows) {
  const lines = rows.map((row) => [
    row.workload,
    row.client,
    grouped(row.rate),
    Number.isNaN(row.cpu) ? "" : row.cpu.toFixed(2),
    row.memory.toFixed(0),
    ratio(row.toMqttjs, 1),
    ratio(row.toBare, 2),
    Number.isNaN(row.counterpartBusy) ? "" : `${Math.round(row.counterpartBusy * 100)} %`,
    row.goal ?? "",
    row.met === undefined ? "" : row.met === null ? "?" : row.met ? "yes" : "NO",
  ]);
  return columns(HEAD, lines, (column) => column < 2 || column > 7);
}

/** The lines of a table, with an empty line where the first cell changes; nothing if there are no rows. */
export function columns(head, lines, isLeft) {
  if (lines.length === 0) return "";
  const widths = head.map((cell, i) => Math.max(cell.length, ...lines.map((line) => line[i].length)));
  const pad = (line) =>
    line.map((cell, i) => (isLeft(i) ? cell.padEnd(widths[i]) : cell.padStart(widths[i])));
  const out = [];
  let before = "";
  for (const line of [head, ...lines]) {
    if (before && line[0] !== before) out.push("");
    before = line[0];
    out.push(pad(line).join("  ").trimEnd());
  }
  return out.join("\n");
}
