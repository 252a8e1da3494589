// The panel of batches and the queue: their items, how full they are, the time to the next flush, and those that were sent.

import { byId, make, setText } from "../lib/dom.mjs";
import { row } from "../lib/fields.mjs";
import { clock, countdown, milliseconds, plural } from "../lib/format.mjs";
import { painter } from "../lib/painter.mjs";
import { createPending } from "../model/pending.mjs";

export function pendingPanel(session) {
  const batches = byId("batches");
  const queue = byId("queue");
  const paint = painter(show);
  const pending = createPending(session, paint.mark);

  const number = (id, label, value, min) => ({
    id,
    name: id,
    label,
    value,
    type: /** @type {"number"} */ ("number"),
    more: { form: "connection", min, step: min === 0 ? "any" : 1 },
  });
  byId("limit-fields").append(
    row(
      number("batchsize", "Batch size", 5, 1),
      number("queuesize", "Queue size", 5, 1),
      number("publishinterval", "Interval, s", 60, 0),
    ),
    make("p", { class: "hint" }, "Used from the next Connect on."),
  );

  function show() {
    const groups = pending.batches;
    setText(
      byId("batch-count"),
      groups.reduce((sum, group) => sum + group.count, 0),
    );
    setText(byId("queue-count"), pending.queue?.count ?? 0);
    batches.replaceChildren(...groups.map(batch));
    queue.replaceChildren(...(pending.queue?.items ?? []).map(item));
    byId("went").replaceChildren(...pending.went.map(trip));
    countDown();
  }

  function countDown() {
    const left = ({ due }) => `sent in ${countdown((due - Date.now()) / 1000)}`;
    const waiting = pending.batches;
    for (const [i, line] of [...batches.querySelectorAll(".due")].entries()) {
      if (waiting[i]) setText(line, left(waiting[i]));
    }
    const group = pending.queue;
    setText(byId("queue-due"), group ? `${group.count} of ${group.limit} · ${left(group)}` : "");
  }

  return {
    ...pending,
    refresh() {
      byId("flush").disabled = !session.running;
      countDown();
    },
  };
}

function batch({ topic, count, limit, items, options }) {
  return make(
    "li",
    { "data-topic": topic, "data-count": count },
    make("span", { class: "topic" }, topic),
    make("span", { class: "tag" }, kindOf(options)),
    make("span", { class: "due" }),
    make("progress", { max: limit, value: count, "aria-label": `${count} of ${limit} items of ${topic}` }),
    make("span", { class: "items" }, `${count} of ${limit}: ${items.map(({ text }) => text).join(", ")}`),
  );
}

const item = ({ topic, text }) =>
  make(
    "li",
    { "data-topic": topic },
    make("span", { class: "topic" }, topic),
    make("span", { class: "items" }, text),
  );

function trip({ kind, topic, count, state, ms, at }) {
  const good = state === "sent" ? "good" : state.startsWith("failed") ? "bad" : "";
  return make(
    "li",
    { "data-kind": kind, "data-state": state },
    make("span", { class: "topic" }, kind === "batch" ? topic : "queue"),
    make("span", { class: "tag" }, kind === "batch" ? plural(count, "item") : plural(count, "message")),
    make("span", { class: `due ${good}` }, state === "sent" ? `in ${milliseconds(ms)}` : state),
    make("time", {}, clock(at).slice(0, 8)),
  );
}

function kindOf({ qos, retain }) {
  return `QoS ${qos}${retain ? " · retain" : ""}`;
}
