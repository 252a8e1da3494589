// What schema/properties.json says of a property to those who are not the codec: names, types, documentation. Owns no
// output. The codec's own emitter checks identifiers, types and packets.

import { Failure } from "../../run.mjs";

/** Lists of properties that the package knows, and the packet whose properties they are. */
export const PACKETS = {
  connect: "CONNECT",
  publish: "PUBLISH to the server",
  will: "Will Properties",
  subscribe: "SUBSCRIBE",
  disconnect: "DISCONNECT to the server",
};

/** What users see of a value: its type in TypeScript, where it is given and where it is received, and in a table. */
export const TYPES = {
  boolean: { given: "boolean", received: "boolean", name: "boolean" },
  number: { given: "number", received: "number", name: "number" },
  string: { given: "string", received: "string", name: "string" },
  bytes: { given: "Bytes | string", received: "Bytes", name: "bytes" },
  strings: { given: "UserProperties", received: "UserProperties", name: "names and values" },
};

/** Properties that may appear in a packet. */
export function propertiesOf(schema, packet) {
  return schema.properties.filter((property) => property.packets.includes(packet)).map(checked);
}

export function checked(property) {
  const fail = (why) => {
    throw new Failure(`schema/properties.json: ${property.name}: ${why}.`);
  };
  if (!/^[a-z]\w+$/i.test(property.javascript)) fail('"javascript" must be a name in camelCase');
  if (!(property.javascriptType in TYPES)) {
    fail(`"javascriptType" must be one of ${Object.keys(TYPES).join(", ")}`);
  }
  const unknown = Object.keys(property.notes ?? {}).find((packet) => !property.packets.includes(packet));
  if (unknown) fail(`"notes" has "${unknown}", which is not in "packets"`);
  return property;
}

/** As mosquitto's tools write it: "Topic Alias Maximum" is `topic-alias-maximum`. */
export const flagOf = ({ name }) => name.toLowerCase().replaceAll(" ", "-");

/** Names in snake_case, as Rust and WIT have them. */
export const snake = ({ javascript }) =>
  javascript.replace("QoS", "Qos").replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** The range of a number; empty for all other values. */
export const rangeOf = ({ javascriptType, range }) =>
  javascriptType === "number" && range ? `${range[0]} to ${range[1]}` : "";
