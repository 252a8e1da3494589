// Numbers in payloads, over time: which topics and JSON paths are charted, and their last points.

/** Points that are kept of a chart. */
export const KEPT = 5_000;
/** Numbers of a JSON payload that are offered, and levels of it that are searched. */
const MAX_OFFERED = 30;
const MAX_LEVELS = 32;

/** @typedef {{ topic: string, paths: string[], columns: (number | null)[][] }} Chart columns: times in seconds, then a value for each path */

const decoder = new TextDecoder();

/** @param {Uint8Array} payload */
function parsed(payload) {
  try {
    return JSON.parse(decoder.decode(payload));
  } catch {
    return undefined;
  }
}

/** A number, a boolean, or a text that is a number. @param {unknown} value @returns {number | null} */
function numberOf(value) {
  if (typeof value === "boolean") return Number(value);
  const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  return typeof number === "number" && Number.isFinite(number) ? number : null;
}

/** @param {unknown} value @param {string} path such as `a.b[0]`; "" is the payload itself */
function at(value, path) {
  let found = /** @type {any} */ (value);
  for (const step of path.split(/[.[\]]+/).filter((part) => part !== "")) {
    if (found === null || typeof found !== "object" || !Object.hasOwn(found, step)) return null;
    found = found[step];
  }
  return numberOf(found);
}

/** The paths of all numbers in a payload, "" if it is one itself. @param {Uint8Array} payload @returns {string[]} */
export function pathsIn(payload) {
  const paths = /** @type {string[]} */ ([]);
  const walk = (/** @type {any} */ value, /** @type {string} */ path, /** @type {number} */ levels) => {
    if (paths.length >= MAX_OFFERED || levels > MAX_LEVELS) return;
    if (numberOf(value) !== null) paths.push(path);
    else if (Array.isArray(value))
      for (const [i, one] of value.entries()) walk(one, `${path}[${i}]`, levels + 1);
    else if (value !== null && typeof value === "object") {
      for (const [name, one] of Object.entries(value))
        walk(one, path === "" ? name : `${path}.${name}`, levels + 1);
    }
  };
  const value = parsed(payload);
  walk(value === undefined ? decoder.decode(payload) : value, "", 0);
  return paths;
}

export function createValues() {
  /** @type {Map<string, Chart>} */
  const charts = new Map();

  return {
    /** @returns {Chart[]} */
    get charts() {
      return [...charts.values()];
    },

    /**
     * Charts a value, from the messages that are listed on; the paths of one topic share a chart.
     * @param {string} topic @param {string} path
     * @param {{ message: { topic: string, payload: Uint8Array }, at: number }[]} listed those of the topic, the oldest first
     */
    add(topic, path, listed = []) {
      const chart = charts.get(topic) ?? { topic, paths: [], columns: [[]] };
      charts.set(topic, chart);
      if (chart.paths.includes(path)) return;
      chart.paths.push(path);
      chart.columns.push([]);
      // Points older than the list stay, without the new value.
      const begin = listed.length > 0 ? listed[0].at / 1000 : Number.POSITIVE_INFINITY;
      const older = chart.columns[0].filter((time) => time < begin).length;
      chart.columns = chart.columns.map((column) =>
        Array.from({ length: older }, (_, i) => column[i] ?? null),
      );
      for (const { message, at: time } of listed) this.take(message, time);
    },

    /** @param {string} topic */
    remove(topic) {
      charts.delete(topic);
    },

    /** A message has arrived; whether a chart has a further point. @param {{ topic: string, payload: Uint8Array }} message @param {number} time in ms */
    take({ topic, payload }, time) {
      const chart = charts.get(topic);
      if (!chart) return false;
      const value = parsed(payload) ?? decoder.decode(payload);
      const numbers = chart.paths.map((path) => at(value, path));
      if (numbers.every((number) => number === null)) return false;
      const [times] = chart.columns;
      // Times of a chart only grow.
      times.push(Math.max(time / 1000, (times.at(-1) ?? 0) + 1e-6));
      for (const [i, number] of numbers.entries()) chart.columns[i + 1].push(number);
      if (times.length > 2 * KEPT) for (const column of chart.columns) column.splice(0, column.length - KEPT);
      return true;
    },
  };
}
