// A row in the list of packets. Rows are reused, so only another packet is written.

import { make } from "../lib/dom.mjs";
import { bytes, clock } from "../lib/format.mjs";
import { nameOf } from "../model/packets.mjs";

const ARROWS = { sent: "→", received: "←" };

/** @param {HTMLElement} element */
export function createRow(element) {
  element.classList.add("packet");
  const row = { element, entry: undefined, active: false, cells: {} };
  for (const name of ["time", "way", "name", "text", "size"]) {
    row.cells[name] = make("span", { class: name });
    element.append(row.cells[name]);
  }
  return row;
}

export function fillRow(row, entry, active) {
  if (row.active !== active) {
    row.active = active;
    row.element.setAttribute("aria-selected", String(active));
  }
  if (row.entry === entry) return;
  row.entry = entry;
  const { packet, line, number } = entry;
  const { direction, time, bytes: size } = packet;
  const name = nameOf(packet);
  Object.assign(row.element.dataset, { direction, name, number });
  const texts = { time: clock(time.getTime()), way: ARROWS[direction], name, text: fieldsOf(line, name) };
  for (const [key, text] of Object.entries({ ...texts, size: bytes(size) }))
    row.cells[key].textContent = text;
}

/** What a line says behind the name of the packet, without the size. @param {string} line @param {string} name */
const fieldsOf = (line, name) =>
  line.slice(line.indexOf(name) + name.length + 1).replace(/ ?\(\d+ bytes\)$/, "");
