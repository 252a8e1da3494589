// The table of names that have two spellings: snake_case as in the original library, and camelCase.

export const METHODS = ["batch_publish", "subscribe_topics", "publish_high_priority"];
export const CALLBACKS = ["on_connect", "on_disconnect", "on_message", "on_error", "on_auth"];

/** @param {string} name */
export const camelCase = (name) => name.replace(/_([a-z])/g, (_, letter) => letter.toUpperCase());

const original = new Map(CALLBACKS.map((name) => [camelCase(name), name]));

/**
 * A copy of the constructor's argument with callbacks under their original names, so that later changes of the object
 * have no effect. Anything but an object is returned as it is, for the validator.
 * @param {unknown} options
 */
export function originalNames(options) {
  if (typeof options !== "object" || options === null || Array.isArray(options)) return options;
  /** @type {Record<string, unknown>} */
  const copy = {};
  for (const [key, value] of Object.entries(options)) copy[original.get(key) ?? key] = value;
  const { credentials } = copy;
  if (typeof credentials === "object" && credentials !== null && !Array.isArray(credentials)) {
    copy.credentials = { ...credentials };
  }
  return copy;
}
