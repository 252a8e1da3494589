// The WASI edge: the records `credentials` and `properties` and the list of codes in wit/mqtt-lib.wit, how the component
// converts these records, how it lays one over another, and which keys of the command hold text.

import { codes } from "./lib/errors.mjs";
import { defaultOf, entries, OBJECTS, typeSentence } from "./lib/options.mjs";
import { checked, rangeOf, snake } from "./lib/properties.mjs";
import { either, lineComment } from "./lib/text.mjs";

/** Types in WIT, and the functions of wasi/component/src/credentials.rs that make values of them. */
const TYPES = {
  text: ["string", "text"],
  textOrBytes: ["list<u8>", "bytes"],
  textOrList: ["string", "text"],
  flag: ["bool", "flag"],
  whole: ["u32", "whole"],
  seconds: ["f64", "seconds"],
  version: ["protocol-version", "version"],
  properties: ["properties", "list"],
  content: ["list<u8>"],
  store: ["string", "object"],
};

/** Of options that are objects, and of what is in them. */
const OBJECT_TYPES = {
  certs: ["certificates", "object"],
  websocket: ["websocket-options", "object"],
  "websocket.headers": ["list<tuple<string, string>>"],
  "websocket.protocols": ["list<string>"],
};
const typesOf = ({ name, type }) => OBJECT_TYPES[name] ?? TYPES[type];

/** The packets of which an option has the properties. */
const PLACES = { properties: "Connect", willProperties: "Will" };

export function outputs(schema) {
  const options = entries(schema).filter(({ wit }) => wit);
  const properties = schema.properties.map(checked);
  const conversion = "wasi/component/src/properties.rs";
  return [
    { path: "wit/mqtt-lib.wit", section: "properties", text: properties.map(propertyField).join("") },
    { path: conversion, section: "given", text: properties.map(given).join("") },
    { path: conversion, section: "received", text: properties.map(received).join("") },
    { path: "wit/mqtt-lib.wit", section: "credentials", text: options.map(fields).join("") },
    ...OBJECTS.map((list) => ({
      path: "wit/mqtt-lib.wit",
      section: list,
      text: entries(schema, list)
        .filter(({ wit }) => wit)
        .map(fields)
        .join(""),
    })),
    { path: "wit/mqtt-lib.wit", section: "error-codes", text: codeList(schema) },
    { path: "wasi/component/src/credentials.rs", section: "values", text: options.map(value).join("") },
    { path: "wasi/component/src/asking.rs", section: "laid-over", text: options.map(laidOver).join("") },
    { path: "wasi/edge/src/typed.rs", section: "text", text: textKeys(schema) },
  ];
}

function fields(entry) {
  const { key, wit } = entry;
  const parts = [wit.doc ?? entry.doc, typeSentence(entry), `Default: ${wit.default ?? defaultOf(entry)}.`];
  const list = wit.list ? field(wit.list.field, "list<string>", wit.list.doc) : "";
  return field(kebabName(key), typesOf(entry)[0], parts.filter(Boolean).join(" ")) + list;
}

const field = (name, type, doc) => `${lineComment("///", kebab(doc), 8)}\n${name}: option<${type}>,\n`;

const kebabName = (key) => key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
const rustName = (key) => kebabName(key).replaceAll("-", "_");

/** Methods have other names in WIT: `batch_publish` is `batch-publish`. */
const kebab = (doc) => doc.replace(/`[a-z]+(_[a-z]+)+`/g, (name) => name.replaceAll("_", "-"));

function codeList(schema) {
  const names = codes(schema)
    .filter(({ engine, where }) => engine && (!where || where.includes("wasi")))
    .map(({ code }) => `\`${code}\``);
  return `${lineComment("///", `What programs compare, as in JavaScript: ${either(names)}.`, 8)}\n`;
}

function value(entry) {
  const { key, type, wit } = entry;
  if (["object", "store"].includes(type)) return `("${key}", object(&given.${key})),\n`;
  const place = key in PLACES ? `, Place::${PLACES[key]}` : "";
  const given = wit.list
    ? `text_or_list(given.${key}, given.${wit.list.field})`
    : `${TYPES[type][1]}(given.${rustName(key)}${place})`;
  return `("${key}", ${given}${place && "?"}),\n`;
}

/** What is given takes the place of what was given before. What has two fields is laid over by hand. */
function laidOver({ key, wit }) {
  const name = rustName(key);
  return wit.list ? "" : `${name}: over.${name}.or(base.${name}),\n`;
}

function textKeys(schema) {
  const keys = entries(schema).filter(({ type }) => type.startsWith("text"));
  return `const TEXT: [&str; ${keys.length}] = [\n${keys.map(({ key }) => `    "${key}",\n`).join("")}];\n`;
}

/** Types of properties: in WIT, and the methods of wasi/component/src/properties.rs for both directions. */
const PROPERTY_TYPES = {
  boolean: { wit: "bool", method: "flag" },
  number: { wit: "u32", method: "number" },
  string: { wit: "string", method: "text", reference: "&" },
  bytes: { wit: "list<u8>", method: "bytes", reference: "&" },
  strings: { wit: "list<tuple<string, string>>", method: "pairs", reference: "&" },
  numbers: { wit: "list<u32>", method: "numbers", reference: "&" },
};

const variant = ({ name }) => `Property::${name.replaceAll(" ", "")}`;

/** A number that may be repeated is a list. */
const kindOf = ({ javascriptType, repeatable }) =>
  PROPERTY_TYPES[javascriptType === "number" && repeatable ? "numbers" : javascriptType];

function propertyField(property) {
  const range = rangeOf(property);
  const doc = [property.doc, range && `${range}.`, `In ${packetsOf(property)}.`].filter(Boolean).join(" ");
  return field(snake(property).replaceAll("_", "-"), kindOf(property).wit, doc);
}

/** "CONNECT, CONNACK and AUTH" */
function packetsOf({ packets }) {
  if (packets.length > 12) return "every packet that has properties";
  const names = packets.map((packet) => packet.replace(/ (to|from) the server$/, ""));
  return either([...new Set(names)], "and").replace("Will Properties", "the will");
}

function given(property) {
  const { method, reference = "" } = kindOf(property);
  return `list.${method}(${variant(property)}, ${reference}given.${snake(property)});\n`;
}

function received(property) {
  return `${snake(property)}: received.${kindOf(property).method}(${variant(property)}),\n`;
}
