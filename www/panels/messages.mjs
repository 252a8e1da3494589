// The live list of received messages, the newest first: search, pause, and the details of a message. Scrolling down,
// selecting a message and the button pause the list; messages that arrive meanwhile are kept.

import { byId, make, setText } from "../lib/dom.mjs";
import { count, plural } from "../lib/format.mjs";
import { painter } from "../lib/painter.mjs";
import { saveLines } from "../lib/save-lines.mjs";
import { virtualList } from "../lib/virtual-list.mjs";
import { messageDetail } from "./message-detail.mjs";
import { createRow, fillRow } from "./message-row.mjs";

/** More frequent updates could not be read. */
const REDRAW_MS = 100;
const SEARCH_MS = 150;
const NARROW = matchMedia("(max-width: 47.99rem)");
const KEEP = [1_000, 10_000, 100_000];
const AS = { auto: "Auto", text: "Text", hex: "Hex" };

export function messagesPanel(traffic, { views, hint, onUse, onChart }) {
  const box = byId("messages");
  const pause = byId("pause");
  const resume = byId("resume");
  const search = byId("search");
  /** While paused: the entries at that time, and how many messages had arrived. @type {{ entries: any[], total: number, by: string } | null} */
  let held = null;
  const detail = messageDetail(byId("detail"), { onClose: go, onUse, onChart });

  byId("payload-as").append(...Object.entries(AS).map(([value, text]) => make("option", { value }, text)));
  byId("keep").append(
    ...KEEP.map((number) =>
      make("option", { value: number, selected: number === 10_000 }, `Keep ${count(number)}`),
    ),
  );

  const entryAt = (index) => (held ? held.entries[index] : traffic.shown.newest(index));
  const list = virtualList(box, {
    rowRole: "option",
    rowHeight: () => (NARROW.matches ? 46 : 26),
    count: () => (held ? held.entries.length : traffic.shown.length),
    create: createRow,
    fill: (row, index, active) => fillRow(row, entryAt(index), active, byId("payload-as").value),
    onActivate(index) {
      hold("choice");
      detail.show(entryAt(index));
    },
    onKey(event) {
      if (event.key !== "Escape" || !held) return false;
      go();
      return true;
    },
    onScroll() {
      if (!list.atTop && !held) hold("scrolling");
      else if (list.atTop && held?.by === "scrolling") go();
    },
  });
  const paint = painter(draw, { interval: REDRAW_MS, visible: () => views.shows("messages") });
  views.onChange(() => paint.mark());

  function draw() {
    list.draw();
    const fresh = held ? traffic.total - held.total : 0;
    resume.hidden = !held;
    if (held) setText(resume, fresh === 0 ? "Paused · Resume" : `Paused · ${count(fresh)} new · Resume`);
    box.dataset.empty = traffic.searching
      ? `None of the ${plural(traffic.kept, "kept message")} matches.`
      : hint();
  }

  function hold(by) {
    if (held) {
      if (by === "pause") held.by = by;
    } else held = { entries: traffic.shown.toArray(), total: traffic.total, by };
    pause.setAttribute("aria-pressed", String(held.by === "pause"));
    paint.mark();
  }

  function go() {
    held = null;
    list.active = -1;
    list.toTop();
    detail.hide();
    pause.setAttribute("aria-pressed", "false");
    paint.now();
  }

  function searched(wanted) {
    traffic.search(wanted);
    if (held) held.entries = traffic.shown.toArray();
    list.active = -1;
    list.toTop();
    paint.now();
  }

  /** @param {string} topic "" for all */
  function onlyTopic(topic) {
    const chip = byId("only-topic");
    chip.hidden = topic === "";
    const all = make("button", { type: "button", class: "quiet" }, "Show all");
    all.addEventListener("click", () => onlyTopic(""));
    chip.replaceChildren("Only ", make("code", {}, topic), " ", all);
    searched({ filter: topic });
  }

  let typing;
  search.addEventListener("input", () => {
    clearTimeout(typing);
    typing = setTimeout(() => searched({ text: search.value }), SEARCH_MS);
  });
  byId("only-retained").addEventListener("change", ({ target }) => searched({ retained: target.checked }));
  byId("payload-as").addEventListener("change", paint.now);
  byId("keep").addEventListener("change", ({ target }) => {
    traffic.keep(Number(target.value));
    paint.now();
  });
  pause.addEventListener("click", () => (held?.by === "pause" ? go() : hold("pause")));
  resume.addEventListener("click", go);
  byId("export-messages").addEventListener("click", () => {
    saveLines(held ? held.entries : traffic.shown.toArray());
  });
  byId("clear-messages").addEventListener("click", () => {
    traffic.clear();
    go();
  });

  return {
    /** A message has arrived. */
    mark: paint.mark,
    onlyTopic,
    refresh() {
      setText(byId("message-count"), count(traffic.total));
      if (traffic.total === 0) box.dataset.empty = hint();
    },
  };
}
