// What schema/errors.json says, checked. Owns no output.

import { Failure } from "../../run.mjs";

const FIELDS = ["code", "variant", "class", "engine", "where", "when", "do"];
const CLASSES = ["MqttError", "TypeError", "RangeError"];

/**
 * Codes with all fields: `class`, `variant` of the Rust enum, `engine` (whether it is the engine that says so), `where`
 * (undefined: everywhere), and the two sentences.
 */
export function codes(schema) {
  return schema.errors.codes.map((entry) => {
    const fail = (why) => {
      throw new Failure(`schema/errors.json: ${entry.code}: ${why}.`);
    };
    const unknown = Object.keys(entry).find((field) => !FIELDS.includes(field));
    if (unknown) fail(`"${unknown}" is not known; there are ${FIELDS.join(", ")}`);
    if (!/^[A-Z_]+$/.test(entry.code)) fail('"code" must be capital letters and "_"');
    if (entry.class && !CLASSES.includes(entry.class)) fail(`"class" must be one of ${CLASSES.join(", ")}`);
    for (const field of ["when", "do"]) if (!entry[field]) fail(`"${field}" is missing`);
    return { class: "MqttError", engine: true, variant: pascal(entry.code), ...entry };
  });
}

const pascal = (code) => code.toLowerCase().replace(/(?:^|_)(.)/g, (_all, letter) => letter.toUpperCase());

/** Codes of wrong arguments, which are no MqttError. */
export const isArgument = (entry) => entry.class !== "MqttError";
