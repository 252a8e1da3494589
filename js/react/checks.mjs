// What is wrong with the arguments of a component or a hook is thrown where it is rendered, so that an error boundary gets it.

/** @param {unknown} value */
const kind = (value) => (value === null ? "null" : Array.isArray(value) ? "an array" : `a ${typeof value}`);

/** @param {string} text */
const wrong = (text) => Object.assign(new TypeError(text), { code: "INVALID_OPTION" });

/** @param {string} name @param {unknown} given */
export function checkOptions(name, given) {
  if (given == null || (typeof given === "object" && !Array.isArray(given))) return;
  throw wrong(`${name} must be an object; ${kind(given)} was given`);
}

/** @param {any} client */
export function checkClient(client) {
  if (typeof client?.addHandler === "function") return;
  const given =
    typeof client === "object" && client !== null ? "an object without addHandler()" : kind(client);
  throw wrong(
    `the client of <MqttProvider> must be a MqttCustom; ${given} was given; render the provider when the client is there`,
  );
}

/** @param {unknown} limit */
export function checkLimit(limit) {
  if (limit === undefined || limit === Number.POSITIVE_INFINITY) return;
  if (typeof limit === "number" && Number.isInteger(limit) && limit >= 0) return;
  const given = typeof limit === "number" ? limit : kind(limit);
  throw wrong(`limit of useMessages() must be a whole number from 0, or Infinity; ${given} was given`);
}
