// The charts of the connection: messages and bytes a second, round trip, and messages in flight. The same numbers are in the text above each chart.

import { byId, make, setText } from "../lib/dom.mjs";
import { bytes, count, figure, milliseconds } from "../lib/format.mjs";
import { painter } from "../lib/painter.mjs";
import { HEIGHT, loadPlot, plotOptions } from "../lib/plot.mjs";

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
  { title: "Pending", series: { inFlight: "in flight", waiting: "waiting" }, write: count, whole: true },
];

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
    pointed = index;
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
      chart.plot ??= new Plot(plotOptions(chart, point), data(chart), chart.canvas);
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
        setText(chart.values[i], typeof value === "number" ? chart.write(value) : "–");
      }
    }
  }

  async function load() {
    loading = true;
    try {
      Plot = await loadPlot();
      paint.mark();
    } catch (error) {
      log.add(error);
    }
  }
}

function frame({ title, series, write, binary = false, whole = false }) {
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
    whole,
    canvas,
    plot: /** @type {any} */ (undefined),
    figure: make("figure", {}, make("figcaption", {}, make("h3", {}, title), ...legend), canvas),
  };
}
