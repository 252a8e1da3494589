// Values with a checksum behind each, and the count and sum of all of them as one text. Keeps the checksums, not the values.

import { checksum, sumOf } from "./checksum.mjs";

const SUM_LENGTH = 4;

export class Sealed {
  #owner;
  /** @type {Map<number, number>} */
  #sums = new Map();
  #sum = 0;

  /** @param {number} owner the seed of all checksums */
  constructor(owner) {
    this.#owner = owner;
  }

  clear() {
    this.#sums.clear();
    this.#sum = 0;
  }

  /** What is to be stored for a value. @param {number} key @param {Uint8Array | undefined} value none: it is deleted */
  seal(key, value) {
    if (value === undefined) {
      this.#count(key, undefined);
      return undefined;
    }
    const sum = sumOf(value, key, this.#owner);
    const sealed = new Uint8Array(value.length + SUM_LENGTH);
    sealed.set(value);
    new DataView(sealed.buffer).setUint32(value.length, sum);
    this.#count(key, sum);
    return sealed;
  }

  /** The value; undefined if it is not what was sealed. @param {unknown} key @param {unknown} sealed */
  open(key, sealed) {
    if (typeof key !== "number" || !(sealed instanceof Uint8Array) || sealed.length < SUM_LENGTH)
      return undefined;
    const value = sealed.subarray(0, -SUM_LENGTH);
    const sum = sumOf(value, key, this.#owner);
    if (new DataView(sealed.buffer, sealed.byteOffset).getUint32(value.length) !== sum) return undefined;
    this.#count(key, sum);
    return value;
  }

  /** Count and sum of all, and a checksum of these. */
  summary() {
    const text = `${this.#sums.size} ${this.#sum} `;
    return text + checksum(new TextEncoder().encode(text), this.#owner);
  }

  /** @param {number} key @param {number | undefined} sum */
  #count(key, sum) {
    this.#sum -= this.#sums.get(key) ?? 0;
    if (sum === undefined) {
      this.#sums.delete(key);
    } else {
      this.#sums.set(key, sum);
      this.#sum += sum;
    }
    this.#sum >>>= 0;
  }
}
