// The tree of topics: how many messages each level has, and the last payload of each topic.

import { button, byId, make, setText } from "../lib/dom.mjs";
import { clock, count, plural } from "../lib/format.mjs";
import { painter } from "../lib/painter.mjs";
import { lineOf } from "../lib/payload.mjs";
import { virtualList } from "../lib/virtual-list.mjs";
import { chartButtons } from "./chart-buttons.mjs";
import { deleteRetained } from "./delete-retained.mjs";
import { payloadView } from "./payload-view.mjs";

const REDRAW_MS = 250;

export function topicsPanel(topics, { session, log, views, onShow, onPublish, onSubscribe, onChart }) {
  const box = byId("topics");
  const detail = byId("topic-detail");
  /** @type {import("../model/topics.mjs").Node[]} */
  let rows = [];
  /** @type {{ node: import("../model/topics.mjs").Node, last: any, numbers: HTMLElement, payload: any, charts: HTMLElement, as: object } | undefined} */
  let chosen;

  const list = virtualList(box, {
    rowRole: "treeitem",
    rowHeight: () => 26,
    count: () => rows.length,
    create,
    fill,
    onActivate(index) {
      choose(rows[index]);
    },
    onKey({ key }, index) {
      const at = rows[index];
      if (!at) return false;
      if (key === "ArrowRight" && at.children.size > 0 && !at.open) toggle(at);
      else if (key === "ArrowLeft" && at.open) toggle(at);
      else if (key === "ArrowLeft" && at.parent && at.parent.depth >= 0)
        list.activate(rows.indexOf(at.parent));
      else if (key === "Enter" || key === " ") toggle(at);
      else return false;
      return true;
    },
  });
  const paint = painter(draw, { interval: REDRAW_MS, visible: () => views.shows("topics") });
  views.onChange(() => paint.mark());

  function draw() {
    const active = rows[list.active];
    rows = topics.visible();
    if (active) list.active = rows.indexOf(active);
    list.draw();
    follow();
    box.title =
      topics.rest > 0
        ? `${plural(topics.rest, "message")} received on topics beyond the first 20,000 levels`
        : "";
  }

  function create(element) {
    element.classList.add("topic-row");
    const arrow = make("span", { class: "arrow", "aria-hidden": "true" });
    const label = make("span");
    const row = {
      element,
      node: undefined,
      arrow,
      label,
      last: make("span", { class: "text" }),
      number: make("span", { class: "number" }),
    };
    row.arrow.addEventListener("click", (event) => {
      event.stopPropagation();
      if (row.node) toggle(row.node);
    });
    element.append(make("span", { class: "name" }, arrow, label), row.last, row.number);
    element.addEventListener("dblclick", () => row.node && toggle(row.node));
    return row;
  }

  function fill(row, index, active) {
    const node = rows[index];
    const { element } = row;
    row.node = node;
    element.style.setProperty("--depth", String(node.depth));
    element.setAttribute("aria-level", String(node.depth + 1));
    element.setAttribute("aria-selected", String(active));
    if (node.children.size > 0) element.setAttribute("aria-expanded", String(node.open));
    else element.removeAttribute("aria-expanded");
    element.dataset.topic = node.topic;
    element.dataset.colour = String(node.about?.[0]?.colour ?? "");
    setText(row.arrow, node.children.size === 0 ? "" : node.open ? "▾" : "▸");
    setText(row.label, node.name === "" ? "(empty)" : node.name);
    element.dataset.retained = String(node.last?.retain === true);
    setText(row.last, node.last && !node.open ? lineOf(node.last.payload, "auto") : "");
    setText(row.number, count(node.total));
  }

  function toggle(node) {
    node.open = !node.open && node.children.size > 0;
    paint.now();
  }

  function choose(node) {
    chosen = {
      node,
      last: undefined,
      numbers: make("p", { class: "soft" }),
      charts: make("div"),
      payload: make("div"),
      as: {},
    };
    const { topic } = node;
    detail.hidden = false;
    detail.replaceChildren(
      make(
        "div",
        { class: "line" },
        make("strong", { class: "topic" }, topic),
        button("Messages", { class: "quiet", title: "List its messages" }, () => onShow(topic)),
        button("Publish", { class: "quiet" }, () => onPublish(topic)),
        button("Subscribe", { class: "quiet" }, () =>
          onSubscribe(node.children.size > 0 ? `${topic}/#` : topic),
        ),
        button("Delete retained", { class: "quiet", title: "Here and below" }, () =>
          deleteRetained(session, topic).catch(log.add),
        ),
        button("Close", { class: "quiet" }, close),
      ),
      chosen.numbers,
      chosen.charts,
      chosen.payload,
    );
    follow();
  }

  /** Updates the counts and the last payload of the selected topic. */
  function follow() {
    if (!chosen) return;
    const { own, total, last } = chosen.node;
    const when = last ? `, the last at ${clock(last.at)}` : "";
    setText(chosen.numbers, `${plural(own, "message")} here, ${count(total)} with those below${when}`);
    if (!last || last === chosen.last) return;
    chosen.last = last;
    const charts = make("div", {}, chartButtons(chosen.node.topic, last.payload, onChart));
    chosen.charts.replaceWith(charts);
    chosen.charts = charts;
    const view = payloadView(last.payload, chosen.as);
    chosen.payload.replaceWith(view);
    chosen.payload = view;
  }

  function close() {
    chosen = undefined;
    detail.hidden = true;
    box.focus();
  }

  byId("open-topics").addEventListener("click", () => {
    topics.setOpen(true);
    paint.now();
  });
  byId("close-topics").addEventListener("click", () => {
    topics.setOpen(false);
    paint.now();
  });
  byId("clear-topics").addEventListener("click", () => {
    topics.clear();
    list.active = -1;
    if (chosen) close();
    paint.now();
  });

  return {
    mark: paint.mark,
    refresh: () => setText(byId("topic-count"), count(topics.size)),
  };
}
