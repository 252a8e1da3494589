// A row in the list of messages. Rows are reused, so only differences are written.

import { make } from "../lib/dom.mjs";
import { bytes, clock } from "../lib/format.mjs";
import { lineOf } from "../lib/payload.mjs";

/** A cell with a text that is written only if it changes. */
function cell(name) {
  const text = document.createTextNode("");
  const element = make("span", { class: name }, text);
  let shown = "";
  return {
    element,
    write(wanted) {
      if (shown === wanted) return;
      shown = wanted;
      text.data = wanted;
    },
  };
}

/** @param {HTMLElement} element */
export function createRow(element) {
  element.classList.add("message");
  const row = {
    element,
    entry: undefined,
    as: "",
    active: false,
    time: cell("time"),
    topic: cell("topic"),
    payload: cell("text"),
    marks: make("span", { class: "marks" }),
    qos: cell("qos"),
    retain: make("span", { class: "mark retained", hidden: true }, "retained"),
    dup: make("span", { class: "mark dup", hidden: true }, "again"),
    size: cell("size"),
  };
  row.marks.append(row.qos.element, row.retain, row.dup);
  element.append(row.time.element, row.topic.element, row.payload.element, row.marks, row.size.element);
  return row;
}

export function fillRow(row, entry, active, as) {
  if (row.active !== active) {
    row.active = active;
    row.element.setAttribute("aria-selected", String(active));
  }
  if (row.entry === entry && row.as === as) {
    row.element.dataset.colour = entry.colour ?? "";
    return;
  }
  row.entry = entry;
  row.as = as;
  const { message, at, colour } = entry;
  const { topic, payload, qos, retain, dup } = message;
  Object.assign(row.element.dataset, { topic, qos, number: entry.number, colour: colour ?? "" });
  row.time.write(clock(at));
  row.topic.write(topic);
  row.payload.write(lineOf(payload, as));
  row.qos.write(`QoS ${qos}`);
  row.retain.hidden = !retain;
  row.dup.hidden = !dup;
  row.size.write(bytes(payload.length));
}
