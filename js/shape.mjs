// What the class of clients has beside its methods: the callbacks as properties, both spellings of names, limits (`signal`,
// `timeout`) and typed topics as arguments. Done once, when the class is there.

import { isLimited, limited } from "./limits.mjs";
import { addCamelCase, CALLBACKS, METHODS } from "./names.mjs";

/** What a topic of js/topics/ calls when a method is given one. */
export const TYPED = Symbol.for("mqtt-lib.topic");

/** @param {any} topic */
export function isTyped(topic) {
  try {
    return typeof topic === "function" && TYPED in topic;
  } catch {
    return false; // what cannot be read, of which the core says so
  }
}

/**
 * @param {any} Client the class
 * @param {(client: any, name: string) => unknown} get a callback
 * @param {(client: any, name: string, callback: unknown) => void} set
 */
export function shape(Client, get, set) {
  const { prototype } = Client;
  // Bundlers rename the class; this is the name in errors and inspectors.
  Object.defineProperty(Client, "name", { value: "MqttCustom" });
  for (const name of CALLBACKS) {
    Object.defineProperty(prototype, name, {
      get() {
        return get(this, name);
      },
      set(callback) {
        set(this, name, callback);
      },
      configurable: true,
    });
  }
  // Vue makes no reactive proxy of it, which could not reach what is private.
  Object.defineProperty(prototype, "__v_skip", { value: true });
  /** Whose options, in this place, may have limits. @type {[any, string, number][]} */
  const limitedCalls = [
    [prototype, "batch_publish", 2],
    [prototype, "publish_high_priority", 2],
    [Client, "publish_high_priority", 2],
  ];
  for (const [owner, name, at] of limitedCalls) {
    const method = owner[name];
    /** @this {any} @param {any[]} all */
    owner[name] = function (...all) {
      const options = all[at];
      if (!isLimited(options)) return method.apply(this, all);
      /** @param {any} others */
      const call = (others) => {
        all[at] = others;
        return method.apply(this, all);
      };
      return limited(options, call, () => {});
    };
  }
  for (const name of ["subscribe", "unsubscribe", "addHandler", "messages"]) {
    const method = prototype[name];
    /** @this {any} @param {any} topic @param {unknown} one @param {unknown} two */
    prototype[name] = function (topic, one, two) {
      return isTyped(topic) ? topic[TYPED](this, name, one, two) : method.call(this, topic, one, two);
    };
  }
  addCamelCase(Client, METHODS);
  addCamelCase(prototype, [...METHODS, ...CALLBACKS]);
}
