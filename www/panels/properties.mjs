// Properties of MQTT 5 as fields, from one table, with rows for user properties.

import { button, make } from "../lib/dom.mjs";
import { field } from "../lib/fields.mjs";

const SECONDS = { label: "s", type: "number", more: { min: 0, max: 4294967295 } };
/** What each property is to a form. @type {Record<string, { label: string, type: any, more?: any, options?: any }>} */
const KNOWN = {
  contentType: { label: "Content type", type: "text", more: { placeholder: "text/plain" } },
  responseTopic: { label: "Response topic", type: "text" },
  correlationData: { label: "Correlation data", type: "text" },
  messageExpiryInterval: { ...SECONDS, label: "Message expiry, s" },
  topicAlias: {
    label: "Topic alias",
    type: "number",
    more: { min: 1, max: 65535, placeholder: "automatic" },
  },
  payloadFormatIndicator: { label: "Payload is UTF-8 text", type: "check" },
  willDelayInterval: { ...SECONDS, label: "Will delay, s" },
  sessionExpiryInterval: { ...SECONDS, label: "Session expiry, s" },
  receiveMaximum: { label: "Receive maximum", type: "number", more: { min: 1, max: 65535 } },
  maximumPacketSize: { label: "Maximum packet, bytes", type: "number", more: { min: 1 } },
  topicAliasMaximum: {
    label: "Topic alias maximum",
    type: "number",
    more: { min: 0, max: 65535, placeholder: "32" },
  },
  requestResponseInformation: { label: "Ask for response information", type: "check" },
};

/**
 * @param {string} prefix of the ids
 * @param {string[]} names of properties
 * @returns {{ element: HTMLElement, read(): Record<string, any> | undefined, write(given: Record<string, any>): void }}
 */
export function propertyFields(prefix, names) {
  const labels = names.map((name) => field({ id: `${prefix}-${name}`, size: "half", ...KNOWN[name] }));
  const inputs = labels.map((label) => /** @type {any} */ (label).control);
  const rows = make("div", { class: "user-properties" });
  const add = button("Add user property", { class: "quiet", id: `${prefix}-user-add` }, () =>
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

    /** Those that are filled in; undefined if none is. */
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
