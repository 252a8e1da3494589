// A complete payload as text, JSON, bytes, or decoded from a binary format. Starts with the most suitable form, or with the
// one that the user has chosen before.

import { button, make } from "../lib/dom.mjs";
import { DECODERS, decoded } from "../lib/decoders.mjs";
import { bytes } from "../lib/format.mjs";
import { coloured } from "../lib/json-colours.mjs";
import { base64Of, dumpOf, jsonOf, textOf, wholeText } from "../lib/payload.mjs";
import { protoChoice } from "./proto-choice.mjs";

/** Topics of Sparkplug B begin with it; its STATE messages are JSON. */
const SPARKPLUG = "spBv1.0/";

/**
 * @param {Uint8Array} payload
 * @param {{ as?: string }} choice the choice of the user, for the next payload
 * @param {string} topic
 */
export function payloadView(payload, choice = {}, topic = "") {
  const json = jsonOf(payload);
  const text = textOf(payload);
  /** @type {Record<string, () => (string | Node)[]>} */
  const forms = {
    ...(json !== undefined && { JSON: () => coloured(json) }),
    Text: () => [wholeText(payload)],
    Hex: () => [dumpOf(payload)],
    Base64: () => [base64Of(payload)],
  };
  const pre = make("pre", { tabindex: "0", "aria-label": "Payload" });
  const tool = make("div");
  const choices = Object.keys(forms).map((name) =>
    button(name, { "aria-pressed": "false" }, () => choose(name)),
  );
  const decoder = make(
    "select",
    { "aria-label": "Decode the payload" },
    make("option", { value: "" }, "Decode …"),
    ...Object.keys(DECODERS).map((name) => make("option", { value: name }, name)),
  );
  decoder.addEventListener("change", () => choose(decoder.value || best()));
  // Only pages loaded by https or from localhost have a clipboard.
  const copy = button("Copy", { class: "quiet", hidden: !navigator.clipboard }, async () => {
    await navigator.clipboard.writeText(pre.textContent);
    copy.textContent = "Copied";
  });

  function best() {
    if (topic.startsWith(SPARKPLUG) && json === undefined) return "Sparkplug B";
    return json !== undefined ? "JSON" : text !== undefined ? "Text" : "Hex";
  }

  function choose(name) {
    choice.as = name;
    show(name);
  }

  function show(name) {
    pre.dataset.as = name;
    decoder.value = DECODERS[name] ? name : "";
    for (const one of choices) one.setAttribute("aria-pressed", String(one.textContent === name));
    tool.replaceChildren(...(name === "Protobuf" ? [protoChoice(() => show(name))] : []));
    if (forms[name]) pre.replaceChildren(...forms[name]());
    else
      decoded(name, payload).then((shown) => {
        if (pre.dataset.as === name) pre.replaceChildren(...coloured(shown));
      });
  }

  const wanted = choice.as ?? "";
  show(forms[wanted] || DECODERS[wanted] ? wanted : best());
  return make(
    "div",
    { class: "payload" },
    make(
      "div",
      { class: "line" },
      make("div", { class: "segments", role: "group", "aria-label": "Show the payload as" }, ...choices),
      decoder,
      make("span", { class: "soft" }, bytes(payload.length)),
      copy,
    ),
    tool,
    pre,
  );
}
