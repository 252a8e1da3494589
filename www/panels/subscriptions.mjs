// The subscriptions panel: subscribe, unsubscribe, and the list with colour, granted QoS and number of messages. The list is
// kept when the client is replaced: a new client subscribes to it again.

import { button, byId, make, setText } from "../lib/dom.mjs";
import { field, part, QOS, row } from "../lib/fields.mjs";
import { count } from "../lib/format.mjs";
import { matcher } from "../model/topic-filter.mjs";

const COLOURS = 8;
const REFUSED = 128;
const HANDLING = /** @type {[string, string][]} */ ([
  ["0", "always"],
  ["1", "if new"],
  ["2", "never"],
]);

/**
 * @typedef {object} Subscription
 * @property {string} filter
 * @property {Record<string, any>} options
 * @property {number} colour 0 to 7
 * @property {number} count messages that matched
 * @property {number | undefined} granted
 * @property {(topic: string) => boolean} matches
 */

export function subscriptionsPanel(session, { log, v5, onChange }) {
  const list = byId("subscriptions");
  /** @type {Map<string, Subscription>} */
  const subscriptions = new Map();
  /** @type {Map<string, HTMLElement>} */
  const counts = new Map();
  let subscribedWith = null;

  byId("subscribe-fields").append(
    row(
      { id: "subscribe-topic", label: "Topic filter", value: "test/#" },
      { id: "subscribe-qos", label: "QoS", options: QOS, value: "2", size: "short" },
      make("button", { id: "subscribe", type: "submit", disabled: true }, "Subscribe"),
    ),
    part(
      "subscribe-part",
      "Options",
      make(
        "fieldset",
        { class: "only-5" },
        make("legend", {}, "MQTT 5"),
        field({ id: "no-local", label: "Not what this page publishes", type: "check" }),
        field({ id: "retain-as-published", label: "Retain as published", type: "check" }),
        row(
          { id: "retain-handling", label: "Retained messages", options: HANDLING },
          { id: "subscription-id", label: "Identifier", type: "number", more: { min: 1, max: 268435455 } },
        ),
      ),
    ),
  );

  function chosenOptions() {
    const options = { qos: Number(byId("subscribe-qos").value) };
    if (!v5()) return options;
    const identifier = byId("subscription-id").value;
    return {
      ...options,
      noLocal: byId("no-local").checked,
      retainAsPublished: byId("retain-as-published").checked,
      retainHandling: Number(byId("retain-handling").value),
      properties: identifier === "" ? undefined : { subscriptionIdentifier: Number(identifier) },
    };
  }

  function freeColour() {
    const taken = [...subscriptions.values()].map(({ colour }) => colour);
    const all = Array.from({ length: COLOURS }, (_, colour) => colour);
    return all.find((colour) => !taken.includes(colour)) ?? subscriptions.size % COLOURS;
  }

  function keep(filter, options) {
    const former = subscriptions.get(filter);
    const { colour, count: sum } = former ?? { colour: freeColour(), count: 0 };
    const made = { filter, options, colour, count: sum, granted: undefined, matches: matcher(filter) };
    subscriptions.set(filter, made);
    return made;
  }

  async function subscribe(filter, options) {
    const { client } = session;
    const known = subscriptions.has(filter);
    // Before the broker answers, because retained messages may arrive with the answer.
    const made = keep(filter, options);
    changed();
    try {
      made.granted = [await client.subscribe(filter, v5() ? options : { qos: options.qos })].flat()[0];
    } catch (error) {
      // If the connection has ended meanwhile, the list is kept for the next one.
      if (client === session.client && error.code !== "STOPPED") {
        if (known) made.granted = REFUSED;
        else subscriptions.delete(filter);
      }
      throw error;
    } finally {
      changed();
    }
  }

  async function unsubscribe(filter) {
    if (session.running) await session.client.unsubscribe(filter);
    subscriptions.delete(filter);
    changed();
  }

  function changed() {
    show();
    onChange();
  }

  function show() {
    counts.clear();
    setText(byId("subscription-count"), subscriptions.size);
    list.replaceChildren(...[...subscriptions.values()].map(line));
  }

  function line(one) {
    const { filter, colour, granted } = one;
    const number = make("span", { class: "number", title: "messages that matched" }, count(one.count));
    counts.set(filter, number);
    return make(
      "li",
      { "data-filter": filter, "data-granted": String(granted ?? ""), "data-colour": colour },
      button("", { class: "swatch", "aria-label": `Another colour for ${filter}` }, () => {
        one.colour = (one.colour + 1) % COLOURS;
        changed();
      }),
      make("span", { class: "topic", title: filter }, filter),
      make("span", { class: "tag" }, wordFor(granted)),
      number,
      button("×", { class: "quiet", "aria-label": `Unsubscribe ${filter}`, title: "Unsubscribe" }, () =>
        unsubscribe(filter).catch(log.add),
      ),
    );
  }

  byId("subscribe-form").addEventListener("submit", (event) => {
    event.preventDefault();
    if (session.running) subscribe(byId("subscribe-topic").value, chosenOptions()).catch(log.add);
  });

  return {
    /** The subscriptions that match the topic. @returns {Subscription[]} */
    matching: (topic) => [...subscriptions.values()].filter((one) => one.matches(topic)),

    read: () =>
      [...subscriptions.values()].map(({ filter, options, colour }) => ({ filter, options, colour })),
    write(given) {
      for (const { filter, options, colour } of given) keep(filter, options).colour = colour;
      changed();
    },

    refresh() {
      byId("subscribe").disabled = !session.running;
      for (const [filter, number] of counts) setText(number, count(subscriptions.get(filter)?.count ?? 0));
      if (!session.running || session.client === subscribedWith) return;
      // The first time, what the field says: a newcomer sees messages without knowing what a subscription is.
      if (subscribedWith === null && subscriptions.size === 0)
        keep(byId("subscribe-topic").value, chosenOptions());
      subscribedWith = session.client;
      for (const { filter, options } of [...subscriptions.values()])
        subscribe(filter, options).catch((error) => {
          // Another client takes them over when the fields have changed.
          if (error.code !== "STOPPED") log.add(error);
        });
    },
  };
}

function wordFor(granted) {
  if (granted === undefined) return "asked for";
  return granted >= REFUSED ? "refused" : `QoS ${granted}`;
}
