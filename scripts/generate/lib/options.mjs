// What schema/options.json says, checked and put into words that several outputs share. Owns no output.

import { Failure } from "../../run.mjs";

/** Fields of an entry. `doc` is what users read; `rust`, `cli`, `page` and `wit` are for one output each. */
const FIELDS = {
  key: "string",
  group: "string",
  type: "string",
  unit: "string",
  min: "number",
  max: "number",
  values: "object",
  default: "any",
  defaultText: "string",
  ts: "string",
  mqtt5: "boolean",
  secret: "boolean",
  firstAnswer: "boolean",
  where: "object",
  doc: "string",
  rust: "object",
  cli: "object",
  page: "object",
  wit: "object",
};

/** Kinds of values: the variant of `Kind` in src/engine/keys.rs, the type in TypeScript, and its name in a table. */
export const TYPES = {
  text: { kind: "Text", ts: "string", name: "string" },
  textOrBytes: { kind: "TextOrBytes", ts: "string | ArrayBuffer | ArrayBufferView", name: "string or bytes" },
  textOrList: { kind: "TextOrList", ts: "string | readonly string[]", name: "string or array of strings" },
  flag: { kind: "Bool", ts: "boolean", name: "boolean" },
  whole: { kind: "Whole", ts: "number", name: "whole number", range: true },
  seconds: { kind: "Seconds", ts: "number", name: "seconds", range: true },
  store: { kind: "Store", ts: "Store", name: "`memory`, `persistent` or a store" },
  version: { kind: "Version", ts: "number", name: "4, 5 or `auto`" },
  properties: { kind: "Properties", ts: "object", name: "object" },
  object: { kind: "Object", ts: "object", name: "object" },
  function: { kind: "Function", ts: "(...all: never[]) => unknown", name: "function" },
  content: { kind: "Content", ts: "PemSource", name: "path, PEM text or bytes" },
};

const PLACES = { node: "Node", browser: "page", wasi: "WASI" };

/** The objects among the options: their keys are `certs.ca`, ... */
export const OBJECTS = ["certs", "websocket"];

/** The entries of `credentials`; `entries(schema, "certs")` those of an object in it. */
export function entries(schema, list = "credentials") {
  const { groups } = schema.options;
  return schema.options[list].map((entry) => {
    const problem = list === "credentials" ? problemOf(entry, groups) : problemOf({ group: "", ...entry });
    if (problem) throw new Failure(`schema/options.json: ${list}.${entry.key}: ${problem}.`);
    return { ...entry, name: list === "credentials" ? entry.key : `${list}.${entry.key}`, list };
  });
}

/** Of `credentials` and of the objects in it. */
export const allEntries = (schema) => ["credentials", ...OBJECTS].flatMap((list) => entries(schema, list));

function problemOf(entry, groups) {
  for (const [field, value] of Object.entries(entry)) {
    const type = FIELDS[field];
    if (type === undefined) return `"${field}" is not known; there are ${Object.keys(FIELDS).join(", ")}`;
    if (type !== "any" && typeof value !== type) return `"${field}" must be of type ${type}`;
  }
  for (const field of ["key", "type", "doc"]) if (!entry[field]) return `"${field}" is missing`;
  if (groups && !(entry.group in groups)) return `"group" must be one of ${Object.keys(groups).join(", ")}`;
  const type = TYPES[entry.type];
  if (!type) return `"type" must be one of ${Object.keys(TYPES).join(", ")}`;
  for (const field of ["min", "max"]) {
    if (field in entry !== Boolean(type.range)) return `"${field}" and the type "${entry.type}" do not agree`;
  }
  if (entry.default === null) return '"default" is left out where there is none';
  const place = entry.where?.find((word) => !(word in PLACES));
  if (place) return `"where" has "${place}"; there are ${Object.keys(PLACES).join(", ")}`;
  if (entry.wit && entry.where && !entry.where.includes("wasi"))
    return `"wit" and "where" do not agree: ${entry.where.join(", ")}`;
  return undefined;
}

/** "Node, page"; empty where it is everywhere. */
export function placesOf({ where = Object.keys(PLACES) }) {
  const all = where.length === Object.keys(PLACES).length;
  return all ? "" : where.map((place) => PLACES[place]).join(", ");
}

/** "1 to 65535" */
export const rangeOf = ({ min, max }) => (min === undefined ? "" : `${min} to ${max}`);

/** The default as a user writes it, in Markdown: `"localhost"`, 60, or words. */
export function defaultOf({ default: value, defaultText }) {
  if (defaultText !== undefined) return defaultText;
  if (value === undefined) return "none";
  return typeof value === "number" ? String(value) : `\`${JSON.stringify(value)}\``;
}

/** What a value must be, as a sentence; empty where the type itself says all. */
export function typeSentence(entry) {
  const range = `from ${entry.min} to ${entry.max}.`;
  if (entry.type === "seconds") return `Seconds ${range}`;
  if (entry.type === "whole") return `Whole number${entry.unit ? ` of ${entry.unit}` : ""} ${range}`;
  const free = entry.type.startsWith("text") && !entry.values && entry.list === "credentials";
  return free ? "At most 65,535 bytes." : "";
}

/** The sentence of options that a credentials function sets only once. */
export const FIRST_ANSWER = "The first answer of a credentials function counts.";

/** Type in TypeScript. */
export function tsType(entry) {
  return entry.ts ?? entry.values?.map((value) => JSON.stringify(value)).join(" | ") ?? TYPES[entry.type].ts;
}
