// A complete payload as text, JSON or hexadecimal bytes. Starts with the most suitable form.

import { button, make } from "../lib/dom.mjs";
import { bytes } from "../lib/format.mjs";
import { coloured } from "../lib/json-colours.mjs";
import { dumpOf, jsonOf, textOf, wholeText } from "../lib/payload.mjs";

/**
 * @param {Uint8Array} payload
 * @param {{ as?: string }} choice the choice of the user, for the next payload
 */
export function payloadView(payload, choice = {}) {
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
    .map((name) =>
      button(name, { "aria-pressed": "false" }, () => {
        choice.as = name;
        show(name);
      }),
    );
  // Only pages loaded by https or from localhost have a clipboard.
  const copy = button("Copy", { class: "quiet", hidden: !navigator.clipboard }, async () => {
    await navigator.clipboard.writeText(text ?? dumpOf(payload));
    copy.textContent = "Copied";
  });

  function show(name) {
    pre.dataset.as = name;
    pre.replaceChildren(...views[name]());
    for (const choice of choices) choice.setAttribute("aria-pressed", String(choice.textContent === name));
  }

  const best = json !== undefined ? "JSON" : text !== undefined ? "Text" : "Hex";
  show(choices.some(({ textContent }) => textContent === choice.as) ? choice.as : best);
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
