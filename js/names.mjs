// The table of names that have two spellings: snake_case as in the original library, and camelCase.

import { unreadable } from "./errors.mjs";

export const METHODS = ["batch_publish", "subscribe_topics", "publish_high_priority"];
/** In the order of their slots in the core. */
export const CALLBACKS = ["on_connect", "on_disconnect", "on_message", "on_error", "on_auth"];

/** @param {string} name */
const camelCase = (name) => name.replace(/_([a-z])/g, (_, letter) => letter.toUpperCase());

const original = new Map(CALLBACKS.map((name) => [camelCase(name), name]));

/** A copy of the properties that an object has itself, and of what the getters of its class give. @param {any} given */
function members(given) {
  const copy = { __proto__: null, ...given };
  const { getPrototypeOf: classOf, getOwnPropertyNames: names } = Object;
  // Without the last one, whose getters every object has.
  for (let type = classOf(given); type && classOf(type); type = classOf(type))
    // A descriptor of a method has the `get` of Object.prototype, if a page gives it one.
    for (const key of names(type))
      if (/** @type {any} */ ({}).__lookupGetter__.call(type, key)) copy[key] ??= given[key];
  return copy;
}

/** @param {any} given */
const isObject = (given) => typeof given === "object" && given !== null && !Array.isArray(given);

/** @param {any} given */
const plain = (given) => (isObject(given) ? members(given) : given);

/**
 * A copy of the constructor's argument with callbacks under their original names, so that later changes of the object
 * have no effect. Anything but an object is returned for the validator, and is nothing whose properties would run code.
 * @param {any} options
 */
export function originalNames(options) {
  if (typeof options === "function") return () => {};
  let place = "the argument of MqttCustom";
  try {
    if (!isObject(options)) return options;
    /** @type {Record<string, unknown>} */
    const copy = { __proto__: null };
    for (const [key, value] of Object.entries(members(options))) copy[original.get(key) ?? key] = value;
    /** @type {any} */
    const { credentials } = copy;
    place = "credentials";
    // What a function gives may be of a class, too.
    copy.credentials =
      typeof credentials === "function"
        ? async (/** @type {any[]} */ ...all) => plain(await credentials(...all))
        : plain(credentials);
    return copy;
  } catch (thrown) {
    throw unreadable(place, thrown);
  }
}

/** Defines the camelCase spelling of each of these members that the object has. @param {object} owner @param {string[]} names */
export function addCamelCase(owner, names) {
  for (const name of names) {
    const member = Object.getOwnPropertyDescriptor(owner, name);
    if (member !== undefined) Object.defineProperty(owner, camelCase(name), member);
  }
}
