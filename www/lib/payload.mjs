// Formats a payload as text, JSON, or hexadecimal bytes; limited, because a payload can have 256 MiB.

import { plural } from "./format.mjs";

const strict = new TextDecoder("utf-8", { fatal: true });
const lenient = new TextDecoder();
/** Bytes used for one line of the list. */
const LINE = 240;
/** Bytes used for the detailed view. */
const WHOLE = 65_536;
/** Bytes of a hexadecimal dump. */
const DUMP = 4096;
const WIDTH = 16;
// Control characters that text does not contain: a payload with them is binary, even if it is valid UTF-8.
// biome-ignore lint/suspicious/noControlCharactersInRegex: searches for them
const CONTROL = /[\0-\x08\x0e-\x1f]/;

const hex = (byte) => byte.toString(16).padStart(2, "0");

/** The largest length up to `limit` that does not split a character. @param {Uint8Array} payload */
function boundary(payload, limit) {
  let end = limit;
  while (end > limit - 4 && (payload[end] & 0xc0) === 0x80) end--;
  return end;
}

/** The bytes as text; undefined if they are not text. @param {Uint8Array} payload */
export function textOf(payload, limit = WHOLE) {
  try {
    const text = strict.decode(
      payload.length > limit ? payload.subarray(0, boundary(payload, limit)) : payload,
    );
    return CONTROL.test(text) ? undefined : text;
  } catch {
    return undefined;
  }
}

const hexLine = (payload, limit) => [...payload.subarray(0, limit)].map(hex).join(" ");

/** One line. @param {Uint8Array} payload @param {"auto" | "text" | "hex"} as */
export function lineOf(payload, as) {
  if (payload.length === 0) return "";
  const text = as === "hex" ? undefined : textOf(payload, LINE);
  if (text !== undefined) return text.replaceAll(/\s+/g, " ");
  if (as === "text") return lenient.decode(payload.subarray(0, LINE));
  return hexLine(payload, LINE / 4);
}

/** The text that is searched. */
export const searchable = (payload) => lenient.decode(payload.subarray(0, WHOLE)).toLowerCase();

/** Indented JSON; undefined if it is not JSON. @param {Uint8Array} payload */
export function jsonOf(payload) {
  const text = textOf(payload);
  if (text === undefined || payload.length > WHOLE || !/^\s*[[{"\d\-tfn]/.test(text)) return undefined;
  try {
    return JSON.stringify(JSON.parse(text), undefined, 2);
  } catch {
    return undefined;
  }
}

/** Offsets, bytes and characters. @param {Uint8Array} payload */
export function dumpOf(payload) {
  const lines = [];
  for (let at = 0; at < Math.min(payload.length, DUMP); at += WIDTH) {
    const bytes = [...payload.subarray(at, at + WIDTH)];
    const text = bytes.map((byte) => (byte > 31 && byte < 127 ? String.fromCharCode(byte) : "·")).join("");
    lines.push(
      `${at.toString(16).padStart(6, "0")}  ${bytes
        .map(hex)
        .join(" ")
        .padEnd(WIDTH * 3)} ${text}`,
    );
  }
  if (payload.length > DUMP) lines.push(`… ${plural(payload.length - DUMP, "more byte")}`);
  return lines.join("\n");
}

/** Base64, up to the limit. @param {Uint8Array} payload */
export function base64Of(payload) {
  const text = btoa(Array.from(payload.subarray(0, WHOLE), (byte) => String.fromCharCode(byte)).join(""));
  return payload.length > WHOLE ? `${text}\n… ${plural(payload.length - WHOLE, "more byte")}` : text;
}

/** Text, up to the limit. @param {Uint8Array} payload */
export function wholeText(payload) {
  const text = lenient.decode(payload.subarray(0, WHOLE));
  return payload.length > WHOLE ? `${text}\n… ${plural(payload.length - WHOLE, "more byte")}` : text;
}

const NO_HEX = /[^0-9a-f]/i;

/** Parses "00 ff" or "00ff". @param {string} text */
export function bytesOf(text) {
  const digits = text.replaceAll(/\s+|0x/gi, "");
  if (digits.length % 2 === 1 || NO_HEX.test(digits)) {
    throw new TypeError(`a hexadecimal payload is pairs of 0-9 and a-f; "${text.slice(0, 40)}" was given`);
  }
  return Uint8Array.from({ length: digits.length / 2 }, (_, i) =>
    Number.parseInt(digits.slice(i * 2, i * 2 + 2), 16),
  );
}
