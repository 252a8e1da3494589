// A transport of the user's, `credentials.transport`: byte streams of the WHATWG Streams standard behind the interface of a
// WebSocket. Owns the order of its events; never interprets the bytes.

import { queueMicrotask } from "../clock.mjs";
import { said } from "../said.mjs";
import { failure } from "../sockets/failure.mjs";
import { WebSocketAdapter } from "../sockets/websocket-adapter.mjs";

/** @typedef {{ readable: ReadableStream<Uint8Array>, writable: WritableStream<Uint8Array>, closed?: unknown }} Streams */
/** @typedef {(to: { url: string, protocols: string | string[], signal: AbortSignal }) => Streams | PromiseLike<Streams>} Transport */

/** @param {unknown} cause @returns {Error} */
function failed(cause) {
  return failure(`credentials.transport made no connection: ${said(cause)}`, cause);
}

export class StreamsSocket extends WebSocketAdapter {
  #control = new AbortController();
  /** @type {any} */
  #duplex;
  #peerEnded = false;
  /** How a WebSocket below it was closed. @type {{ closeCode?: number, reason?: string } | undefined} */
  #status;

  /** @param {string} url @param {string | string[]} protocols @param {Transport} transport @param {(streams: Streams) => any} toDuplex */
  constructor(url, protocols, transport, toDuplex) {
    super();
    this.url = url;
    this.#open(protocols, transport, toDuplex).catch((cause) => this.failedToOpen(failed(cause)));
  }

  /** @param {string | string[]} protocols @param {Transport} transport @param {(streams: Streams) => any} toDuplex */
  async #open(protocols, transport, toDuplex) {
    const { url } = this;
    const streams = await transport({ url, protocols, signal: this.#control.signal });
    const duplex = toDuplex(streams);
    if (this.readyState > 0) {
      duplex.destroy();
      return;
    }
    this.#duplex = duplex;
    const note = (/** @type {any} */ status) => {
      this.#status = status;
    };
    /** @type {any} */ (streams.closed)?.then?.(note, (/** @type {any} */ error) => {
      note(error);
      // Its streams may say nothing of it.
      duplex.destroy(error instanceof Error ? error : undefined);
    });
    duplex.on("data", (/** @type {Uint8Array} */ chunk) => this.received(chunk));
    duplex.on("end", () => {
      this.#peerEnded = true;
      this.closing();
    });
    duplex.on("error", (/** @type {Error} */ error) =>
      this.failed(failure(`the streams of credentials.transport failed: ${error.message}`, error)),
    );
    duplex.on("close", () => {
      const { closeCode = this.#peerEnded ? 1005 : 1006, reason = "" } = this.#status ?? {};
      this.closed(closeCode, reason, this.#peerEnded);
    });
    this.opened(duplex);
  }

  /** @override @param {Uint8Array} bytes */
  write(bytes) {
    // The bytes are in memory that is used again.
    this.#duplex.write(bytes.slice());
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
