// The WASI edge: the records `credentials` and `properties` and the list of codes in wit/mqtt-lib.wit, how the component
// converts these records, and which keys of the command hold text.

import { codes } from "./lib/errors.mjs";
import { defaultOf, entries, typeSentence } from "./lib/options.mjs";
import { propertiesOf, rangeOf, snake } from "./lib/properties.mjs";
import { either, lineComment } from "./lib/text.mjs";

/** Types in WIT, and the functions of wasi/component/src/credentials.rs that make values of them. */
const TYPES = {
  text: ["string", "text"],
  textOrBytes: ["list<u8>", "bytes"],
  textOrList: ["string", "text"],
  flag: ["bool", "flag"],
  whole: ["u32", "whole"],
  seconds: ["f64", "seconds"],
  version: ["u32", "whole"],
};

export function outputs(schema) {
  const options = entries(schema).filter(({ wit }) => wit);
  // Those that a message has in both directions.
  const properties = propertiesOf(schema, "PUBLISH to the server").filter(({ packets }) =>
    packets.includes("Will Properties"),
  );
  const conversion = "wasi/component/src/properties.rs";
  return [
    { path: "wit/mqtt-lib.wit", section: "properties", text: properties.map(propertyField).join("") },
    { path: conversion, section: "given", text: properties.map(given).join("") },
    { path: conversion, section: "received", text: properties.map(received).join("") },
    { path: "wit/mqtt-lib.wit", section: "credentials", text: options.map(fields).join("") },
    { path: "wit/mqtt-lib.wit", section: "error-codes", text: codeList(schema) },
    { path: "wasi/component/src/credentials.rs", section: "values", text: options.map(value).join("") },
    { path: "wasi/command/src/arguments.rs", section: "text", text: textKeys(schema) },
  ];
}

function fields(entry) {
  const { key, type, wit } = entry;
  const parts = [wit.doc ?? entry.doc, typeSentence(entry), `Default: ${wit.default ?? defaultOf(entry)}.`];
  const list = wit.list ? field(wit.list.field, "list<string>", wit.list.doc) : "";
  return field(key, TYPES[type][0], parts.filter(Boolean).join(" ")) + list;
}

const field = (name, type, doc) => `${lineComment("///", kebab(doc), 8)}\n${name}: option<${type}>,\n`;

/** Methods have other names in WIT: `batch_publish` is `batch-publish`. */
const kebab = (doc) => doc.replace(/`[a-z]+(_[a-z]+)+`/g, (name) => name.replaceAll("_", "-"));

function codeList(schema) {
  const names = codes(schema)
    .filter(({ engine, where }) => engine && (!where || where.includes("wasi")))
    .map(({ code }) => `\`${code}\``);
  return `${lineComment("///", `What programs compare, as in JavaScript: ${either(names)}.`, 8)}\n`;
}

function value({ key, type, wit }) {
  const given = wit.list
    ? `text_or_list(given.${key}, given.${wit.list.field})`
    : `${TYPES[type][1]}(given.${key})`;
  return `("${key}", ${given}),\n`;
}

function textKeys(schema) {
  const keys = entries(schema).filter(({ type }) => type.startsWith("text"));
  return `const TEXT: [&str; ${keys.length}] = [\n${keys.map(({ key }) => `    "${key}",\n`).join("")}];\n`;
}

/** Types of properties: in WIT, the value given to the codec, and what makes a field of a received one. */
const PROPERTY_TYPES = {
  boolean: ["bool", "Value::Number(value.into())", (id) => `number(${id}).map(|flag| flag != 0)`],
  number: ["u32", "Value::Number(value)", (id) => `number(${id})`],
  string: ["string", "Value::Text(value)", (id) => `text(${id})`],
  bytes: ["list<u8>", "Value::Binary(value)", (id) => `bytes(${id})`],
  strings: ["list<tuple<string, string>>"],
};

const variant = ({ name }) => `Property::${name.replaceAll(" ", "")}`;

function propertyField(property) {
  const range = rangeOf(property);
  const doc = [property.doc, range && `${range}.`].filter(Boolean).join(" ");
  return field(snake(property).replaceAll("_", "-"), PROPERTY_TYPES[property.javascriptType][0], doc);
}

/** User properties are a list, and are converted by hand. */
function given(property) {
  const [, value] = PROPERTY_TYPES[property.javascriptType];
  if (value === undefined) return "";
  const reference = ["string", "bytes"].includes(property.javascriptType) ? "&" : "";
  return `if let Some(value) = ${reference}given.${snake(property)} {
    values.push((${variant(property)}, ${value}));
}
`;
}

function received(property) {
  const [, , value] = PROPERTY_TYPES[property.javascriptType];
  return value === undefined ? "" : `${snake(property)}: ${value(variant(property))},\n`;
}
