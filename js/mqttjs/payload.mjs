// A payload in a page: a Uint8Array whose `toString()` is the text, as that of the Buffer is that MQTT.js gives there.

const decoder = new TextDecoder();

export class Payload extends Uint8Array {
  /** What methods like `slice` return. */
  static get [Symbol.species]() {
    return Uint8Array;
  }

  /** @override @param {string} [encoding] utf8, hex, base64 or latin1 */
  toString(encoding = "utf8") {
    if (encoding === "hex") return Array.from(this, (byte) => byte.toString(16).padStart(2, "0")).join("");
    if (!/^(base64|latin1|binary|ascii)$/.test(encoding)) return decoder.decode(this);
    let text = "";
    for (const byte of this) text += String.fromCharCode(byte);
    return encoding === "base64" ? btoa(text) : text;
  }
}
