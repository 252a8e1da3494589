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

/** The longest payload that fits into a packet. */
const LONGEST = 268_435_455;
/** The most that all other arguments have together. */
const MOST = 1 << 26;

/** Throws the length of what is too long, before it is copied. @template {{ length: number }} T @param {T} given */
function short(given, most = LONGEST) {
  if (given.length > most) throw given.length;
  return given;
}

class Writer {
  #bytes = new Uint8Array(256);
  #at = 0;
  #most;

  /** @param {any} [most] at most so many bytes: the length of more is thrown */
  constructor(most) {
    this.#most = most;
  }

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
    if (enough > this.#most) throw enough;
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

/** What was thrown, in any case as text. @param {unknown} thrown */
function shown(thrown) {
  try {
    return String(thrown).slice(0, 9_999);
  } catch {
    return typeof thrown;
  }
}

/** What was thrown says of itself. @param {unknown} thrown */
export function messageOf(thrown) {
  try {
    const { message } = /** @type {any} */ (thrown);
    if (typeof message === "string" && message !== "") return message.slice(0, 9_999);
  } catch {
    // Neither null nor a proxy has one.
  }
  return shown(thrown);
}

/** A getter or a proxy of the user's, or a buffer that was transferred. @param {unknown} thrown */
const unreadable = (thrown) =>
  `what ${typeof thrown === "number" ? "is too long" : "cannot be read"} (${shown(thrown).slice(0, 100)})`;

/** The kind of a value, for an error sentence. @param {unknown} value */
export function kind(value) {
  if (value === null || value === undefined) return `${value}`;
  try {
    buffer(value);
    const type = Array.isArray(value) ? "array" : typeof value;
    return /^[ao]/.test(type) ? `an ${type}` : `a ${type}`;
  } catch (thrown) {
    return unreadable(thrown);
  }
}

const TYPED = Object.getPrototypeOf(Uint8Array.prototype);

/** The bytes of any buffer source, with the getters of the language: those of the value may lie. @param {unknown} value */
function buffer(value) {
  if (ArrayBuffer.isView(value)) {
    const own = Reflect.get(TYPED, Symbol.toStringTag, value) ? TYPED : DataView.prototype;
    const get = (/** @type {string} */ key) => Reflect.get(own, key, value);
    return new Uint8Array(get("buffer"), get("byteOffset"), get("byteLength"));
  }
  return value instanceof ArrayBuffer ? new Uint8Array(value) : undefined;
}

/** Half of a surrogate pair. Bundlers make it anew for each use where it is not a constant. */
const HALF = /\p{Surrogate}/u;

/** UTF-8 has no half of a surrogate pair, and U+FFFD in its place would be another string. @param {Writer} out @param {string} text */
function string(out, text) {
  if (HALF.test(short(text))) return out.block(OTHER, encoder.encode("a string with a lone surrogate"));
  return out.block(STRING, encoder.encode(text));
}

/** What has content, but no properties to read. */
const NO_OPTIONS = /^(Map|Set|Promise|Date)$/;

/** @param {Writer} out @param {any} value @param {number} depth below 0: not looked into at all @param {string} opaque */
function encode(out, value, depth, opaque) {
  if (value === undefined) return out.block(UNDEFINED);
  if (value === null) return out.block(NULL);
  if (typeof value === "boolean") return out.block(value ? TRUE : FALSE);
  if (typeof value === "number") return out.block(NUMBER, new Uint8Array(Float64Array.of(value).buffer));
  if (typeof value === "string") return string(out, value);
  const bytes = depth < 0 ? undefined : buffer(value);
  if (bytes !== undefined) return out.block(BYTES, short(bytes));
  if (depth <= 0 || typeof value !== "object") return out.block(OTHER, encoder.encode(kind(value)));
  const name = Object.prototype.toString.call(value).slice(8, -1);
  if (NO_OPTIONS.test(name)) return out.block(OTHER, encoder.encode(`a ${name}`));
  const isArray = Array.isArray(value);
  // Of holes alone, too, it would be longer than all arguments may be.
  if (isArray) short(value, MOST);
  const from = out.block(isArray ? ARRAY : OBJECT);
  for (const key of isArray ? value.keys() : Object.keys(value)) {
    if (!isArray) string(out, `${key}`);
    encode(out, value[key], opaque.includes(`.${key}.`) ? -1 : depth - 1, opaque);
  }
  return out.end(from);
}

/** Objects and arrays `depth` levels deep, but not what stands under a key in `opaque`: ".agent.store.". @param {unknown} value @param {number} depth @param {string} opaque */
export function flatten(value, depth, opaque) {
  try {
    return written(value, depth, opaque, MOST);
  } catch (thrown) {
    const out = new Writer();
    out.block(OTHER, encoder.encode(unreadable(thrown)));
    return out.written();
  }
}

/** @param {unknown} value @param {number} depth @param {string} opaque @param {number} [most] */
function written(value, depth, opaque, most) {
  const out = new Writer(most);
  encode(out, value, depth, opaque);
  return out.written();
}

/** The entries that a store has when it is opened. @param {Iterable<[number, Uint8Array]> | undefined} opened */
export function entries(opened) {
  return written([...(opened ?? [])], 2, "");
}

/** Text as bytes. @param {string} text */
const encoded = (text) => short(encoder.encode(short(text)));

/** The bytes of a payload; throws what it is if it is none, or its length if it is too long. @param {unknown} value */
export function payload(value) {
  const type = typeof value;
  if (type === "string") return encoded(/** @type {string} */ (value));
  if (type === "number" || type === "boolean") return encoder.encode(`${value}`);
  let bytes;
  try {
    bytes = buffer(value);
  } catch {
    // `kind` says why.
  }
  if (bytes === undefined) throw kind(value);
  return short(bytes);
}

/** An item of a batch as JSON, as it is now; throws what it is instead. @param {unknown} value */
export function json(value) {
  let isBytes;
  try {
    isBytes = buffer(value) !== undefined;
  } catch (thrown) {
    throw unreadable(thrown);
  }
  if (isBytes) throw "bytes";
  let text;
  try {
    text = JSON.stringify(value);
  } catch (thrown) {
    const [why] = messageOf(thrown).split("\n");
    throw `something JSON cannot say (${why.slice(0, 60)})`;
  }
  if (text === undefined) throw kind(value);
  return encoded(text);
}

/** @param {Map<string, unknown>} all @param {string} key @param {unknown} given */
function add(all, key, given) {
  const before = all.get(key);
  if (Array.isArray(before)) before.push(given);
  else all.set(key, before === undefined ? given : [before, given]);
}

/** Calling the decoder costs more than a few characters of ASCII. @param {Uint8Array} bytes */
function decoded(bytes) {
  let text = "";
  for (let i = 0; i < bytes.length; i++) {
    if (i === 16 || bytes[i] > 127) return decoder.decode(bytes);
    text += String.fromCharCode(bytes[i]);
  }
  return text;
}

/** Reads what `argument_codec::Object` wrote: values under one name become an array. @param {Uint8Array} bytes */
export function inflate(bytes) {
  const all = new Map();
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  let at = 0;
  const next = () => {
    const tag = bytes[at];
    const from = at + 5;
    at = from + view.getUint32(at + 1, true);
    const content = bytes.subarray(from, at);
    if (tag === OBJECT) return inflate(content);
    if (tag === NUMBER) return view.getFloat64(from, true);
    if (tag === STRING) return decoded(content);
    return tag === BYTES ? content.slice() : tag === TRUE;
  };
  while (at < bytes.length) add(all, /** @type {string} */ (next()), next());
  // An assignment would take "__proto__" for something else, and what a page gives Object.prototype changes a descriptor.
  return Object.fromEntries(all);
}

const CLASSES = [Error, TypeError, RangeError];
/** What a terminal or a log would obey, as in `engine::error`. */
const OBEYED = /[\p{Cc}\p{Bidi_C}\p{Zl}\p{Zp}]/gu;

/**
 * @param {{ error?: Function } | undefined} hooks
 * @param {number} type of `CLASSES`
 * @param {string} message @param {string} code @param {number | undefined} reasonCode @param {string | undefined} reasonName
 * @param {unknown} cause
 */
export function error(hooks, type, message, code, reasonCode, reasonName, cause) {
  message = message.replace(OBEYED, (one) => `\\u${(0x10000 + one.charCodeAt(0)).toString(16).slice(1)}`);
  const reason = { ...(reasonCode !== undefined && { reasonCode }), ...(reasonName && { reasonName }) };
  if (type === 0 && hooks?.error) return Object.assign(hooks.error(message, code, reasonCode, cause), reason);
  const made = new CLASSES[type](message, cause === undefined ? undefined : { cause });
  if (type === 0) made.name = "MqttError";
  return Object.assign(made, { code }, reason);
}
