// What waits in batches and in the queue. An item is here from the call until its promise settles.

import { byId, make } from "./dom.mjs";

/** Items shown of one batch, and of the queue; the count tells of all. */
const SHOWN = 20;

export function pendingPanel() {
  const batches = byId("batches");
  const queue = byId("queue");
  /** Items by topic, qos and retain, as the library keeps its batches. @type {Map<string, object[]>} */
  const batched = new Map();
  /** @type {object[]} */
  const queued = [];

  function show() {
    const groups = [...batched.values()];
    byId("batch-count").textContent = groups.reduce((sum, items) => sum + items.length, 0);
    byId("queue-count").textContent = queued.length;
    batches.replaceChildren(
      ...groups.map((items) =>
        make(
          "li",
          { "data-topic": items[0].topic, "data-count": items.length },
          make("span", { class: "topic" }, items[0].topic),
          make("span", { class: "tag" }, `${items.length} · ${kindOf(items[0].options)}`),
          make("span", {}, list(items)),
        ),
      ),
    );
    queue.replaceChildren(
      ...queued
        .slice(0, SHOWN)
        .map(({ topic, payload, options }) =>
          make(
            "li",
            { "data-topic": topic },
            make("span", { class: "topic" }, topic),
            make("span", { class: "tag" }, kindOf(options)),
            make("span", {}, short(payload)),
          ),
        ),
    );
  }

  /** Shows the item in `items` as long as the promise is open, and settles like it. */
  async function during(items, item, promise, gone = () => {}) {
    items.push(item);
    show();
    try {
      return await promise;
    } finally {
      items.splice(items.indexOf(item), 1);
      gone();
      show();
    }
  }

  return {
    batched(topic, payload, options, promise) {
      const key = JSON.stringify([topic, options.qos, options.retain]);
      if (!batched.has(key)) batched.set(key, []);
      const items = batched.get(key);
      return during(items, { topic, payload, options }, promise, () => {
        if (items.length === 0 && batched.get(key) === items) batched.delete(key);
      });
    },
    queued: (topic, payload, options, promise) => during(queued, { topic, payload, options }, promise),
  };
}

function kindOf({ qos, retain }) {
  return `QoS ${qos}${retain ? " · retain" : ""}`;
}

function list(items) {
  const shown = items.slice(0, SHOWN).map((item) => short(item.payload));
  return items.length > SHOWN ? `${shown.join(", ")}, …` : shown.join(", ");
}

function short(text) {
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}
