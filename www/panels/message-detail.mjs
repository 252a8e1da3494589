// The details of the selected message: topic, flags, properties and payload.

import { button, make } from "../lib/dom.mjs";
import { clock } from "../lib/format.mjs";
import { chartButtons } from "./chart-buttons.mjs";
import { payloadView } from "./payload-view.mjs";

/** @param {HTMLElement} box @param {{ onClose(): void, onUse(message: any): void, onChart(topic: string, path: string): void }} actions */
export function messageDetail(box, { onClose, onUse, onChart }) {
  /** How the payloads of a topic are shown. @type {Map<string, { as?: string }>} */
  const choices = new Map();
  return {
    show({ message, at }) {
      const { topic, qos, retain, dup, properties, payload } = message;
      const marks = [clock(at), `QoS ${qos}`, retain && "retained", dup && "sent again"]
        .filter(Boolean)
        .join(" · ");
      const choice = choices.get(topic) ?? {};
      choices.set(topic, choice);
      box.hidden = false;
      box.replaceChildren(
        make(
          "div",
          { class: "line" },
          make("strong", { class: "topic" }, topic),
          button("Use to publish", { class: "quiet" }, () => onUse(message)),
          button("Close", { class: "quiet" }, onClose),
        ),
        make("p", { class: "soft" }, marks),
        properties === undefined ? "" : facts(properties),
        chartButtons(topic, payload, onChart),
        payloadView(payload, choice, topic),
      );
    },
    hide() {
      box.hidden = true;
      box.replaceChildren();
    },
  };
}

function facts(properties) {
  const rows = Object.entries(properties).flatMap(([name, value]) =>
    name === "userProperties"
      ? Object.entries(value).map(([key, own]) => fact(key, [own].flat().join(", ")))
      : [fact(name, value instanceof Uint8Array ? new TextDecoder().decode(value) : String(value))],
  );
  return make("dl", { class: "facts" }, ...rows);
}

const fact = (name, value) => make("div", {}, make("dt", {}, name), make("dd", {}, value));
