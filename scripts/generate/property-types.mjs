// js/types/properties.d.ts: the interfaces of MQTT 5 properties, one for each packet or group of packets.

import { propertiesOf, rangeOf, TYPES } from "./lib/properties.mjs";
import { jsdoc } from "./lib/text.mjs";

/**
 * Sections of the file, which are the members of an interface: the packet they belong to (of several, what may appear in
 * all of them), the section of the interface that it extends, and whether users give or receive them.
 */
const SECTIONS = [
  { section: "message-properties", packets: ["PUBLISH to the server", "Will Properties"], way: "given" },
  {
    section: "publish-properties",
    packets: ["PUBLISH to the server"],
    base: "message-properties",
    way: "given",
  },
  {
    section: "received-properties",
    packets: ["PUBLISH from the server"],
    base: "message-properties",
    way: "received",
  },
  { section: "will-properties", packets: ["Will Properties"], base: "message-properties", way: "given" },
  { section: "connect-properties", packets: ["CONNECT"], way: "given" },
  { section: "connack-properties", packets: ["CONNACK"], way: "received" },
  { section: "subscribe-properties", packets: ["SUBSCRIBE"], way: "given" },
  { section: "result-properties", packets: ["DISCONNECT from the server"], way: "received" },
  { section: "disconnect-properties", packets: ["DISCONNECT to the server"], way: "given" },
  { section: "auth-properties", packets: ["AUTH"], way: "given" },
];

export function outputs(schema) {
  return SECTIONS.map(({ section, packets, base, way }) => {
    const inherited = membersOf(schema, base);
    const own = membersOf(schema, section).filter((property) => {
      const same = inherited.find(({ javascript }) => javascript === property.javascript);
      return !same || typeOf(property, packets, way) !== typeOf(same, packets, wayOf(base));
    });
    return {
      path: "js/types/properties.d.ts",
      section,
      text: own.map((property) => member(property, packets, way)).join(""),
    };
  });
}

const find = (name) => SECTIONS.find(({ section }) => section === name);
const wayOf = (name) => find(name).way;

function membersOf(schema, name) {
  if (name === undefined) return [];
  const [first, ...others] = find(name).packets;
  return propertiesOf(schema, first).filter(({ packets }) =>
    others.every((packet) => packets.includes(packet)),
  );
}

function typeOf({ javascriptType, repeatable = [] }, packets, way) {
  const type = TYPES[javascriptType][way];
  const several = javascriptType === "number" && repeatable.includes(packets[0]) ? ` | ${type}[]` : "";
  // What is given may be null; what is received is there or is not.
  return `${type}${several}${way === "given" ? " | null" : ""} | undefined`;
}

function member(property, packets, way) {
  const range = way === "given" ? rangeOf(property) : "";
  const notes = packets.length === 1 ? property.notes?.[packets[0]] : undefined;
  const doc = [property.doc, range && `${range}.`, notes].filter(Boolean).join(" ");
  return `${jsdoc(doc, 2)}\n${property.javascript}?: ${typeOf(property, packets, way)};\n`;
}
