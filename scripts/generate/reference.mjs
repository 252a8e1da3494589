// docs/reference/: the tables of everything that has a name, for people who look something up.

import { allEntries, defaultOf, entries, OBJECTS, placesOf, rangeOf, TYPES } from "./lib/options.mjs";
import { rangeOf as propertyRange, TYPES as PROPERTY_TYPES, checked } from "./lib/properties.mjs";
import { page, table } from "./lib/text.mjs";

export function outputs(schema) {
  return [
    { path: "docs/reference/options.md", text: options(schema) },
    { path: "docs/reference/properties.md", text: properties(schema) },
    { path: "docs/reference/reason-codes.md", text: reasonCodes(schema) },
  ];
}

function options(schema) {
  const all = entries(schema);
  const groups = Object.entries(schema.options.groups).map(([group, title]) => {
    const rows = all.filter((entry) => entry.group === group).map(optionRow);
    return `## ${title}\n\n${optionTable(rows)}\n`;
  });
  const objects = OBJECTS.map((list) => {
    const { doc } = all.find(({ key }) => key === list);
    return `## Keys of ${list}\n\n${doc}\n\n${optionTable(entries(schema, list).map(optionRow))}\n`;
  });
  const first = allEntries(schema)
    .filter(({ firstAnswer }) => firstAnswer)
    .map(({ key }) => `\`${key}\``);
  return page(
    "Options",
    "options",
    `The keys of \`credentials\`. \`undefined\` and \`null\` mean the default. Seconds may have fractions. A string has at most
65,535 bytes. A wrong key, type or value is a \`TypeError\` or \`RangeError\` that names the key, what was given and what is
allowed. "WASI" in the column "where" means the record \`credentials\` of [the component](../wasi.md); an empty cell means
everywhere.

When \`credentials\` is a [function](../signing-in.md), each answer replaces the one before, but these keep the value of the
first answer: ${first.join(", ")}.

${[...groups, ...objects].join("\n")}`,
    "settings, configuration, parameters, keep alive timeout, large payload, largest packet, defaults",
  );
}

const optionTable = (rows) => table(["key", "meaning", "type", "range", "default", "where"], rows);

function optionRow(entry) {
  const { key, doc, mqtt5, cli } = entry;
  const flags = [cli ?? []]
    .flat()
    .filter(({ flag }) => flag)
    .map(({ flag, short }) => (short ? `\`--${flag}\`, \`-${short}\`` : `\`--${flag}\``));
  const meaning = flags.length > 0 ? `${doc} Command line: ${flags.join("; ")}.` : doc;
  const where = [placesOf(entry), mqtt5 && "MQTT 5"].filter(Boolean).join("; ");
  return [`\`${key}\``, meaning, typeName(entry), rangeOf(entry), defaultOf(entry), where].map(cell);
}

function typeName({ type, unit, values }) {
  if (values && type === "text") return values.map((value) => `\`"${value}"\``).join(", ");
  return type === "whole" && unit ? unit : TYPES[type].name;
}

const cell = (text) => text.replaceAll("|", "\\|");

function properties(schema) {
  const rows = schema.properties
    .map(checked)
    .map((property) => [
      String(property.identifier),
      `\`${property.javascript}\``,
      [
        property.doc,
        ...Object.entries(property.notes ?? {}).map(([packet, note]) => `In ${packet}: ${note}`),
      ].join(" "),
      PROPERTY_TYPES[property.javascriptType].name,
      propertyRange(property),
      property.packets.join(", "),
    ]);
  return page(
    "Properties",
    "properties",
    `The properties of MQTT 5 (Table 2-4), by the names that they have in objects of JavaScript, with the packets in which they
may appear. Sections (§) are those of MQTT 5.0. On the command line a property is \`-D PACKET NAME VALUE\`, see
[command line](../command-line.md).

${table(["identifier", "name", "meaning", "type", "range", "packets"], rows)}
`,
    "message expiry, user property, content type, response topic, topic alias",
  );
}

function reasonCodes(schema) {
  const rows = schema.reasonCodes.map(({ value, name, packets, doc }) => [
    String(value),
    `0x${value.toString(16).padStart(2, "0")}`,
    name,
    doc,
    packets.join(", "),
  ]);
  return page(
    "Reason codes",
    "reason-codes",
    `The reason codes of MQTT 5 (§2.4), with the packets in which they may appear. From 128 on they mean failure.

${table(["code", "hex", "name", "meaning", "packets"], rows)}
`,
    "what does the code mean, CONNACK, PUBACK, SUBACK, DISCONNECT",
  );
}
