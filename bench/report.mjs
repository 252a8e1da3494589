// Owns medians, ratios, and the table that is printed.

import { WORKLOADS } from "./workloads.mjs";

export const median = (numbers) => {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
};

const middle = (results, key) => median(results.map((result) => result[key]));

/** Median of the ratios within a round: what else the machine does changes less in one round than in all. */
function ratioByRound(mine, others) {
  const ratios = mine.flatMap(({ round, rate }) =>
    others.filter((other) => other.round === round).map((other) => rate / other.rate),
  );
  return ratios.length === 0 ? null : median(ratios);
}

/** One row a workload and client, from all rounds. */
export function summarise(results) {
  const rows = [];
  for (const workload of WORKLOADS) {
    const all = (client) => results.filter((r) => r.workload === workload.name && r.client === client);
    const of = (client) => all(client).filter((result) => result.rate > 0);
    for (const client of workload.clients) {
      const mine = of(client);
      if (mine.length === 0) continue; // not run, or failed each time
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
        ...verdict(workload, client, against),
      });
    }
  }
  return rows;
}

function verdict({ goal, ofBare }, client, against) {
  if (client !== "mqtt-lib") return {};
  const told = [`${goal}x`, ...(ofBare ? [`${ofBare} bare`] : [])].join(", ");
  const [mqttjs, bare] = [against("mqttjs"), against("bare")];
  if (mqttjs === null || (ofBare && bare === null)) return { goal: told, met: null };
  return { goal: told, met: mqttjs >= goal && (!ofBare || bare >= ofBare) };
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

export function table(rows, results) {
  const lines = rows.map((row) => [
    row.workload,
    row.client,
    grouped(row.rate),
    row.cpu.toFixed(2),
    row.memory.toFixed(0),
    ratio(row.toMqttjs, 1),
    ratio(row.toBare, 2),
    `${Math.round(row.counterpartBusy * 100)} %`,
    row.goal ?? "",
    row.met === undefined ? "" : row.met === null ? "?" : row.met ? "yes" : "NO",
  ]);
  const widths = HEAD.map((head, i) => Math.max(head.length, ...lines.map((line) => line[i].length)));
  const pad = (line) =>
    line.map((cell, i) => (i < 2 || i > 7 ? cell.padEnd(widths[i]) : cell.padStart(widths[i])));
  const out = [];
  let before = "";
  for (const line of [HEAD, ...lines]) {
    if (before && line[0] !== before) out.push("");
    before = line[0];
    out.push(pad(line).join("  ").trimEnd());
  }
  const wrong = results.filter((result) => result.wrong);
  return [...out, ...wrong.map((r) => `WRONG ${r.workload} ${r.client}: ${r.wrong}`)].join("\n");
}
