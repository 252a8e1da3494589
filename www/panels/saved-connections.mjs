// Saved connections: a choice that fills the form, and buttons that save what is in it or remove the chosen one.

import { button, byId, make } from "../lib/dom.mjs";
import { savedConnections } from "../model/saved-connections.mjs";

/**
 * @param {HTMLFormElement} form
 * @param {Record<string, { read(): any, write(value: any): void }>} properties of CONNECT and of the will
 * @param {any} log
 */
export function savedConnectionsRow(form, properties, log) {
  const choice = make("select", { id: "saved", "aria-label": "Saved connections" });
  const save = button("Save", { id: "save-connection", title: "All fields but the password" }, () => {
    try {
      const name = nameOf();
      savedConnections.set(name, { fields: values(), properties: map(({ read }) => read() ?? {}) });
      list(name);
    } catch (error) {
      log.add(new Error(`This browser does not store it: ${error.message}`));
    }
  });
  const remove = button("Remove", { id: "remove-connection", class: "quiet" }, () => {
    savedConnections.remove(choice.value);
    list("");
  });
  choice.addEventListener("change", () => {
    const saved = savedConnections.get(choice.value);
    if (saved) fill(saved);
    remove.disabled = !saved;
  });

  const fields = () =>
    /** @type {any[]} */ ([...form.elements]).filter((one) => one.name && one.id && one.type !== "password");
  const map = (/** @type {(part: any) => any} */ work) =>
    Object.fromEntries(Object.entries(properties).map(([name, part]) => [name, work(part)]));
  const values = () =>
    Object.fromEntries(fields().map((one) => [one.id, one.type === "checkbox" ? one.checked : one.value]));

  function nameOf() {
    const [user, host, port, path] = ["username", "host", "port", "path"].map((id) => byId(id).value);
    const at = user === "" ? "" : `${user}@`;
    return `${at}${host}${port === "" ? "" : `:${port}`}${path}`;
  }

  function fill({ fields: given, properties: more }) {
    for (const one of fields()) {
      const value = given[one.id];
      if (value === undefined || one.disabled) continue;
      if (one.type === "checkbox") one.checked = value === true;
      else one.value = value;
      one.dispatchEvent(new Event("change", { bubbles: true }));
    }
    byId("password").value = "";
    for (const [name, part] of Object.entries(properties)) part.write(more[name] ?? {});
  }

  function list(chosen) {
    const names = savedConnections.names();
    choice.replaceChildren(
      make("option", { value: "" }, names.length === 0 ? "None saved" : "Saved …"),
      ...names.map((name) => make("option", { value: name, selected: name === chosen }, name)),
    );
    remove.disabled = chosen === "";
  }

  list("");
  return make("div", { class: "row" }, make("label", { class: "grow" }, choice), save, remove);
}
