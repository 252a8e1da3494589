// The last messages of a topic, and what changed from one to the next: lines of its JSON, text or bytes.

import { button, make } from "../lib/dom.mjs";
import { bytes, clock } from "../lib/format.mjs";
import { dumpOf, jsonOf, lineOf, textOf } from "../lib/payload.mjs";
import { loadDiff } from "../lib/vendor.mjs";

const SHOWN = 30;
/** More lines would take the page's time. */
const MAX_EDITS = 2_000;

/** @param {Uint8Array} payload */
const linesOf = (payload) => `${jsonOf(payload) ?? textOf(payload) ?? dumpOf(payload)}\n`;

/** @param {{ of(topic: string, count: number): any[] }} traffic @param {string} topic */
export function topicHistory(traffic, topic) {
  const list = make("ol", { class: "rows" });
  const about = make("p", { class: "soft" });
  const changes = make("pre", { class: "diff", tabindex: "0", "aria-label": "Changes" });
  const element = make("details", { class: "part" }, make("summary", {}, "History"), about, changes, list);
  /** @type {any[]} the newest first, and one more to compare with */
  let entries = [];
  /** The chosen message; undefined follows the newest. @type {any} */
  let chosen;
  element.addEventListener("toggle", draw);

  function draw() {
    if (!element.open) return;
    entries = traffic.of(topic, SHOWN + 1);
    const at = Math.max(0, entries.indexOf(chosen));
    list.replaceChildren(...entries.slice(0, SHOWN).map((entry, i) => row(entry, i === at)));
    compare(entries[at], entries[at + 1]);
  }

  function row(entry, pressed) {
    const { at, message } = entry;
    const line = button(clock(at), { class: "quiet", "aria-pressed": String(pressed) }, () => {
      chosen = entry === entries[0] ? undefined : entry;
      draw();
    });
    return make(
      "li",
      {},
      line,
      make("span", { class: "text" }, lineOf(message.payload, "auto")),
      make("span", { class: "soft" }, bytes(message.payload.length)),
    );
  }

  async function compare(entry, before) {
    if (!entry) {
      about.textContent = "None of its messages is in the list any more.";
      changes.replaceChildren();
      return;
    }
    about.textContent = before
      ? `Changes at ${clock(entry.at)}, compared with ${clock(before.at)}`
      : `The first in the list, at ${clock(entry.at)}`;
    const { lineDiff } = await loadDiff();
    const parts = lineDiff.diff(
      before ? linesOf(before.message.payload) : "",
      linesOf(entry.message.payload),
      {
        maxEditLength: MAX_EDITS,
      },
    );
    if (!parts) {
      changes.replaceChildren("They differ in too many lines to compare.");
      return;
    }
    const same = parts.every(({ added, removed }) => !added && !removed);
    changes.replaceChildren(...(same ? ["The payload is the same."] : parts.flatMap(lines)));
  }

  return { element, update: draw };
}

/** @param {{ value: string, added?: boolean, removed?: boolean }} part */
function lines({ value, added, removed }) {
  const sign = added ? "+" : removed ? "−" : " ";
  const tag = added ? "ins" : removed ? "del" : "span";
  return value
    .replace(/\n$/, "")
    .split("\n")
    .flatMap((line) => [make(tag, {}, `${sign} ${line}`), "\n"]);
}
