// js/mqttjs/properties.mjs: the table of MQTT 5's properties for what reads and writes packets in JavaScript,
// mqtt-lib/mqttjs and mqtt-lib/tabs.

import { Failure } from "../run.mjs";
import { checked } from "./lib/properties.mjs";

/** Types of the schema, and how the table calls them. A byte is a flag where users see a boolean. */
const KINDS = {
  byte: "byte",
  twoByteInteger: "u16",
  fourByteInteger: "u32",
  variableByteInteger: "varint",
  string: "text",
  binary: "bytes",
  stringPair: "pair",
};

export function outputs({ properties }) {
  const text = properties.map(checked).map(row).join("");
  return [{ path: "js/mqttjs/properties.mjs", section: "properties", text }];
}

function row({ name, identifier, javascript, javascriptType, type }) {
  const kind = type === "byte" && javascriptType === "boolean" ? "flag" : KINDS[type];
  if (!kind) {
    throw new Failure(
      `schema/properties.json: ${name}: "type" must be one of ${Object.keys(KINDS).join(", ")}; it is ${type}.`,
    );
  }
  return `${identifier}: ["${javascript}", "${kind}"],\n`;
}
