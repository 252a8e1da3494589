// The fields for properties of MQTT 5, with rows for user properties. The properties are in property-table.mjs.

import { button, make } from "../lib/dom.mjs";
import { field } from "../lib/fields.mjs";
import { PROPERTIES } from "./property-table.mjs";

/**
 * @param {"connect" | "will" | "publish"} form which properties; also the prefix of the ids
 * @returns {{ element: HTMLElement, read(): Record<string, any> | undefined, write(given: Record<string, any>): void }}
 */
export function propertyFields(form) {
  const names = PROPERTIES[form].map(({ name }) => name);
  const labels = PROPERTIES[form].map(({ name, ...one }) =>
    field({ ...one, id: `${form}-${name}`, size: "half" }),
  );
  const inputs = labels.map((label) => /** @type {any} */ (label).control);
  const rows = make("div", { class: "user-properties" });
  const add = button("Add user property", { class: "quiet", id: `${form}-user-add` }, () =>
    pair("", "").focus(),
  );

  function pair(name, value) {
    const nameInput = make("input", {
      "aria-label": "Name of the user property",
      placeholder: "name",
      value: name,
    });
    const valueInput = make("input", {
      "aria-label": "Value of the user property",
      placeholder: "value",
      value,
    });
    const remove = button("×", { class: "quiet", "aria-label": "Remove this user property" }, () => {
      line.remove();
      add.focus();
    });
    const line = make("div", { class: "row pair" }, nameInput, valueInput, remove);
    rows.append(line);
    return nameInput;
  }

  function pairs() {
    return [...rows.children].map((line) => [...line.querySelectorAll("input")].map((one) => one.value));
  }

  return {
    element: make("div", { class: "properties" }, ...labels, rows, add),

    /** The properties that are filled in; undefined if there are none. */
    read() {
      /** @type {Record<string, any>} */
      const given = {};
      for (const [i, name] of names.entries()) {
        const { type, checked, value } = inputs[i];
        if (type === "checkbox") {
          if (checked) given[name] = true;
        } else if (value !== "") given[name] = type === "number" ? Number(value) : value;
      }
      for (const [name, value] of pairs()) {
        if (name === "") continue;
        given.userProperties ??= {};
        const former = given.userProperties[name];
        given.userProperties[name] = former === undefined ? value : [former, value].flat();
      }
      return Object.keys(given).length === 0 ? undefined : given;
    },

    write(given) {
      for (const [i, name] of names.entries()) {
        if (inputs[i].type === "checkbox") inputs[i].checked = given[name] === true;
        else inputs[i].value = given[name] ?? "";
      }
      rows.replaceChildren();
      for (const [name, values] of Object.entries(given.userProperties ?? {})) {
        for (const value of [values].flat()) pair(name, value);
      }
    },
  };
}
