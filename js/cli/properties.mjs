// Turns `-D COMMAND NAME VALUE`, properties of MQTT 5 by mosquitto's names, into the objects that the package expects.

import { guess } from "./arguments.mjs";
import { UsageError } from "./failure.mjs";
import { PROPERTIES } from "./schema.mjs";

const USER = "user-property";

/**
 * @typedef {Record<string, any>} Properties
 * @param {string[][]} given what followed each -D
 * @param {string} command of mqtt-lib
 * @returns {Record<string, Properties | undefined>} by packet
 */
export function propertiesOf(given, command) {
  /** @type {Record<string, Properties | undefined>} */
  const result = {};
  const packets = ["connect", "will", "disconnect", command === "sub" ? "subscribe" : "publish"];
  for (const [packet, name, ...values] of given) {
    if (!packets.includes(packet)) {
      throw new UsageError(
        `-D of mqtt-lib ${command} must be followed by ${packets.join(", ")}; "${packet}" was given`,
      );
    }
    if (name === undefined) throw new UsageError(`-D ${packet} needs a property and its value`);
    const known = PROPERTIES[packet];
    if (!Object.hasOwn(known, name)) {
      const names = Object.keys(known);
      const advice = guess(name, names) ?? `the properties are: ${names.join(", ")}`;
      throw new UsageError(`-D ${packet} has no property "${name}"; ${advice}`);
    }
    if (values.length < (name === USER ? 2 : 1)) {
      throw new UsageError(`-D ${packet} ${name} needs ${name === USER ? "a name and a value" : "a value"}`);
    }
    const properties = result[packet] ?? {};
    result[packet] = properties;
    if (name === USER) addUser(properties, values);
    else properties[known[name].key] = converted(`-D ${packet} ${name}`, known[name].type, values[0]);
  }
  return result;
}

/** @param {Properties} properties @param {string[]} pair */
function addUser(properties, [name, value]) {
  // Without a prototype, so that any name is possible.
  properties.userProperties ??= Object.create(null);
  const user = properties.userProperties;
  user[name] = name in user ? [user[name], value].flat() : value;
}

/** @param {string} option @param {string} type @param {string} text */
function converted(option, type, text) {
  if (type === "boolean") {
    if (/^(0|1|true|false)$/.test(text)) return text === "1" || text === "true";
    throw new UsageError(`${option} must be 0 or 1; "${text}" was given`);
  }
  if (type !== "number") return text;
  if (/^\d+$/.test(text)) return Number(text);
  throw new UsageError(`${option} must be a whole number; "${text}" was given`);
}
