// The metrics of an edge node or a device: what its birth certificate says, and their values. Sends nothing.

import { present, writeMetric } from "./payload.mjs";
import { shown, wrong } from "./errors.mjs";

export const REBIRTH = "Node Control/Rebirth";
export const BDSEQ = "bdSeq";
const RESERVED = [REBIRTH, BDSEQ];
const KEYS = ["name", "type", "value", "timestamp", "isTransient", "metadata", "properties"];

/** Whether it is `{ value, ... }` and not a value of its own. @param {any} given */
const isDescribed = (given) =>
  typeof given === "object" &&
  given !== null &&
  Object.getPrototypeOf(given) === Object.prototype &&
  "value" in given;

export class Metrics {
  /** @type {Map<string, any>} */
  #all = new Map();
  /** Names by alias. @type {Map<number, string>} */
  #names = new Map();
  #owner;

  /** @param {any} definitions @param {string} owner for errors @param {(() => number) | undefined} nextAlias */
  constructor(definitions, owner, nextAlias) {
    if (!Array.isArray(definitions))
      throw wrong(`the metrics of ${owner} must be an array; ${shown(definitions)} was given`);
    this.#owner = owner;
    for (const given of definitions) {
      const metric = { value: null, timestamp: Date.now(), ...given };
      for (const key of Object.keys(metric)) {
        if (!KEYS.includes(key))
          throw wrong(`a metric of ${owner} has the unknown key "${key}"; known are ${KEYS.join(", ")}`);
      }
      if (typeof metric.name !== "string" || metric.name === "")
        throw wrong(`a metric of ${owner} has no name; ${shown(given)} was given`);
      if (RESERVED.includes(metric.name))
        throw wrong(`the metric "${metric.name}" of ${owner} is made by the edge node itself; leave it out`);
      if (this.#all.has(metric.name)) throw wrong(`${owner} has the metric "${metric.name}" twice`);
      writeMetric(metric); // throws what is wrong with it
      if (nextAlias !== undefined) {
        metric.alias = nextAlias();
        this.#names.set(metric.alias, metric.name);
      }
      this.#all.set(metric.name, metric);
    }
  }

  /** For a birth certificate. */
  birth() {
    return [...this.#all.values()];
  }

  /** @param {string} name */
  value(name) {
    return this.#find(name).value;
  }

  /** @param {string} name */
  #find(name) {
    const metric = this.#all.get(name);
    if (metric === undefined)
      throw wrong(
        `${this.#owner} has no metric "${name}"; it must be in the birth certificate, so give it to the constructor or connectDevice()`,
      );
    return metric;
  }

  /** Sets values; all or none. @param {any} values by name @returns {any[]} the metrics, as a data message has them */
  update(values) {
    const changes = Object.entries(values).map(([name, given]) => {
      const metric = this.#find(name);
      const { value, timestamp = Date.now(), ...others } = isDescribed(given) ? given : { value: given };
      const next = { ...metric, value, timestamp };
      writeMetric({ ...next, ...others });
      return { metric, next, others };
    });
    return changes.map(({ metric, next, others }) => {
      // A historical value is none of now.
      if (others.isHistorical !== true) Object.assign(metric, next);
      return this.#data(next, others);
    });
  }

  /** @param {any} metric @param {any} others */
  #data({ name, alias, type, value, timestamp, isTransient }, others) {
    return present({
      ...(alias === undefined ? { name } : { alias }),
      type,
      value,
      timestamp,
      isTransient,
      ...others,
    });
  }

  /** The name and type of a metric in a command. @param {any} metric */
  resolve(metric) {
    const name = metric.name ?? this.#names.get(metric.alias);
    return { name, type: this.#all.get(name)?.type };
  }
}
