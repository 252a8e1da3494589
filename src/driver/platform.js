// Small functions about objects and the platform that are shorter in JavaScript than in Rust.

/** A property; undefined if there is none or it cannot be read. @param {any} object @param {string | symbol} key */
export function get(object, key) {
  try {
    return object?.[key];
  } catch {
    return undefined;
  }
}

/** Sets a property of an object of ours, or of a socket. @param {any} object @param {string} key @param {unknown} value */
export function set(object, key, value) {
  object[key] = value;
}

/** Prints a warning; whatever the console makes of `detail` is none of ours. @param {string} text @param {unknown} detail */
export function warn(text, detail) {
  try {
    console.warn(text, detail);
  } catch {
    // A getter of what was thrown, perhaps.
  }
}

/** Whether this is a page or worker that was loaded by a protocol. @param {string} protocol */
export function isLoadedBy(protocol) {
  return globalThis.location?.protocol === protocol;
}

/** A store of "mqtt-lib/persistent", if that is imported. */
export function persistent() {
  return get(globalThis, Symbol.for("mqtt-lib.persistent"))?.();
}

/** Adds or removes a listener to events of the page. Node has no such events. @param {() => void} listener @param {boolean} on */
export function listen(listener, on) {
  const method = on ? "addEventListener" : "removeEventListener";
  for (const event of ["online", "offline", "pagehide", "pageshow"]) globalThis[method]?.(event, listener);
}

/** Options in the credentials that belong to the client itself, not to the connection it makes. */
const OWN = {
  mqttclientid: undefined,
  mqttcleansession: undefined,
  willsettopic: undefined,
  willsetpayload: undefined,
  willsetqos: undefined,
  willsetretain: undefined,
  mqttkeepalive: undefined,
  store: undefined,
};

/** Credentials without the options that belong to their client, and with the options of a one-shot. @param {object} base @param {object} overrides */
export function layOver(base, overrides) {
  return { ...base, ...OWN, ...overrides };
}

/** The options of a one-shot that are given: those that override credentials, and those of the message. @param {object} options */
export function divide(options) {
  const [overrides, message] = [{}, {}];
  for (const [key, value] of Object.entries(options ?? {})) {
    if (value === undefined) continue;
    if (key === "hostname") set(overrides, "mqttserver", value);
    else if (key === "port") set(overrides, "mqttport", value);
    else set(/^(qos|retain|properties)$/.test(key) ? message : overrides, key, value);
  }
  return { overrides, message };
}
