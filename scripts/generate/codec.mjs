// From schema/properties.json and schema/reason-codes.json to the codec: the enum and the table of MQTT 5's properties,
// the constants and names of reason codes, and which of them each packet of a server may carry.

import { Failure } from "../run.mjs";

const WIDTH = 110;

/** Types of properties: the name in Rust, and the largest number where it is one. */
const TYPES = {
  byte: ["Byte", 1],
  twoByteInteger: ["TwoByteInteger", 65_535],
  fourByteInteger: ["FourByteInteger", 4_294_967_295],
  variableByteInteger: ["VariableByteInteger", 268_435_455],
  string: ["Utf8String"],
  binary: ["BinaryData"],
  stringPair: ["Utf8StringPair"],
};

/** Packets, and the place of the Rust table that stands for them. */
const PLACES = {
  CONNECT: ["Connect"],
  CONNACK: ["ConnAck"],
  "PUBLISH to the server": ["Publish"],
  "PUBLISH from the server": ["ReceivedPublish"],
  "Will Properties": ["Will"],
  PUBACK: ["Ack"],
  PUBREC: ["Ack"],
  PUBREL: ["Ack"],
  PUBCOMP: ["Ack"],
  SUBACK: ["Ack"],
  UNSUBACK: ["Ack"],
  SUBSCRIBE: ["Subscribe"],
  UNSUBSCRIBE: ["Unsubscribe"],
  "DISCONNECT to the server": ["Disconnect"],
  "DISCONNECT from the server": ["ReceivedDisconnect"],
  AUTH: ["Auth", "AuthAnswer"],
};
const ACKS = Object.keys(PLACES).filter((packet) => PLACES[packet][0] === "Ack");

/** Packets of a server that carry reason codes, with the section that lists them. */
const REASONED = {
  CONNACK: "3.2.2.2",
  PUBACK: "3.4.2.1",
  PUBREC: "3.5.2.1",
  PUBREL: "3.6.2.1",
  PUBCOMP: "3.7.2.1",
  SUBACK: "3.9.3",
  UNSUBACK: "3.11.3",
  "DISCONNECT from the server": "3.14.2.1",
  "AUTH from the server": "3.15.2.1",
};
const REASONED_TO_SERVER = ["DISCONNECT to the server", "AUTH to the server"];

export function outputs({ properties, reasonCodes }) {
  checkProperties(properties);
  checkReasonCodes(reasonCodes);
  const table = (section, text) => ({ path: "src/codec/properties/table.rs", section, text });
  const reasons = (section, text) => ({ path: "src/codec/reason_code.rs", section, text });
  return [
    table("properties", properties.map(variant).join("")),
    table("table", properties.map(row).join("")),
    table(
      "repeatable",
      properties
        .filter(({ repeatable }) => repeatable)
        .map(arm)
        .join(""),
    ),
    reasons("reason-codes", reasonCodes.map(constant).join("\n")),
    reasons("names", names(reasonCodes)),
    reasons(
      "packets",
      Object.keys(REASONED)
        .map((packet) => allowed(packet, reasonCodes))
        .join(""),
    ),
  ];
}

function checkProperties(properties) {
  const fail = (name, why) => {
    throw new Failure(`schema/properties.json: ${name}: ${why}.`);
  };
  for (const { name, identifier, type, range, packets, repeatable = [], doc } of properties) {
    if (!(identifier >= 1 && identifier < 64)) {
      fail(name, `"identifier" must be 1 to 63, one bit each in a check for duplicates; it is ${identifier}`);
    }
    if (!(type in TYPES)) fail(name, `"type" must be one of ${Object.keys(TYPES).join(", ")}; it is ${type}`);
    const [, max] = TYPES[type];
    if (max === undefined ? range : !([0, 1].includes(range?.[0]) && range[1] === max)) {
      fail(
        name,
        `"range" of a ${type} must be ${max === undefined ? "absent" : `[0, ${max}] or [1, ${max}]`}`,
      );
    }
    for (const packet of [...packets, ...repeatable]) {
      if (!(packet in PLACES))
        fail(name, `"${packet}" is no packet; there are ${Object.keys(PLACES).join(", ")}`);
    }
    if (![0, ACKS.length].includes(ACKS.filter((packet) => packets.includes(packet)).length)) {
      fail(name, `"packets" must have all of ${ACKS.join(", ")} or none: they are one place in the table`);
    }
    if (!doc) fail(name, '"doc" is missing');
  }
}

function checkReasonCodes(reasonCodes) {
  const known = [...Object.keys(REASONED), ...REASONED_TO_SERVER];
  const fail = (name, why) => {
    throw new Failure(`schema/reason-codes.json: ${name}: ${why}.`);
  };
  for (const { value, name, packets, doc } of reasonCodes) {
    if (!(value >= 0 && value < 256)) fail(name, `"value" must be 0 to 255; it is ${value}`);
    for (const packet of packets) {
      if (!known.includes(packet))
        fail(name, `"${packet}" carries no reason code; there are ${known.join(", ")}`);
    }
    if (!doc) fail(name, '"doc" is missing');
  }
}

/** Lines of a doc comment that stands behind `indent` spaces. */
function docComment(text, indent) {
  const lines = [""];
  for (const word of text.split(" ")) {
    if (lines.at(-1).length + 1 + word.length > WIDTH - indent - 4) lines.push("");
    lines[lines.length - 1] += ` ${word}`;
  }
  return lines.map((line) => `///${line}\n`).join("");
}

const pascal = (name) => name.replaceAll(" ", "");

function variant({ name, identifier, doc }) {
  return `${docComment(doc, 4)}${pascal(name)} = ${identifier},\n`;
}

const places = (packets) => [...new Set(packets.flatMap((packet) => PLACES[packet]))];

function row({ name, javascript, type, range, packets }) {
  const where = places(packets);
  const all = new Set(Object.values(PLACES).flat()).size;
  const mask = where.length === all ? "ALL" : `&[${where.join(", ")}]`;
  const nonzero = range?.[0] === 1;
  return `row(Property::${pascal(name)}, ValueType::${TYPES[type][0]}, ${nonzero}, ${mask}, "${javascript}"),\n`;
}

function arm({ name, packets, repeatable }) {
  const where = places(repeatable);
  const everywhere = where.length === places(packets).length;
  const pattern = everywhere ? "_" : where.map((place) => `Place::${place}`).join(" | ");
  return `(Property::${pascal(name)}, ${pattern}) => true,\n`;
}

const hex = (value) => `0x${value.toString(16).padStart(2, "0")}`;

const upper = (name) => name.toUpperCase().replace(/[^A-Z0-9]+/g, "_");

function constant({ value, name, doc }) {
  return `${docComment(`${name}: ${doc[0].toLowerCase()}${doc.slice(1)}`, 4)}pub const ${upper(name)}: ReasonCode = ReasonCode(${hex(value)});\n`;
}

/** A line for each value: the value as a byte, then the first of its names. */
function names(reasonCodes) {
  const first = new Map(reasonCodes.toReversed().map(({ value, name }) => [value, name]));
  const sorted = [...first].sort(([a], [b]) => a - b);
  const line = ([value, name]) => `\\x${hex(value).slice(2)}${lower(name)}\\n\\\n`;
  return `const NAMES: &[u8] = b"\\\n${sorted.map(line).join("")}";\n`;
}

const lower = (name) => name.replace(/\w+/g, (word) => (word === "QoS" ? word : word.toLowerCase()));

function allowed(packet, reasonCodes) {
  const values = reasonCodes.filter(({ packets }) => packets.includes(packet)).map(({ value }) => value);
  const name = packet.split(" ")[0];
  const rows = [];
  for (let at = 0; at < values.length; at += 16) {
    rows.push(
      `    ${values
        .slice(at, at + 16)
        .map(hex)
        .join(", ")},\n`,
    );
  }
  return `/// ${name} (§${REASONED[packet]}).\npub const ${name}: &[u8] = &[\n${rows.join("")}];\n`;
}
