// One payload, whole: as text, JSON or hexadecimal bytes. Begins with the best that fits.

import { button, make } from "../lib/dom.mjs";
import { bytes } from "../lib/format.mjs";
import { coloured } from "../lib/json-colours.mjs";
import { dumpOf, jsonOf, textOf, wholeText } from "../lib/payload.mjs";

/** @param {Uint8Array} payload */
export function payloadView(payload) {
  const json = jsonOf(payload);
  const text = textOf(payload);
  const views = {
    JSON: () => coloured(json ?? ""),
    Text: () => [wholeText(payload)],
    Hex: () => [dumpOf(payload)],
  };
  const pre = make("pre", { tabindex: "0", "aria-label": "Payload" });
  const choices = Object.keys(views)
    .filter((name) => name !== "JSON" || json !== undefined)
    .map((name) => button(name, { "aria-pressed": "false" }, () => show(name)));
  const copy = button("Copy", { class: "quiet" }, async () => {
    await navigator.clipboard.writeText(text ?? dumpOf(payload));
    copy.textContent = "Copied";
  });

  function show(name) {
    pre.dataset.as = name;
    pre.replaceChildren(...views[name]());
    for (const choice of choices) choice.setAttribute("aria-pressed", String(choice.textContent === name));
  }

  show(json !== undefined ? "JSON" : text !== undefined ? "Text" : "Hex");
  const tools = make(
    "div",
    { class: "segments", role: "group", "aria-label": "Show the payload as" },
    ...choices,
  );
  return make(
    "div",
    { class: "payload" },
    make("div", { class: "line" }, tools, make("span", { class: "soft" }, bytes(payload.length)), copy),
    pre,
  );
}
