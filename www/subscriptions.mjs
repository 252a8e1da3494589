// The subscriptions panel: subscribe, the list with what the broker granted, unsubscribe.
// The list outlives the client: a new connection subscribes to it again.

import { byId, make } from "./dom.mjs";

const REFUSED = 128;

export function subscriptionsPanel(session, errors) {
  const list = byId("subscriptions");
  const button = byId("subscribe");
  /** @type {Map<string, { qos: number, granted: number | undefined }>} */
  const filters = new Map();
  let subscribedWith = null;

  async function subscribe(filter, qos) {
    const client = session.client;
    const [granted] = [await client.subscribe(filter, { qos })].flat();
    if (client !== session.client) return;
    filters.set(filter, { qos, granted });
    show();
  }

  async function unsubscribe(filter) {
    if (session.running) await session.client.unsubscribe(filter);
    filters.delete(filter);
    show();
  }

  function show() {
    list.replaceChildren(
      ...[...filters].map(([filter, { granted }]) => {
        const remove = make(
          "button",
          { type: "button", "aria-label": `Unsubscribe ${filter}` },
          "Unsubscribe",
        );
        remove.addEventListener("click", () => unsubscribe(filter).catch(errors.add));
        return make(
          "li",
          { "data-filter": filter, "data-granted": String(granted ?? "") },
          make("span", { class: "topic" }, filter),
          make("span", { class: "tag" }, wordFor(granted)),
          remove,
        );
      }),
    );
  }

  byId("subscribe-form").addEventListener("submit", (event) => {
    event.preventDefault();
    subscribe(byId("subscribe-topic").value, Number(byId("subscribe-qos").value)).catch(errors.add);
  });

  return {
    refresh() {
      button.disabled = !session.running;
      if (!session.running || session.client === subscribedWith) return;
      subscribedWith = session.client;
      for (const [filter, { qos }] of filters) subscribe(filter, qos).catch(errors.add);
    },
  };
}

function wordFor(granted) {
  if (granted === undefined) return "asked for";
  return granted >= REFUSED ? "refused" : `QoS ${granted} granted`;
}
