// The charts: messages and bytes a second, round trip, and messages in flight, drawn by uPlot, which is loaded when the view
// is first shown. The same numbers are in the text above each chart.

import { byId, make, say } from "../lib/dom.mjs";
import { bytes, clock, count, figure, milliseconds } from "../lib/format.mjs";
import { painter } from "../lib/painter.mjs";

const HEIGHT = 190;
const SPANS = /** @type {[number, string][]} */ ([
  [60, "Last minute"],
  [300, "Last 5 minutes"],
  [600, "Last 10 minutes"],
]);
const CHARTS = [
  {
    title: "Messages a second",
    series: { messagesIn: "in", messagesOut: "out" },
    write: (value) => `${figure(value)}/s`,
  },
  {
    title: "Bytes a second",
    series: { bytesIn: "in", bytesOut: "out" },
    write: (value) => `${bytes(value)}/s`,
    binary: true,
  },
  { title: "Round trip", series: { roundTrip: "last" }, write: milliseconds },
  { title: "Under way", series: { inFlight: "in flight", waiting: "waiting" }, write: count },
];
const COLOURS = ["--series-1", "--series-2"];

export function chartsPanel(samples, { views, log, theme }) {
  const box = byId("charts");
  const span = byId("span");
  span.append(...SPANS.map(([seconds, text]) => make("option", { value: seconds }, text)));
  const charts = CHARTS.map(frame);
  box.append(...charts.map(({ figure: element }) => element));
  /** The sample under the pointer. @type {number | undefined} */
  let pointed;
  /** @type {any} */
  let Plot;
  let loading = false;

  const paint = painter(draw, { visible: () => views.shows("charts") });
  samples.onSample(paint.mark);
  span.addEventListener("change", paint.mark);
  views.onChange(() => paint.mark());
  theme.onChange(() => {
    for (const chart of charts) {
      chart.plot?.destroy();
      chart.plot = undefined;
    }
    paint.mark();
  });

  function point(index) {
    pointed = index ?? undefined;
    writeValues();
  }

  function data(chart) {
    const seconds = Number(span.value);
    return [samples.columns.time, ...chart.keys.map((key) => samples.columns[key])].map((column) =>
      column.slice(-seconds),
    );
  }

  function draw() {
    if (!Plot) {
      if (!loading) load();
      return writeValues();
    }
    const end = Date.now() / 1000;
    for (const chart of charts) {
      chart.plot ??= new Plot(optionsOf(chart, point), data(chart), chart.canvas);
      const width = chart.canvas.clientWidth;
      if (width !== chart.plot.width) chart.plot.setSize({ width, height: HEIGHT });
      chart.plot.setData(data(chart), false);
      chart.plot.setScale("x", { min: end - Number(span.value), max: end });
    }
    writeValues();
  }

  /** The latest values, or those under the pointer. */
  function writeValues() {
    for (const chart of charts) {
      const columns = chart.plot?.data.slice(1) ?? chart.keys.map((key) => samples.columns[key]);
      for (const [i, column] of columns.entries()) {
        const value = column.at(pointed ?? -1);
        say(chart.values[i], typeof value === "number" ? chart.write(value) : "–");
      }
    }
  }

  async function load() {
    loading = true;
    try {
      Plot = (await import("uplot")).default;
      paint.mark();
    } catch (error) {
      log.add(new Error(`uPlot could not be loaded, so there are numbers but no charts: ${error.message}`));
    }
  }
}

function frame({ title, series, write, binary = false }) {
  const keys = Object.keys(series);
  const values = keys.map(() => make("b", {}, "–"));
  const legend = keys.map((key, i) =>
    make("span", { class: `series series-${i + 1}` }, `${series[key]} `, values[i]),
  );
  const canvas = make("div", { class: "canvas", "aria-hidden": "true" });
  return {
    keys,
    values,
    write,
    binary,
    canvas,
    plot: /** @type {any} */ (undefined),
    figure: make("figure", {}, make("figcaption", {}, make("h3", {}, title), ...legend), canvas),
  };
}

/** Canvas has no CSS variables: resolves a colour when the chart is created. */
function colourIn(element, name) {
  element.style.color = `var(${name})`;
  return getComputedStyle(element).color;
}

function optionsOf({ keys, canvas, write, binary }, point) {
  const colour = (name) => colourIn(canvas, name);
  const axis = {
    stroke: colour("--soft"),
    grid: { stroke: colour("--chart-line"), width: 1 },
    ticks: { show: false },
  };
  return {
    width: canvas.clientWidth,
    height: HEIGHT,
    legend: { show: false },
    cursor: { y: false, sync: { key: "page" }, drag: { x: false, y: false } },
    hooks: { setCursor: [(plot) => point(plot.cursor.left < 0 ? undefined : plot.cursor.idx)] },
    padding: [8, 8, 0, 0],
    scales: { y: { range: (_plot, _min, max) => [0, Math.max(1, max * 1.15)] } },
    axes: [
      {
        ...axis,
        size: 28,
        gap: 8,
        space: 70,
        values: (_plot, ticks) => ticks.map((tick) => clock(tick * 1000).slice(0, 8)),
      },
      {
        ...axis,
        size: 66,
        space: 36,
        ...(binary && { incrs: Array.from({ length: 40 }, (_, power) => 2 ** power) }),
        values: (_plot, ticks) => ticks.map((tick) => write(tick)),
      },
    ],
    series: [
      {},
      ...keys.map((_key, i) => ({
        stroke: colour(COLOURS[i]),
        width: 1.5,
        fill: i === 0 ? colour("--series-1-fill") : undefined,
        points: { show: false },
      })),
    ],
  };
}
