// Short names for what wasm-bindgen passes between the glue and the wasm. Its own carry hashes, which no
// compression makes small: 4 KiB of the download. Both sides get the same names, or neither works.

const IMPORT = 2;
const EXPORT = 7;
const MODULE = "./mqtt_lib_bg.js";
const SHORT_MODULE = "a";
/** Generated names; those of the crate's own functions are short already. */
const LONG = /^(__wb|mqttcustom_|wasm_bindgen_)/;

/** Reads a wasm binary front to back. */
class Reader {
  constructor(bytes, at = 0) {
    this.bytes = bytes;
    this.at = at;
  }

  byte() {
    return this.bytes[this.at++];
  }

  number() {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.byte();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
  }

  take(length) {
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }

  name() {
    return Buffer.from(this.take(this.number())).toString();
  }

  /** What kind of thing an import is: a function by its type, a table, a memory, a global, a tag. */
  description() {
    const from = this.at;
    const kind = this.byte();
    if (kind === 0) this.number();
    else if (kind === 1 || kind === 2) this.limits(kind);
    else this.take(2);
    return this.bytes.subarray(from, this.at);
  }

  limits(kind) {
    if (kind === 1) this.byte();
    const flags = this.byte();
    this.number();
    if (flags & 1) this.number();
  }
}

function number(value) {
  const bytes = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Buffer.from([...bytes, rest]);
    bytes.push((rest % 128) + 128);
  }
}

const name = (text) => Buffer.concat([number(Buffer.byteLength(text)), Buffer.from(text)]);

/** The wasm with short names, and the map that `shortenGlue` needs. */
export function shortenWasm(bytes) {
  const names = new Map();
  const short = (long) => {
    if (!LONG.test(long)) return long;
    if (!names.has(long)) names.set(long, `$${names.size.toString(36)}`);
    return names.get(long);
  };
  const out = [bytes.subarray(0, 8)];
  const all = new Reader(bytes, 8);
  while (all.at < bytes.length) {
    const from = all.at;
    const id = all.byte();
    const section = new Reader(all.take(all.number()));
    if (id !== IMPORT && id !== EXPORT) {
      out.push(bytes.subarray(from, all.at));
      continue;
    }
    const count = section.number();
    const body = [number(count)];
    for (let i = 0; i < count; i++) {
      if (id === IMPORT) {
        section.name();
        body.push(name(SHORT_MODULE), name(short(section.name())), section.description());
      } else {
        body.push(name(short(section.name())), section.take(1), number(section.number()));
      }
    }
    const whole = Buffer.concat(body);
    out.push(Buffer.from([id]), number(whole.length), whole);
  }
  return { bytes: Buffer.concat(out), names };
}

/** The glue that goes with it. */
export function shortenGlue(source, names) {
  const known = [...names.keys()].sort((a, b) => b.length - a.length).join("|");
  return source
    .replaceAll(MODULE, SHORT_MODULE)
    .replaceAll(new RegExp(`\\b(?:${known})\\b`, "g"), (long) => names.get(long));
}
