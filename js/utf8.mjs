// TextEncoder and TextDecoder for the one environment without them: Jest's jsdom, which loads the entries without a URL of the
// .wasm. Only these contain it. Invalid UTF-8 becomes U+FFFD, but not always as many of them as the standard requires.

const UNIT = /%([0-9A-F]{2})|[\s\S]/g;

class Encoder {
  /** @param {string} [text] */
  encode(text = "") {
    const escaped = encodeURIComponent(text.replace(/\p{Surrogate}/gu, "\ufffd"));
    return Uint8Array.from(escaped.match(UNIT) ?? [], (unit) =>
      unit.length === 3 ? Number.parseInt(unit.slice(1), 16) : unit.charCodeAt(0),
    );
  }

  /** @param {string} text @param {Uint8Array} target */
  encodeInto(text, target) {
    const bytes = this.encode(text);
    target.set(bytes);
    return { read: text.length, written: bytes.length };
  }
}

class Decoder {
  /** @param {Uint8Array} [bytes] */
  decode(bytes = new Uint8Array(0)) {
    let text = "";
    for (let i = 0; i < bytes.length; ) {
      const [length, character] = characterAt(bytes, i);
      text += character;
      i += length;
    }
    return text;
  }
}

/** @param {Uint8Array} bytes @param {number} at @returns {[number, string]} */
function characterAt(bytes, at) {
  const first = bytes[at];
  if (first < 0x80) return [1, String.fromCharCode(first)];
  const length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  const units = bytes.subarray(at, at + length);
  try {
    return [length, decodeURIComponent(Array.from(units, (unit) => `%${unit.toString(16)}`).join(""))];
  } catch {
    return [1, "\ufffd"];
  }
}

/** @type {any} */
const { TextEncoder = Encoder, TextDecoder = Decoder } = globalThis;
export { TextDecoder, TextEncoder };
