// Byte streams of the WHATWG Streams standard as much like a `Duplex` of Node as `StreamsSocket` needs, for pages and workers.
// Owns the reader and the writer. "close" comes once, and nothing after it.

import { said } from "../said.mjs";

/** @typedef {"data" | "end" | "error" | "close" | "drain"} Name */

export class StreamsDuplex {
  /** Of which at most one each is set. @type {Map<Name, (this: StreamsDuplex, value?: any) => void>} */
  #listeners = new Map();
  #reader;
  #writer;
  #paused = false;
  /** A chunk that was on its way when reading was paused. @type {{ value: any, done: boolean } | undefined} */
  #held;
  #ending = false;
  #closed = false;
  /** Bytes that the writable has not taken yet. */
  writableLength = 0;

  /** @param {import("./socket.mjs").Streams} streams */
  constructor({ readable, writable }) {
    this.#reader = readable.getReader();
    this.#writer = writable.getWriter();
    // A failure of it shows where it is written to, or read from.
    this.#writer.closed.catch(() => {});
    this.#reader.closed.catch(() => {});
    this.#read();
  }

  /** @param {Name} name @param {(this: StreamsDuplex, value?: any) => void} listener */
  on(name, listener) {
    this.#listeners.set(name, listener);
  }

  /** @param {Name} name @param {unknown} [value] */
  #emit(name, value) {
    if (!this.#closed) this.#listeners.get(name)?.call(this, value);
  }

  #read() {
    this.#reader.read().then(
      (result) => this.#take(result),
      (error) => this.#fail(error),
    );
  }

  /** @param {{ value?: any, done: boolean }} result */
  #take({ value, done }) {
    if (this.#paused) {
      this.#held = { value, done };
    } else if (done) {
      this.#emit("end");
      this.end();
    } else {
      try {
        this.#emit("data", value);
      } finally {
        this.#read();
      }
    }
  }

  pause() {
    this.#paused = true;
  }

  resume() {
    this.#paused = false;
    const held = this.#held;
    this.#held = undefined;
    // Not within the call: the caller is not to be called back.
    if (held !== undefined) Promise.resolve(held).then((result) => this.#take(result));
  }

  /** @param {Uint8Array} bytes */
  write(bytes) {
    const { length } = bytes;
    this.writableLength += length;
    this.#writer.write(/** @type {any} */ (bytes)).then(
      () => {
        this.writableLength -= length;
        if (this.writableLength === 0) this.#emit("drain");
      },
      (error) => this.#fail(error),
    );
  }

  /** The peer has all bytes, then both directions are at their end. */
  end() {
    if (this.#ending) return;
    this.#ending = true;
    const close = () => this.#close();
    this.#writer.close().then(close, close);
  }

  /** Drops what is not sent. @param {unknown} [reason] */
  destroy(reason) {
    this.#writer.abort(reason).catch(() => {});
    this.#close();
  }

  /** @param {unknown} error */
  #fail(error) {
    if (this.#closed) return;
    if (!this.#ending) this.#emit("error", error instanceof Error ? error : new Error(said(error)));
    this.destroy(error);
  }

  #close() {
    if (this.#closed) return;
    this.#reader.cancel().catch(() => {});
    this.#emit("close");
    this.#closed = true;
  }
}
