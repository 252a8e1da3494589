// uPlot, loaded when the first chart is shown, and the look of all charts: axes, colours and the cursor that they share.

import { clock } from "./format.mjs";

export const HEIGHT = 190;
const COLOURS = ["--series-1", "--series-2", "--series-3", "--series-4"];
export const MAX_SERIES = COLOURS.length;

/** @type {Promise<any> | undefined} */
let loading;

/** The class of uPlot; rejects if it could not be loaded, once and for all. */
export function loadPlot() {
  loading ??= import("uplot").then(
    (module) => module.default,
    (error) => {
      throw new Error(`uPlot could not be loaded, so there are numbers but no charts: ${error.message}`);
    },
  );
  return loading;
}

/** Canvas has no CSS variables: resolves a colour when the chart is created. */
function colourIn(element, name) {
  element.style.color = `var(${name})`;
  return getComputedStyle(element).color;
}

/** Steps of an axis whose values are numbers of things: 1, 2, 5, 10, and so on. */
const WHOLE = Array.from({ length: 10 }, (_, power) => [1, 2, 5].map((n) => n * 10 ** power)).flat();

/** Below so many seconds a chart's times are written with tenths, so that no two are the same. */
const TENTHS_BELOW = 10;
const STEPS_S = [0.1, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21_600, 86_400];

const fromZero = (_plot, _min, max) => [0, Math.max(1, max * 1.15)];

/** Room above and below what is shown, also where all values are the same. */
const around = (_plot, min, max) => {
  if (min === null || max === null) return [0, 1];
  const room = (max - min || Math.abs(max) || 1) * 0.1;
  return [min - room, max + room];
};

/**
 * @param {{ keys: string[], canvas: HTMLElement, write(value: number): string, binary?: boolean, whole?: boolean, label?: string, zero?: boolean }} chart
 * @param {(index: number | undefined) => void} point told which sample is under the pointer
 */
export function plotOptions(
  { keys, canvas, write, binary = false, whole = false, label, zero = true },
  point,
) {
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
    hooks: {
      setCursor: [(plot) => point(plot.cursor.left < 0 ? undefined : (plot.cursor.idx ?? undefined))],
    },
    padding: [8, 28, 0, 0], // room for half of the last time
    scales: { y: { range: zero ? fromZero : around } },
    axes: [
      {
        ...axis,
        size: 28,
        incrs: STEPS_S,
        gap: 8,
        space: (_plot, _axis, min, max) => (max - min < TENTHS_BELOW ? 90 : 70),
        values: (_plot, ticks, _axis, _space, step) =>
          ticks.map((tick) => clock(tick * 1000).slice(0, step < 1 ? 10 : 8)),
      },
      {
        ...axis,
        size: 66,
        space: 36,
        ...(label && { label, labelSize: 18, labelGap: 2 }),
        ...(whole && { incrs: WHOLE }),
        ...(binary && { incrs: Array.from({ length: 40 }, (_, power) => 2 ** power) }),
        values: (_plot, ticks) => ticks.map((tick) => write(tick)),
      },
    ],
    series: [
      {},
      ...keys.map((_key, i) => ({
        stroke: colour(COLOURS[i]),
        width: 1.5,
        fill: i === 0 && zero ? colour("--series-1-fill") : undefined,
        points: zero ? { show: false } : { size: 4 },
        spanGaps: !zero,
      })),
    ],
  };
}
