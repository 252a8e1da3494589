// Every message that arrives goes through here once: it is counted, gets the colour of its subscription, and is
// kept in two bounded lists, of all messages and of those that match the search.

import { searchable } from "../lib/payload.mjs";
import { Ring } from "../lib/ring.mjs";

/** Bytes of payload that a list keeps; its number of messages is the user's choice. */
const MAX_BYTES = 32 * 2 ** 20;

/**
 * @param {ReturnType<import("./topics.mjs").createTopics>} topics
 * @param {{ matching(topic: string): any[] }} subscriptions
 */
export function createTraffic(topics, subscriptions, { keep = 10_000 } = {}) {
  let all = new Ring(keep, MAX_BYTES);
  /** Those that match, while there is a search. @type {Ring | undefined} */
  let found;
  let search = { text: "", retained: false, filter: "" };
  /** @type {(entry: any) => boolean} */
  let matches = () => true;
  let total = 0;

  function aboutOf(node, topic) {
    if (!node) return subscriptions.matching(topic);
    node.about ??= subscriptions.matching(topic);
    return node.about;
  }

  function fill() {
    if (!searching()) {
      found = undefined;
      return;
    }
    found = new Ring(all.capacity, MAX_BYTES);
    for (let i = all.length - 1; i >= 0; i--) {
      const entry = all.newest(i);
      if (matches(entry)) found.push(entry, entry.message.payload.length);
    }
  }

  const searching = () => search.text !== "" || search.retained || search.filter !== "";

  return {
    add(message) {
      const entry = { number: ++total, message, at: Date.now(), colour: undefined };
      const about = aboutOf(topics.add(entry), message.topic);
      for (const subscription of about) subscription.count++;
      entry.colour = about[0]?.colour;
      const size = message.payload.length;
      all.push(entry, size);
      if (found && matches(entry)) found.push(entry, size);
    },

    /** What is listed: everything, or what was searched for. */
    get shown() {
      return found ?? all;
    },

    get total() {
      return total;
    },

    get kept() {
      return all.length;
    },

    get searching() {
      return searching();
    },

    /** @param {Partial<typeof search>} wanted `text` is looked for in topics and payloads */
    search(wanted) {
      search = { ...search, ...wanted };
      const text = search.text.toLowerCase();
      matches = ({ message }) =>
        (!search.retained || message.retain) &&
        (search.filter === "" || message.topic === search.filter) &&
        (text === "" ||
          message.topic.toLowerCase().includes(text) ||
          searchable(message.payload).includes(text));
      fill();
    },

    /** How many messages are kept from now on. @param {number} count */
    keep(count) {
      const former = all;
      all = new Ring(count, MAX_BYTES);
      for (let i = Math.min(count, former.length) - 1; i >= 0; i--) {
        const entry = former.newest(i);
        all.push(entry, entry.message.payload.length);
      }
      fill();
    },

    clear() {
      all = new Ring(all.capacity, MAX_BYTES);
      total = 0;
      fill();
    },
  };
}
