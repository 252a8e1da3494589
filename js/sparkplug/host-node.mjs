// An edge node as a host application sees it: what its births have said, the order of its messages, and what is stale. Owns the
// sequence; asks for nothing by itself.

import { BDSEQ } from "./metrics.mjs";
import { typed } from "./payload.mjs";

const NUMBERS = 256;

/** The metrics of a node or device, by name. */
class Known {
  /** @type {Map<string, any>} */
  metrics = new Map();
  /** @type {Map<number | bigint, string>} */
  #names = new Map();
  online = false;
  /** When it was born, or died. @type {number | undefined} */
  timestamp;

  /** @param {any[]} metrics @param {number | undefined} timestamp */
  born(metrics, timestamp) {
    this.online = true;
    this.timestamp = timestamp;
    this.metrics.clear();
    this.#names.clear();
    for (const metric of metrics) {
      if (metric.name === undefined) continue;
      if (metric.alias !== undefined) this.#names.set(metric.alias, metric.name);
      this.metrics.set(metric.name, { ...metric, stale: false });
    }
  }

  /** What a data message says, with names and types; undefined if the birth did not say them. @param {any[]} metrics */
  data(metrics) {
    const all = metrics.map((metric) => {
      const name = metric.name ?? this.#names.get(metric.alias);
      const before = this.metrics.get(name);
      return before && { ...typed(metric, before.type), name, type: metric.type ?? before.type };
    });
    if (all.includes(undefined)) return;
    for (const metric of all) {
      if (metric.isHistorical) continue;
      this.metrics.set(metric.name, { ...this.metrics.get(metric.name), ...metric, stale: false });
    }
    return all;
  }

  /** @param {number | undefined} timestamp */
  died(timestamp) {
    this.online = false;
    this.timestamp = timestamp;
    for (const metric of this.metrics.values()) metric.stale = true;
  }
}

/** What a message has changed. @typedef {{ kind: "birth" | "data" | "death", device?: string, metrics: any[] }} Change */

export class HostNode extends Known {
  /** @type {Map<string, Known>} */
  devices = new Map();
  /** @type {bigint | undefined} */
  #bdSeq;
  #expected = 0;
  /** Messages that came too early, by their number. @type {Map<number, { topic: any, payload: any }>} */
  #early = new Map();

  /** @param {string} group @param {string} node */
  constructor(group, node) {
    super();
    this.group = group;
    this.node = node;
  }

  /** Whether messages before those that have come are missing. */
  get hasGap() {
    return this.#early.size > 0;
  }

  forgetEarly() {
    this.#early.clear();
  }

  /** @param {any} payload @returns {Change} */
  takeBirth({ seq = 0, metrics, timestamp }) {
    this.#bdSeq = bdSeqOf(metrics);
    this.#expected = (Number(seq) + 1) % NUMBERS;
    this.#early.clear();
    this.devices.clear();
    this.born(metrics, timestamp);
    return { kind: "birth", metrics };
  }

  /** Ignores the death of an older session. @param {any} payload @returns {Change[]} */
  takeDeath({ metrics }) {
    const bdSeq = bdSeqOf(metrics);
    if (!this.online || (bdSeq !== undefined && this.#bdSeq !== undefined && bdSeq !== this.#bdSeq))
      return [];
    return this.lost();
  }

  /** It is offline as of now, with all its devices. @returns {Change[]} */
  lost() {
    const now = Date.now();
    this.#early.clear();
    const devices = [...this.devices].filter(([, device]) => device.online);
    for (const [, device] of devices) device.died(now);
    this.died(now);
    return [
      ...devices.map(([device]) => ({ kind: /** @type {const} */ ("death"), device, metrics: [] })),
      { kind: "death", metrics: [] },
    ];
  }

  /**
   * A message of the sequence: what it changes, and with it those that came before their turn; undefined if the node
   * must be born again.
   * @param {any} topic
   * @param {any} payload
   * @returns {Change[] | undefined}
   */
  take(topic, payload) {
    const seq = Number(payload.seq);
    if (!this.online || !(seq >= 0 && seq < NUMBERS)) return;
    this.#early.set(seq, { topic, payload });
    /** @type {Change[]} */
    const changes = [];
    for (;;) {
      const next = this.#early.get(this.#expected);
      if (next === undefined) return changes;
      this.#early.delete(this.#expected);
      this.#expected = (this.#expected + 1) % NUMBERS;
      const change = this.#apply(next.topic, next.payload);
      if (change === undefined) return;
      changes.push(change);
    }
  }

  /** @param {any} topic @param {any} payload @returns {Change | undefined} */
  #apply({ verb, device }, { metrics, timestamp }) {
    if (verb === "NDATA") {
      const all = this.data(metrics);
      return all && { kind: "data", metrics: all };
    }
    const known = this.devices.get(device);
    if (verb === "DBIRTH") {
      const born = known ?? new Known();
      this.devices.set(device, born);
      born.born(metrics, timestamp);
      return { kind: "birth", device, metrics };
    }
    if (known === undefined) return;
    if (verb === "DDEATH") {
      known.died(timestamp);
      return { kind: "death", device, metrics: [] };
    }
    const all = known.online ? known.data(metrics) : undefined;
    return all && { kind: "data", device, metrics: all };
  }
}

/** @param {any[]} metrics @returns {bigint | undefined} */
function bdSeqOf(metrics) {
  const value = metrics.find(({ name }) => name === BDSEQ)?.value;
  const isNumber = typeof value === "bigint" || Number.isInteger(value);
  return isNumber ? BigInt(value) : undefined;
}
