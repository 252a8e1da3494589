// Charts of numbers in payloads: one for each topic, with up to four JSON paths of its payload.

import { button, byId, make, setText } from "../lib/dom.mjs";
import { painter } from "../lib/painter.mjs";
import { KEPT } from "../model/values.mjs";
import { HEIGHT, loadPlot, MAX_SERIES, plotOptions } from "../lib/plot.mjs";

const REDRAW_MS = 100;
const write = (/** @type {number} */ value) => String(Number(value.toPrecision(6)));
const nameOf = (/** @type {string} */ path) => path || "value";

/**
 * @param {ReturnType<import("../model/values.mjs").createValues>} values
 * @param {any} parts `traffic` has the listed messages, with which a chart begins
 */
export function valuesPanel(values, { traffic, views, log, theme }) {
  const box = byId("values");
  /** @type {Map<string, any>} */
  const frames = new Map();
  /** @type {any} */
  let Plot;
  const paint = painter(draw, { interval: REDRAW_MS, visible: () => views.shows("charts") });
  views.onChange(paint.mark);
  theme.onChange(() => {
    for (const frame of frames.values()) unplot(frame);
    paint.mark();
  });

  function unplot(frame) {
    frame.plot?.destroy();
    frame.plot = undefined;
  }

  function draw() {
    const { charts } = values;
    if (charts.length > 0 && !Plot) {
      loadPlot().then((loaded) => {
        Plot = loaded;
        paint.mark();
      }, log.add);
    }
    for (const chart of charts) drawChart(chart);
  }

  function drawChart(chart) {
    const frame = frameOf(chart);
    frame.empty.hidden = chart.columns[0].length > 0;
    for (const [i, column] of chart.columns.slice(1).entries()) {
      const value = column.at(frame.pointed ?? -1);
      setText(frame.numbers[i], typeof value === "number" ? write(value) : "–");
    }
    if (!Plot) return;
    const point = (/** @type {number | undefined} */ index) => {
      frame.pointed = index;
      paint.mark();
    };
    const { canvas } = frame;
    const options = {
      keys: chart.paths,
      canvas,
      write,
      zero: false,
      label: chart.paths.map(nameOf).join(", "),
    };
    frame.plot ??= new Plot(plotOptions(options, point), chart.columns, canvas);
    if (canvas.clientWidth !== frame.plot.width) {
      frame.plot.setSize({ width: canvas.clientWidth, height: HEIGHT });
    }
    frame.plot.setData(chart.columns);
  }

  /** The figure of a chart, made anew when it has a further path. */
  function frameOf({ topic, paths }) {
    const former = frames.get(topic);
    if (former && former.paths === paths.length) return former;
    if (former) unplot(former);
    const numbers = paths.map(() => make("b", {}, "–"));
    const legend = paths.map((path, i) =>
      make("span", { class: `series series-${i + 1}` }, `${nameOf(path)} `, numbers[i]),
    );
    const canvas = make("div", { class: "canvas", "aria-hidden": "true" });
    const empty = make(
      "p",
      { class: "soft" },
      "No number yet: it comes with the next message of this topic that has one there, if a subscription matches.",
    );
    const remove = button(
      "×",
      { class: "quiet corner", "aria-label": `Remove the chart of ${topic}` },
      () => {
        const frame = frames.get(topic);
        unplot(frame);
        frame.figure.remove();
        frames.delete(topic);
        values.remove(topic);
      },
    );
    const figure = make(
      "figure",
      { "data-topic": topic },
      make("figcaption", {}, make("h3", {}, topic), ...legend, remove),
      empty,
      canvas,
    );
    if (former) former.figure.replaceWith(figure);
    else box.append(figure);
    const frame = {
      paths: paths.length,
      numbers,
      canvas,
      empty,
      figure,
      plot: undefined,
      pointed: undefined,
    };
    frames.set(topic, frame);
    return frame;
  }

  function add(topic, path) {
    const chart = values.charts.find((one) => one.topic === topic);
    if (chart && !chart.paths.includes(path) && chart.paths.length === MAX_SERIES) {
      log.add(
        new Error(`The chart of ${topic} has ${MAX_SERIES} values already: remove it, and choose again`),
      );
      return;
    }
    values.add(topic, path, traffic.of(topic, KEPT).reverse());
    paint.mark();
  }

  byId("value-form").addEventListener("submit", (event) => {
    event.preventDefault();
    const topic = byId("value-topic").value.trim();
    if (topic !== "") add(topic, byId("value-path").value.trim());
  });

  return {
    add,
    /** A message has arrived. */
    take(message, time) {
      if (values.take(message, time)) paint.mark();
    },
  };
}
