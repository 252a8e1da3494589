// Values of JavaScript as bytes and back: an argument crosses into the core once and whole, so that no code of the
// user's runs while it is validated, and Rust alone validates it. `argument_codec.rs` is the other half: a tag, the length
// of the content in four bytes, the content.

const UNDEFINED = 0;
const NULL = 1;
const FALSE = 2;
const TRUE = 3;
const NUMBER = 4;
const STRING = 5;
const BYTES = 6;
const ARRAY = 7;
const OBJECT = 8;
/** A value without content: a function, or an object that is not to be read. */
const OTHER = 9;

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true }); // U+FEFF is a character [MQTT-1.5.4-3]

class Writer {
  #bytes = new Uint8Array(256);
  #at = 0;

  /** @param {number} tag @param {Uint8Array} [content] what follows, until `end`, if it is not given */
  block(tag, content = new Uint8Array()) {
    const from = this.#at + 5;
    const bytes = this.#room(5 + content.length);
    bytes[this.#at] = tag;
    bytes.set(content, from);
    this.#at = from + content.length;
    this.end(from);
    return from;
  }

  /** The content that began at `from` is complete. @param {number} from */
  end(from) {
    new DataView(this.#bytes.buffer).setUint32(from - 4, this.#at - from, true);
  }

  /** @param {number} more */
  #room(more) {
    const enough = this.#at + more;
    if (enough > this.#bytes.length) {
      const larger = new Uint8Array(2 * enough);
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    return this.#bytes;
  }

  written() {
    return this.#bytes.subarray(0, this.#at);
  }
}

/** The kind of a value, for an error sentence. @param {unknown} value */
export function kind(value) {
  if (value === null || value === undefined) return `${value}`;
  const type = Array.isArray(value) ? "array" : typeof value;
  return /^[ao]/.test(type) ? `an ${type}` : `a ${type}`;
}

/** The bytes of any buffer source. @param {unknown} value */
function buffer(value) {
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  return value instanceof ArrayBuffer ? new Uint8Array(value) : undefined;
}

/** @param {Writer} out @param {any} value @param {number} depth @param {string} opaque */
function encode(out, value, depth, opaque) {
  if (value === undefined) return out.block(UNDEFINED);
  if (value === null) return out.block(NULL);
  if (typeof value === "boolean") return out.block(value ? TRUE : FALSE);
  if (typeof value === "number") return out.block(NUMBER, new Uint8Array(Float64Array.of(value).buffer));
  if (typeof value === "string") return out.block(STRING, encoder.encode(value));
  const bytes = buffer(value);
  if (bytes !== undefined) return out.block(BYTES, bytes);
  if (depth === 0 || typeof value !== "object") return out.block(OTHER, encoder.encode(kind(value)));
  const isArray = Array.isArray(value);
  const from = out.block(isArray ? ARRAY : OBJECT);
  for (const key of isArray ? value.keys() : Object.keys(value)) {
    if (!isArray) out.block(STRING, encoder.encode(`${key}`));
    encode(out, value[key], opaque.includes(`.${key}.`) ? 0 : depth - 1, opaque);
  }
  return out.end(from);
}

/** Objects and arrays `depth` levels deep, but not what stands under a key in `opaque`: ".agent.store.". @param {unknown} value @param {number} depth @param {string} opaque */
export function flatten(value, depth, opaque) {
  let out = new Writer();
  try {
    encode(out, value, depth, opaque);
  } catch (thrown) {
    // A getter or a proxy of the user's.
    out = new Writer();
    out.block(OTHER, encoder.encode(`what cannot be read (${thrown})`));
  }
  return out.written();
}

/** The entries that a store has when it is opened. @param {Iterable<[number, Uint8Array]> | undefined} opened */
export function entries(opened) {
  return flatten([...(opened ?? [])], 2, "");
}

/** The bytes of a payload that is no string; undefined if it is none. @param {unknown} value */
export function payload(value) {
  const type = typeof value;
  return type === "number" || type === "boolean" ? encoder.encode(`${value}`) : buffer(value);
}

/** An item of a batch as JSON, as it is now; throws what it is instead. @param {unknown} value */
export function json(value) {
  if (buffer(value) !== undefined) throw "bytes";
  let text;
  try {
    text = JSON.stringify(value);
  } catch (thrown) {
    const [why] = `${/** @type {any} */ (thrown)?.message}`.split("\n");
    throw `something JSON cannot say (${why.slice(0, 60)})`;
  }
  if (text === undefined) throw kind(value);
  return text;
}

/** @param {any} object @param {string} key @param {unknown} given */
function add(object, key, given) {
  const before = Object.hasOwn(object, key) ? object[key] : undefined;
  if (Array.isArray(before)) before.push(given);
  else {
    const value = before === undefined ? given : [before, given];
    // A name like any other may be "__proto__", which an assignment would take for something else.
    Object.defineProperty(object, key, { value, configurable: true, enumerable: true, writable: true });
  }
}

/** Reads what `argument_codec::Object` wrote: values under one name become an array, objects under one name one object. @param {Uint8Array} bytes @param {any} [object] */
export function inflate(bytes, object = {}) {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  let at = 0;
  const next = () => {
    const tag = bytes[at];
    const from = at + 5;
    at = from + view.getUint32(at + 1, true);
    const content = bytes.subarray(from, at);
    if (tag === OBJECT) return content;
    if (tag === NUMBER) return view.getFloat64(from, true);
    if (tag === STRING) return decoder.decode(content);
    return tag === BYTES ? content.slice() : tag === TRUE;
  };
  while (at < bytes.length) {
    const key = /** @type {string} */ (next());
    const isObject = bytes[at] === OBJECT;
    const value = next();
    if (isObject) object[key] = inflate(/** @type {Uint8Array} */ (value), object[key]);
    else add(object, key, value);
  }
  return object;
}

const CLASSES = [Error, TypeError, RangeError];

/**
 * @param {{ error?: Function } | undefined} hooks
 * @param {number} type of `CLASSES`
 * @param {string} message @param {string} code @param {number | undefined} reasonCode @param {string | undefined} reasonName
 * @param {unknown} cause
 */
export function error(hooks, type, message, code, reasonCode, reasonName, cause) {
  const reason = { ...(reasonCode !== undefined && { reasonCode }), ...(reasonName && { reasonName }) };
  if (type === 0 && hooks?.error) return Object.assign(hooks.error(message, code, reasonCode, cause), reason);
  const made = new CLASSES[type](message, cause === undefined ? undefined : { cause });
  if (type === 0) made.name = "MqttError";
  return Object.assign(made, { code }, reason);
}
