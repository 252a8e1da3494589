// The tree of topics: how many messages each level has, and the last payload of each topic.

import { button, byId, make, setText } from "../lib/dom.mjs";
import { clock, count, plural } from "../lib/format.mjs";
import { painter } from "../lib/painter.mjs";
import { lineOf } from "../lib/payload.mjs";
import { virtualList } from "../lib/virtual-list.mjs";
import { chartButtons } from "./chart-buttons.mjs";
import { deleteRetained } from "./delete-retained.mjs";
import { payloadView } from "./payload-view.mjs";
import { topicHistory } from "./topic-history.mjs";

const REDRAW_MS = 250;
const MEASURE_MS = 1000;
const ORDERS = { name: "By name", messages: "Most messages first", rate: "Busiest first" };

export function topicsPanel(
  topics,
  { session, traffic, log, views, onShow, onPublish, onSubscribe, onChart },
) {
  const box = byId("topics");
  const detail = byId("topic-detail");
  /** @type {import("../model/topics.mjs").Node[]} */
  let rows = [];
  /** @type {{ node: import("../model/topics.mjs").Node, last: any, numbers: HTMLElement, payload: any, charts: HTMLElement, history: ReturnType<typeof topicHistory>, as: object } | undefined} */
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
  const search = byId("topic-search");
  const order = byId("topic-order");
  order.append(...Object.entries(ORDERS).map(([value, text]) => make("option", { value }, text)));
  const paint = painter(draw, { interval: REDRAW_MS, visible: () => views.shows("topics") });
  setInterval(() => {
    topics.measure();
    paint.mark();
  }, MEASURE_MS);
  search.addEventListener("input", paint.now);
  order.addEventListener("change", paint.now);
  views.onChange(() => paint.mark());

  function draw() {
    const active = rows[list.active];
    rows = topics.visible({ text: search.value, order: order.value });
    if (active) list.active = rows.indexOf(active);
    list.draw();
    follow();
    box.dataset.empty =
      topics.size > 0
        ? `None of the ${plural(topics.size, "topic")} matches.`
        : "Topics appear here as messages arrive.";
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
      rate: make("span", { class: "rate" }),
      number: make("span", { class: "number" }),
    };
    row.arrow.addEventListener("click", (event) => {
      event.stopPropagation();
      if (row.node) toggle(row.node);
    });
    element.append(make("span", { class: "name" }, arrow, label), row.last, row.rate, row.number);
    element.addEventListener("dblclick", () => row.node && toggle(row.node));
    return row;
  }

  function fill(row, index, active) {
    const node = rows[index];
    const { element } = row;
    const open = rows[index + 1]?.depth > node.depth; // a search opens what it finds
    row.node = node;
    element.style.setProperty("--depth", String(node.depth));
    element.setAttribute("aria-level", String(node.depth + 1));
    element.setAttribute("aria-selected", String(active));
    if (node.children.size > 0) element.setAttribute("aria-expanded", String(open));
    else element.removeAttribute("aria-expanded");
    element.dataset.topic = node.topic;
    element.dataset.colour = String(node.about?.[0]?.colour ?? "");
    setText(row.arrow, node.children.size === 0 ? "" : open ? "▾" : "▸");
    setText(row.label, node.name === "" ? "(empty)" : node.name);
    element.dataset.retained = String(node.last?.retain === true);
    setText(row.last, node.last && !open ? lineOf(node.last.payload, "auto") : "");
    setText(row.rate, node.rate > 0 ? `${count(node.rate)}/s` : "");
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
      history: topicHistory(traffic, node.topic),
      as: {},
    };
    const { topic } = node;
    const result = make("p", { class: "result", role: "status" });
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
          deleteRetained(session, topic).then((text) => setText(result, text), log.add),
        ),
        button("Close", { class: "quiet" }, close),
      ),
      result,
      chosen.numbers,
      chosen.charts,
      chosen.payload,
      chosen.history.element,
    );
    follow();
  }

  /** Updates the counts and the last payload of the selected topic. */
  function follow() {
    if (!chosen) return;
    const { own, total, last } = chosen.node;
    const when = last ? `, the last at ${clock(last.at)}` : "";
    const below = total > own ? ` here, ${count(total)} with those below` : "";
    setText(chosen.numbers, `${plural(own, "message")}${below}${when}`);
    if (!last || last === chosen.last) return;
    chosen.last = last;
    const charts = make("div", {}, chartButtons(chosen.node.topic, last.payload, onChart));
    chosen.charts.replaceWith(charts);
    chosen.charts = charts;
    // The tree keeps the beginning of a payload, the list all of it.
    const [newest] = last.size > last.payload.length ? traffic.of(chosen.node.topic, 1) : [];
    const view = payloadView(newest?.message.payload ?? last.payload, chosen.as, chosen.node.topic);
    chosen.payload.replaceWith(view);
    chosen.payload = view;
    chosen.history.update();
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
