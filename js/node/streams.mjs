// A transport of the user's, `credentials.transport`: byte streams of the WHATWG Streams standard behind the interface of a
// WebSocket. Owns the streams; never interprets the bytes.

import { Duplex } from "node:stream";
import { failure } from "./socket-failure.mjs";
import { WebSocketAdapter } from "./websocket-adapter.mjs";

/** @typedef {{ readable: ReadableStream<Uint8Array>, writable: WritableStream<Uint8Array> }} Streams */
/** @typedef {(to: { url: string, signal: AbortSignal }) => Streams | PromiseLike<Streams>} Transport */

/** @param {unknown} cause @returns {Error} */
function failed(cause) {
  const said = cause instanceof Error ? cause.message : String(cause);
  return failure(`credentials.transport made no connection: ${said}`, cause);
}

export class StreamsSocket extends WebSocketAdapter {
  #control = new AbortController();
  /** @type {any} */
  #duplex;
  #peerEnded = false;

  /** @param {string} url @param {Transport} transport */
  constructor(url, transport) {
    super();
    this.#open(url, transport).catch((cause) => this.failedToOpen(failed(cause)));
  }

  /** @param {string} url @param {Transport} transport */
  async #open(url, transport) {
    const streams = await transport({ url, signal: this.#control.signal });
    const duplex =
      streams instanceof Duplex
        ? streams
        : Duplex.fromWeb(/** @type {any} */ (streams), { allowHalfOpen: false });
    if (this.readyState > 0) {
      duplex.destroy();
      return;
    }
    this.#duplex = duplex;
    duplex.on("data", (chunk) => this.received(chunk));
    duplex.on("end", () => {
      this.#peerEnded = true;
      this.closing();
    });
    duplex.on("error", (error) =>
      this.failed(failure(`the streams of credentials.transport failed: ${error.message}`, error)),
    );
    duplex.on("close", () => this.closed(this.#peerEnded ? 1005 : 1006, "", this.#peerEnded));
    this.opened(/** @type {any} */ (duplex));
  }

  /** @override @param {Uint8Array} bytes */
  write(bytes) {
    // The bytes are in memory that is used again.
    this.#duplex.write(Buffer.from(bytes));
  }

  /** @override */
  end() {
    this.#duplex.end();
  }

  /** @override @param {boolean} on */
  read(on) {
    if (on) this.#duplex.resume();
    else this.#duplex.pause();
  }

  /** @override */
  abort() {
    this.#control.abort();
    if (this.#duplex !== undefined) this.#duplex.destroy();
    // The transport is still at work.
    else queueMicrotask(() => this.closed(1006, "", false));
  }
}
