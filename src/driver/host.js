// Small things about objects and the host that are said shorter in JavaScript than in Rust.

/** A property; undefined if there is none or it cannot be read. @param {any} object @param {string | symbol} key */
export function get(object, key) {
  try {
    return object[key];
  } catch {
    return undefined;
  }
}

/** Of an object of ours, or a socket. @param {any} object @param {string} key @param {unknown} value */
export function set(object, key, value) {
  object[key] = value;
}

/** Whether this is a page or worker that came by a protocol. @param {string} protocol */
export function cameBy(protocol) {
  return globalThis.location?.protocol === protocol;
}

/** A store of "mqtt-lib/persistent", if that is imported. */
export function persistent() {
  return get(globalThis, Symbol.for("mqtt-lib.persistent"))?.();
}

/** Tells `ears` of the network from here on, or no longer. Node has no such events. @param {() => void} ears @param {boolean} on */
export function listen(ears, on) {
  const method = on ? "addEventListener" : "removeEventListener";
  for (const event of ["online", "offline"]) globalThis[method]?.(event, ears);
}

/** What in the credentials belongs to the client itself, not to the connection it makes. */
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

/** Credentials, as far as they do not belong to their client, and what a one-shot says itself. @param {object} base @param {object} over */
export function layOver(base, over) {
  return { ...base, ...OWN, ...over };
}

/** The options of a one-shot: what they lay over the credentials, and what they say of the message. @param {object} options */
export function divide(options) {
  const [over, message] = [{}, {}];
  for (const [key, value] of Object.entries(options ?? {})) {
    if (key === "hostname") set(over, "mqttserver", value);
    else if (key === "port") set(over, "mqttport", value);
    else set(/^(qos|retain|properties)$/.test(key) ? message : over, key, value);
  }
  return { over, message };
}
