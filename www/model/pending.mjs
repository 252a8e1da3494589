// The unsent batches and queue: their items, the time of the next flush, and the results of those that were sent. The library
// sends at a number of items, after a time, at flush() and at stop(), which the page reproduces.

import { shorten } from "../lib/format.mjs";

/** How many items of a batch or the queue are kept for display. */
const SHOWN = 20;
const WENT = 30;
const TEXT = 60;

/**
 * @typedef {object} Group
 * @property {"batch" | "queue"} kind
 * @property {string} topic
 * @property {Record<string, any>} options
 * @property {{ topic: string, text: string }[]} items the first of them
 * @property {number} count
 * @property {number} limit number of items at which it is sent
 * @property {number} due time at which it is sent, milliseconds since 1970
 * @property {Set<Promise<unknown>>} promises
 * @property {ReturnType<typeof setTimeout>} timer
 */

export function createPending(session, onChange) {
  /** @type {Map<string, Group>} */
  const waiting = new Map();
  /** The newest first. @type {any[]} */
  const went = [];

  function begin(key, kind, topic, options) {
    const { batchsize, queuesize, publishinterval } = session.limits;
    const due = Date.now() + publishinterval * 1000;
    /** @type {Group} */
    const group = {
      kind,
      topic,
      options,
      items: [],
      count: 0,
      limit: kind === "batch" ? batchsize : queuesize,
      due,
      promises: new Set(),
      timer: setTimeout(() => leave(key), publishinterval * 1000),
    };
    waiting.set(key, group);
    return group;
  }

  function add(key, kind, topic, text, options, promise) {
    const group = waiting.get(key) ?? begin(key, kind, topic, options);
    const item = { topic, text: shorten(text, TEXT) };
    group.count++;
    if (group.items.length < SHOWN) group.items.push(item);
    group.promises.add(promise);
    promise.catch(() => withdraw(key, group, item));
    if (group.count >= group.limit) leave(key);
    onChange();
    return promise;
  }

  /** The item was rejected, so it is not pending. */
  function withdraw(key, group, item) {
    if (waiting.get(key) !== group) return;
    group.count--;
    group.items = group.items.filter((other) => other !== item);
    if (group.count === 0) {
      clearTimeout(group.timer);
      waiting.delete(key);
    }
    onChange();
  }

  function leave(key) {
    const group = waiting.get(key);
    if (!group) return;
    clearTimeout(group.timer);
    waiting.delete(key);
    const start = performance.now();
    const trip = { ...group, at: Date.now(), state: "on its way", ms: 0 };
    went.unshift(trip);
    went.length = Math.min(went.length, WENT);
    Promise.allSettled(group.promises).then((results) => {
      const failed = /** @type {any} */ (results.find(({ status }) => status === "rejected"));
      trip.state = failed ? `failed: ${failed.reason.code ?? failed.reason.message}` : "sent";
      trip.ms = performance.now() - start;
      onChange();
    });
    onChange();
  }

  return {
    batched(topic, text, options, promise) {
      const key = JSON.stringify([topic, options.qos, options.retain, options.properties]);
      return add(key, "batch", topic, text, options, promise);
    },
    queued: (topic, text, options, promise) => add("queue", "queue", topic, text, options, promise),

    /** flush() or stop() was called: everything pending is being sent. */
    allLeave() {
      for (const key of [...waiting.keys()]) leave(key);
    },

    get batches() {
      return [...waiting.values()].filter(({ kind }) => kind === "batch");
    },
    get queue() {
      return waiting.get("queue");
    },
    went,
  };
}
