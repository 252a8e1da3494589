// Processes every received message: counts it, assigns the colour of its subscription, and stores it in two bounded lists, of
// all messages and of those that match the search.

import { searchable } from "../lib/payload.mjs";
import { Ring } from "../lib/ring.mjs";

/** How many bytes of payload a list keeps; the user chooses the number of messages. */
const MAX_BYTES = 32 * 2 ** 20;

/**
 * @param {ReturnType<import("./topics.mjs").createTopics>} topics
 * @param {{ matching(topic: string): any[] }} subscriptions
 */
export function createTraffic(topics, subscriptions, { keep = 10_000 } = {}) {
  let all = new Ring(keep, MAX_BYTES);
  /** The messages that match the search, if there is one. @type {Ring | undefined} */
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

    /** The listed messages: all, or those that match the search. */
    get shown() {
      return found ?? all;
    },

    /** The last kept messages of a topic, the newest first. @param {string} topic @param {number} count */
    of(topic, count) {
      const entries = [];
      for (let i = 0; i < all.length && entries.length < count; i++) {
        const entry = all.newest(i);
        if (entry.message.topic === topic) entries.push(entry);
      }
      return entries;
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

    /** @param {Partial<typeof search>} wanted `text` is searched in topics and payloads */
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

    /** Sets how many messages are kept. @param {number} count */
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
