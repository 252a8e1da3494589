// The codecs `json`, `text` and `bytes`, each with an optional schema of the standard "Standard Schema", which zod, valibot and
// arktype implement. The schema describes what is on the wire: what is published is its input, what is received its output.

import { kind } from "../errors.mjs";
import { refused } from "./validation-error.mjs";

/** @typedef {{ "~standard": { validate: (value: unknown) => any } }} Schema */
/** @typedef {{ encode: (value: any) => any, decode: (payload: Uint8Array, message: any) => any, contentType?: string }} Codec */

const decoder = new TextDecoder("utf-8", { fatal: true });

/** Calls `next` with the value, now if it is there. @param {any} value @param {(value: any) => any} next @returns {any} */
export const whenThere = (value, next) =>
  typeof value?.then === "function" ? Promise.resolve(value).then(next) : next(value);

/** What the schema makes of a value, or a promise of it. @param {Schema} schema @param {unknown} value @returns {any} */
const validate = (schema, value) =>
  whenThere(schema["~standard"].validate(value), (result) => {
    if (result.issues !== undefined) throw refused(result.issues);
    return result.value;
  });

/** A codec, also callable with a schema for one that validates. @param {Codec} codec */
function callable(codec) {
  /** @param {Schema} [schema] @returns {Codec} */
  const withSchema = (schema) => {
    if (schema === undefined) return codec;
    if (typeof schema?.["~standard"]?.validate !== "function")
      throw Object.assign(
        new TypeError("a schema must be one of Standard Schema (zod, valibot, arktype, ...)"),
        { code: "INVALID_OPTION" },
      );
    return {
      ...codec,
      encode: (value) => whenThere(validate(schema, value), () => codec.encode(value)),
      decode: (payload, message) => validate(schema, codec.decode(payload, message)),
    };
  };
  return Object.assign(withSchema, codec);
}

export const json = callable({
  encode(value) {
    const text = JSON.stringify(value);
    if (text === undefined) throw new TypeError(`${kind(value)} is no JSON value`);
    return text;
  },
  decode: (payload) => JSON.parse(decoder.decode(payload)),
  contentType: "application/json",
});

export const text = callable({
  encode(value) {
    if (typeof value !== "string") throw new TypeError(`a text must be a string; ${kind(value)} was given`);
    return value;
  },
  decode: (payload) => decoder.decode(payload),
  contentType: "text/plain",
});

export const bytes = callable({
  encode(value) {
    if (!ArrayBuffer.isView(value) && !/ArrayBuffer/.test(Object.prototype.toString.call(value)))
      throw new TypeError(`bytes must be a Uint8Array or another buffer; ${kind(value)} was given`);
    return value;
  },
  decode: (payload) => payload,
  contentType: "application/octet-stream",
});
