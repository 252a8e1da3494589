// The live list of what arrives: the last 500 messages, the newest first.
// Draws at most once per frame, however fast they come.

import { byId, clock, make } from "./dom.mjs";

const KEPT = 500;
const TEXT_SHOWN = 2000;
const BYTES_SHOWN = 64;
const strict = new TextDecoder("utf-8", { fatal: true });

export function messagesPanel() {
  const list = byId("messages");
  const count = byId("message-count");
  /** Not yet drawn, oldest first; a hidden page draws nothing, so this is bounded too. @type {object[]} */
  let fresh = [];
  let total = 0;

  function draw() {
    const rows = fresh.map(row).reverse();
    fresh = [];
    list.prepend(...rows);
    while (list.childElementCount > KEPT) list.lastElementChild.remove();
    count.textContent = total;
  }

  byId("clear-messages").addEventListener("click", () => {
    fresh = [];
    total = 0;
    list.replaceChildren();
    count.textContent = 0;
  });

  return {
    add(message) {
      total++;
      if (fresh.length === 0) requestAnimationFrame(draw);
      const { topic, payload, qos, retain, dup } = message;
      fresh.push({ topic, payload, qos, retain, dup, at: clock() });
      if (fresh.length > KEPT) fresh.shift();
    },
  };
}

function row({ topic, payload, qos, retain, dup, at }) {
  const tags = [`QoS ${qos}`, retain && "retained", dup && "again", `${payload.length} bytes`];
  return make(
    "li",
    { "data-topic": topic, "data-qos": qos },
    make(
      "div",
      { class: "about" },
      make("span", { class: "topic" }, topic),
      make("span", { class: "tag" }, tags.filter(Boolean).join(" · ")),
      make("time", {}, at),
    ),
    make("pre", {}, readable(payload)),
  );
}

/** The payload as text, or as hexadecimal bytes if it is none. @param {Uint8Array} payload */
function readable(payload) {
  try {
    const text = strict.decode(payload);
    return text.length > TEXT_SHOWN ? `${text.slice(0, TEXT_SHOWN)}…` : text;
  } catch {
    const bytes = [...payload.subarray(0, BYTES_SHOWN)].map((byte) => byte.toString(16).padStart(2, "0"));
    return payload.length > BYTES_SHOWN ? `${bytes.join(" ")} …` : bytes.join(" ");
  }
}
