// Figures for which less is better (milliseconds, megabytes): their medians, ratios and table.

import { columns, median, ratioByRound } from "./report.mjs";
import { WORKLOADS } from "./workloads.mjs";

/** One row for each workload, client and figure. */
export function summariseFigures(results) {
  return WORKLOADS.flatMap((workload) =>
    workload.clients.flatMap((client) => {
      const of = (name) =>
        results.filter((r) => r.workload === workload.name && r.client === name && r.figures);
      const mine = of(client);
      const names = Object.keys(mine[0]?.figures ?? {});
      return names.map((figure) => {
        const values = (some) => some.map(({ round, figures }) => ({ round, rate: figures[figure] }));
        const all = values(mine).map(({ rate }) => rate);
        const toMqttjs = ratioByRound(values(mine), values(of("mqttjs")));
        const goal = client === "mqtt-lib" ? workload.atMost?.[figure] : undefined;
        const met = goal === undefined ? undefined : toMqttjs === null ? null : toMqttjs <= goal;
        return { workload: workload.name, client, figure, value: median(all), all, toMqttjs, goal, met };
      });
    }),
  );
}

const HEAD = ["workload", "client", "figure", "median", "/MQTT.js", "goal", "met"];

export function figureTable(rows) {
  const lines = rows.map((row) => [
    row.workload,
    row.client,
    row.figure,
    row.value.toLocaleString("en", { maximumSignificantDigits: 4 }),
    row.toMqttjs === null ? "" : `${row.toMqttjs.toFixed(2)}x`,
    row.goal === undefined ? "" : `at most ${row.goal}x`,
    row.met === undefined ? "" : row.met === null ? "?" : row.met ? "yes" : "NO",
  ]);
  return columns(HEAD, lines, (column) => column < 3 || column > 4);
}
