// A button for each number in a payload, which charts it.

import { button, make } from "../lib/dom.mjs";
import { pathsIn } from "../model/values.mjs";

/** More would hide the payload. */
const MAX_SHOWN = 8;

/** @param {string} topic @param {Uint8Array} payload @param {(topic: string, path: string) => void} onChart */
export function chartButtons(topic, payload, onChart) {
  const paths = pathsIn(payload).slice(0, MAX_SHOWN);
  if (paths.length === 0) return "";
  return make(
    "p",
    { class: "line chart-buttons" },
    ...paths.map((path) =>
      button(path === "" ? "Chart the value" : `Chart ${path}`, { class: "quiet" }, () =>
        onChart(topic, path),
      ),
    ),
  );
}
