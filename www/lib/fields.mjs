// Creates the fields of forms from descriptions, each with a label.

import { make } from "./dom.mjs";

/**
 * @typedef {object} Field
 * @property {string} id
 * @property {string} label
 * @property {string} [name] key of `credentials`, or of properties
 * @property {"text" | "number" | "password" | "check" | "textarea"} [type]
 * @property {[string, string][]} [options] value and text: makes it a choice
 * @property {string | number | boolean} [value]
 * @property {string} [size] "grow" or "short", its share of a row
 * @property {Record<string, string | number | boolean>} [more] further attributes
 */

/** @param {Field} field @returns {HTMLLabelElement} */
export function field({ id, label, name, type = "text", options, value, size = "grow", more = {} }) {
  const attributes = { id, name, spellcheck: "false", ...more };
  if (type === "check") {
    const box = make("input", { ...attributes, type: "checkbox", checked: value === true });
    return make("label", { class: `check ${size}` }, box, ` ${label}`);
  }
  return make("label", { class: size }, make("span", {}, label), input(type, options, attributes, value));
}

function input(type, options, attributes, value) {
  if (options) {
    const choices = options.map(([own, text]) =>
      make("option", { value: own, selected: own === value }, text),
    );
    return make("select", attributes, ...choices);
  }
  if (type === "textarea") return make("textarea", { rows: 4, ...attributes }, String(value ?? ""));
  return make("input", { ...attributes, type, value, autocomplete: "off" });
}

/** Fields beside each other. @param {...(Field | HTMLElement)} fields */
export function row(...fields) {
  return make(
    "div",
    { class: "row" },
    ...fields.map((one) => (one instanceof HTMLElement ? one : field(one))),
  );
}

/** A collapsible part of a form. @param {string} id @param {string} title */
export function part(id, title, ...children) {
  return make("details", { id }, make("summary", {}, title), make("div", { class: "fields" }, ...children));
}

/** @returns {[string, string][]} */
export const QOS = [
  ["0", "0"],
  ["1", "1"],
  ["2", "2"],
];

/** The values of fields; empty fields are left out, so that the defaults of the library apply. @param {Iterable<any>} fields */
export function valuesOf(fields) {
  /** @type {Record<string, string | number | boolean>} */
  const values = {};
  for (const one of fields) {
    if (!one.name) continue;
    if (one.type === "checkbox") values[one.name] = one.checked;
    else if (one.value !== "") values[one.name] = numeric(one) ? Number(one.value) : one.value;
  }
  return values;
}

const numeric = (one) => one.type === "number" || one.dataset.number !== undefined;
