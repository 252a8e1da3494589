// Changes whose transactions are not finished when a page is left: the browser may abort those, so they are kept in
// localStorage, which is written synchronously, until the store is opened again: a checksum, a space, JSON. Only JSON is of
// an earlier version. A worker has no localStorage.

import { checksum } from "./checksum.mjs";

/** @typedef {[number, Uint8Array | undefined]} Change */

/** Bytes as a text of as many characters. @param {Uint8Array} bytes */
function textOf(bytes) {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

/** @param {string} text */
const bytesOf = (text) => Uint8Array.from(text, (character) => character.charCodeAt(0));

export class Unfinished {
  /** @type {string} */
  #name;
  /** In the order of their transactions. @type {Set<Change[]>} */
  #changes = new Set();
  #left = false;
  #owner;

  /** @param {string} name the key in localStorage @param {number} owner the seed of the checksum */
  constructor(name, owner) {
    this.#name = name;
    this.#owner = owner;
    globalThis.addEventListener("pagehide", this);
    globalThis.addEventListener("pageshow", this);
  }

  /** The page is left, or was kept and is shown again. @param {{ type: string }} event */
  handleEvent({ type }) {
    this.#left = type === "pagehide";
    if (this.#left) this.#keep();
    else this.forget();
  }

  /** Their transaction has begun, and is finished when `done` settles. @param {Change[]} changes @param {Promise<unknown>} done */
  add(changes, done) {
    this.#changes.add(changes);
    const finish = () => this.#changes.delete(changes);
    done.then(finish, finish);
    if (this.#left) this.#keep();
  }

  #keep() {
    const list = [...this.#changes].flat();
    if (list.length === 0) return;
    const texts = list.map(([key, value]) => [key, value && textOf(value)]);
    try {
      const json = JSON.stringify(texts);
      globalThis.localStorage?.setItem(this.#name, `${this.#sum(json)} ${json}`);
    } catch {
      // More than the browser allows, or it allows none: the transactions may finish all the same.
    }
  }

  /** @param {string} json */
  #sum(json) {
    return checksum(new TextEncoder().encode(json), this.#owner);
  }

  /** What an earlier page has kept; `damaged()` is called if it cannot be read. @param {() => void} damaged @returns {Change[]} */
  read(damaged) {
    try {
      const kept = globalThis.localStorage?.getItem(this.#name) ?? "[]";
      const [, sum, json] = /** @type {string[]} */ (/^(?:(\d+) )?(\[.*)$/s.exec(kept) ?? []);
      if (sum !== undefined && Number(sum) !== this.#sum(json)) throw new Error();
      /** @type {[number, string | null][]} */
      const texts = JSON.parse(json);
      return texts.map(([key, text]) => [key, text === null ? undefined : bytesOf(text)]);
    } catch {
      damaged();
      this.forget();
      return [];
    }
  }

  /** The changes are in the database. */
  forget() {
    try {
      globalThis.localStorage?.removeItem(this.#name);
    } catch {
      // The browser allows none.
    }
  }

  close() {
    globalThis.removeEventListener("pagehide", this);
    globalThis.removeEventListener("pageshow", this);
  }
}
