// A cursor over the bytes of one packet. Never reads beyond them: what is missing reads as 0 or empty.

import { platform } from "./platform.mjs";

const decoder = new TextDecoder();

export class Reader {
  at = 0;

  /** @param {Uint8Array} bytes */
  constructor(bytes) {
    this.source = bytes;
  }

  get left() {
    return Math.max(0, this.source.length - this.at);
  }

  u8() {
    return this.source[this.at++] ?? 0;
  }

  u16() {
    return this.u8() * 256 + this.u8();
  }

  varint() {
    let result = 0;
    for (let shift = 1; shift <= 128 ** 3; shift *= 128) {
      const byte = this.u8();
      result += (byte & 127) * shift;
      if (byte < 128) break;
    }
    return result;
  }

  text() {
    return decoder.decode(this.#part(this.u16()));
  }

  /** A copy, as payloads are given. @param {number} length */
  bytes(length) {
    return platform.bytes(this.#part(length).slice());
  }

  /** @param {number} length */
  #part(length) {
    const part = this.source.subarray(this.at, this.at + length);
    this.at += length;
    return part;
  }
}
