// How Node's console shows an error of this package. Its cause is what the application threw, often with text that anybody may
// have published, as `JSON.parse` quotes it: what a terminal would obey is shown, not obeyed. Owns that form, no sentence.

import { inspect } from "node:util";
import { MqttError } from "../errors.mjs";
import { printableText } from "./printable.mjs";

/** @this {MqttError} @param {number} depth @param {import("node:util").InspectOptions} options */
function show(depth, options) {
  if (depth < 0) return `[${this.name}]`;
  return printableText(inspect(this, { ...options, depth, colors: false, customInspect: false }));
}

export function showErrors() {
  Object.defineProperty(MqttError.prototype, inspect.custom, { value: show });
}
