// The fast path of publishing: calls into WebAssembly that carry numbers only. Topics are interned, payloads go through one
// buffer. Other types, large payloads and everything that is wrong take the general path, which also makes the errors.

import { forget_topics, intern, scratch } from "../pkg/mqtt_lib.js";
import { onGrown } from "./emulated.mjs";
import { memoryBytes, onBegin } from "./runtime.mjs";

/** A flag of `fastPath.publish`, beside QoS and retain: as `qpublish`. */
export const QUEUE = 8;

// ---- topics

const MAX_TOPICS = 16_384;
/** Half of a surrogate pair. Bundlers make it anew for each use where it is not a constant. */
const HALF = /\p{Surrogate}/u;
/** @type {Map<string, number>} */
const topics = new Map();

/** The number of a topic name; -1 if it is not a valid one. @param {unknown} topic */
export function topicNumber(topic) {
  if (typeof topic !== "string") return -1;
  return topics.get(topic) ?? newTopic(topic);
}

/** @param {string} topic */
function newTopic(topic) {
  if (topics.size >= MAX_TOPICS) {
    topics.clear();
    forget_topics();
  }
  // Half a surrogate pair would become another character: the general path says so. Long topics would fill the memory.
  const number = topic.length > 1024 || HALF.test(topic) ? -1 : intern(topic);
  if (number >= 0) topics.set(topic, number);
  return number;
}

// ---- payloads and options of what is published

/** QoS and retain as flags; -1 if the core must check the options. @param {any} options */
export function publishFlags(options) {
  if (options === undefined || options === null) return 0;
  try {
    if (typeof options !== "object" || Array.isArray(options)) return -1;
    const keys = Object.keys(options);
    // A Map has none, and is no options.
    if (keys.length === 0) return -1;
    for (const key of keys) {
      if (key === "qos" || key === "retain") continue;
      if (key !== "properties" || options.properties !== undefined) return -1;
    }
    const { qos = 0, retain = false } = options;
    if (qos !== 0 && qos !== 1 && qos !== 2) return -1;
    return retain === false ? qos : retain === true ? qos + 4 : -1;
  } catch {
    return -1;
  }
}

/** An item of a batch as JSON text; undefined if it has none, which the core rejects. @param {unknown} item */
export function jsonText(item) {
  try {
    if (item instanceof ArrayBuffer || ArrayBuffer.isView(item)) return undefined;
    return JSON.stringify(item);
  } catch {
    return undefined;
  }
}

/** Larger payloads take the general path, which keeps no large buffer afterwards; the core keeps one for packets up to 1 MiB. */
const MAX_BUFFERED = 1e6;
/** For strings up to this length a loop is faster than the encoder, whose calls cost four times as much in a browser. */
const SHORT = /** @type {any} */ (globalThis).process?.versions?.node ? 20 : 96;
const encoder = new TextEncoder();
/** The payload buffer in the memory of the core; one view for all payloads, because making it costs as much as encoding one. */
let buffer = new Uint8Array(0);

/** @param {number} length */
function reserve(length) {
  // Also after the memory has grown, because then the view is empty.
  if (length >= buffer.length) {
    const size = Math.max(4096, length + 1);
    const address = scratch(size);
    buffer = memoryBytes().subarray(address, address + size);
  }
  return buffer;
}

/** Copies a payload into the buffer; returns its length there, or -1 if it needs the general path. @param {unknown} payload */
export function writePayload(payload) {
  return typeof payload === "string" ? writeText(payload) : writeBytes(payload);
}

/** The length of an array as it is, whatever the array says: bytes behind its end would be those of other payloads. */
export const lengthOf = /** @type {{ call: (array: Uint8Array) => number }} */ (
  Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), "length")?.get
);

/** @param {unknown} payload */
function writeBytes(payload) {
  try {
    if (payload instanceof Uint8Array) {
      const length = lengthOf.call(payload);
      if (length > MAX_BUFFERED) return -1;
      reserve(length).set(payload);
      return length;
    }
  } catch {
    // A buffer that was transferred, or a proxy.
  }
  return -1;
}

/** @param {string} text */
function writeText(text) {
  const { length } = text;
  if (length > MAX_BUFFERED / 3) return -1;
  const bytes = reserve(length * 3);
  if (length <= SHORT) {
    let i = 0;
    for (; i < length; i++) {
      const unit = text.charCodeAt(i);
      if (unit > 127) break;
      bytes[i] = unit;
    }
    if (i === length) return length;
  }
  return encoder.encodeInto(text, bytes).written;
}

// Topics and the buffer are those of one instance.
onBegin(() => {
  topics.clear();
  buffer = new Uint8Array(0);
});
onGrown(() => {
  buffer = new Uint8Array(0);
});
