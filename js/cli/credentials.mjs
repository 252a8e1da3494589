// Turns the values of options into `credentials`, and into the topics in mqtt:// URLs. Checks only what concerns the command
// line; values are checked by the validator of the package.

import { UsageError } from "./failure.mjs";
import { COMMANDS } from "./options.mjs";
import { propertiesOf } from "./properties.mjs";

/** `maxmqttreconnectdelay` of a command: shorter than the default, because a person may be waiting. */
const MAX_RECONNECT_DELAY = 10;
const URL_LIKE = /^[a-z][a-z0-9+.-]*:\/\//i;
const VERSIONS = /** @type {Record<string, any>} */ ({
  311: 4,
  "3.1.1": 4,
  mqttv311: 4,
  4: 4,
  5: 5,
  "5.0": 5,
  mqttv5: 5,
  auto: "auto",
});
const TLS_PORT = 8883;

/** @param {string} text */
export const isUrl = (text) => URL_LIKE.test(text);

/**
 * @param {import("./arguments.mjs").Values} values @param {string[]} urls @param {string} command
 * @returns {{ credentials: Record<string, any>, topics: string[], properties: Record<string, any> }}
 */
export function credentialsOf(values, urls, command) {
  const properties = propertiesOf(values.property, command);
  if (values["session-expiry-interval"] !== undefined) {
    properties.connect = {
      ...properties.connect,
      sessionExpiryInterval: values["session-expiry-interval"],
    };
  }
  if (values.pw !== undefined && values.username === undefined) {
    throw new UsageError("--pw needs --username");
  }
  if (values["disable-clean-session"] && values.id === undefined) {
    throw new UsageError("--disable-clean-session needs --id: the broker keeps a session by its client id");
  }
  const will = ["payload", "qos", "retain"].find((name) => values[`will-${name}`] !== undefined);
  if (values["will-topic"] === undefined && (will || properties.will)) {
    throw new UsageError(`${will ? `--will-${will}` : "-D will"} needs --will-topic`);
  }
  /** @type {Record<string, any>} */
  const credentials = {
    mqttversion: version(values, properties, command),
    maxmqttreconnectdelay: MAX_RECONNECT_DELAY,
  };
  for (const [name, { key, by }] of Object.entries(COMMANDS[command].options)) {
    if (key === undefined || by === "server" || by === "version") continue;
    const value = by === "negation" ? !values[name] : values[name];
    if (value !== undefined) put(credentials, key, value);
  }
  if (properties.connect) credentials.properties = properties.connect;
  if (properties.will) credentials.willProperties = properties.will;
  const topics = server(credentials, values, urls);
  return { credentials, topics, properties };
}

/** @param {import("./arguments.mjs").Values} values @param {object} properties @param {string} command */
function version(values, properties, command) {
  const given = values["protocol-version"];
  const needed =
    command === "request" ? "a request" : Object.keys(properties).length > 0 ? "a property" : undefined;
  if (given === undefined) return needed ? 5 : 4;
  const known = Object.hasOwn(VERSIONS, given) ? VERSIONS[given] : undefined;
  if (known === undefined) {
    throw new UsageError(`--protocol-version must be 3.1.1, 5 or auto; "${given}" was given`);
  }
  if (needed && known === 4) {
    throw new UsageError(`${needed} needs MQTT 5; leave --protocol-version ${given} out`);
  }
  return known;
}

/** Sets a key, or for "certs.ca" the key of an object. @param {Record<string, any>} credentials @param {string} key @param {any} value */
function put(credentials, key, value) {
  const [object, inner] = key.split(".");
  if (inner === undefined) credentials[key] = value;
  else credentials[object] = { ...credentials[object], [inner]: value };
}

/**
 * Sets the servers to connect to; returns the topics in their URLs. As in mosquitto's tools, a host name means MQTT over
 * TCP whatever the port is.
 * @param {Record<string, any>} credentials @param {import("./arguments.mjs").Values} values @param {string[]} urls
 */
function server(credentials, values, urls) {
  const given = [...(values.url ?? []), ...urls].map((url) => url.trim());
  if (given.length > 0 && values.host !== undefined) {
    throw new UsageError(
      `--host and the URL ${given[0].replace(/\/\/[\s\S]*@/, "//")} both name a server; give one`,
    );
  }
  if (given.length === 0 && !isUrl(values.host ?? "")) {
    credentials.mqttserver = values.host;
    credentials.mqttprotocol = credentials.certs || values.port === TLS_PORT ? "mqtts" : "mqtt";
    return [];
  }
  const topics = [];
  const servers = [];
  for (const url of given.length > 0 ? given : [values.host.trim()]) {
    const [, scheme, user, authority, path] = /** @type {string[]} */ (
      url.match(/^([^:]*:\/\/)(?:([^/?#]*)@)?([^/?#]*)(.*)$/) ?? []
    );
    if (scheme === undefined)
      throw new UsageError("the URL has a line end in it; give one such as mqtt://localhost");
    if (/\p{Cc}/u.test(url))
      throw new UsageError("the URL has a control character in it; give one such as mqtt://localhost");
    if (/%40|[\uff20\ufe6b]/i.test(authority))
      throw new UsageError(
        "the URL has %40 or a full-width @ before its host; write a plain @ there, as in mqtt://user:password@host",
      );
    // Half of a password would be taken for a host, and printed.
    if (user === undefined && path.includes("@") && /^[^[]*:/.test(authority))
      throw new UsageError(
        "the URL has an @ behind its host; write / ? # in a password as %2F %3F %23, and an @ in a topic as %40",
      );
    if (user !== undefined) logIn(credentials, user);
    const topic = /^mqtts?:/i.test(scheme) && path.length > 1;
    if (topic) topics.push(decoded(path.slice(1)));
    servers.push(topic ? scheme + authority : scheme + authority + path);
  }
  credentials.mqttserver = servers.length === 1 ? servers[0] : servers;
  return [...new Set(topics)];
}

/** User name and password of a URL; options take precedence. @param {Record<string, any>} credentials @param {string} user */
function logIn(credentials, user) {
  const colon = user.indexOf(":");
  credentials.mqttusername ??= decoded(colon < 0 ? user : user.slice(0, colon));
  if (colon >= 0) credentials.mqttpassword ??= decoded(user.slice(colon + 1));
}

/** @param {string} text */
function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new UsageError(
      "a % in the URL must be followed by two hexadecimal digits; write %25 for the character %",
    );
  }
}
