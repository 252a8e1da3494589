// The WebSocket face that every Node socket wears: state, event order, graceful close, drain.
// Owns the promises made to the driver; never opens a connection and knows no protocol.
//
//   onopen?  onmessage*  onerror?  onclose      onclose exactly once, and nothing after it
//
// Nothing is delivered from inside connect(), send() or close(). Errors that come after close() was
// called are not reported: nobody waits for them, and `wasClean` tells. `ondrain` follows whenever
// `bufferedAmount` was left above 64 KiB by a send, as soon as all of it has gone to the kernel.

import { clearTimeout, queueMicrotask, setTimeout } from "../clock.mjs";
import { codeOf } from "./failure.mjs";

/** The codes of an error that are ours, by the numbers that the engine knows (`Code::of_transport`). */
const KINDS = ["", "CERTIFICATE_INVALID", "CERTIFICATE_REFUSED", "SERVER_UNTRUSTED"];

const CONNECTING = 0;
const OPEN = 1;
const CLOSING = 2;
const CLOSED = 3;

/** Events that say nothing more. */
const OPENED = { type: "open" };
const DRAINED = { type: "drain" };

/**
 * Whose a stream or `ws` socket is. Its listeners are the same functions for all and find their owner by this:
 * with closures each of a thousand connections would keep its own.
 */
export const OWNER = Symbol("owner");

/** How long close() waits for a peer that neither reads nor closes. */
const LINGER_MS = 2000;

/**
 * @typedef {{ type: string, data: Uint8Array }} MessageEvent valid until the handler returns; the bytes may be a view
 * @typedef {{ type: string, code: number, reason: string, wasClean: boolean }} CloseEvent
 * @typedef {{ type: string, error: Error, message: string, kind: number }} ErrorEvent
 */

export class DressedSocket {
  binaryType = "arraybuffer";
  readyState = CONNECTING;
  /** @type {((event: object) => void) | null} */
  onopen = null;
  /** @type {((event: MessageEvent) => void) | null} */
  onmessage = null;
  /** @type {((event: CloseEvent) => void) | null} */
  onclose = null;
  /** @type {((event: ErrorEvent) => void) | null} */
  onerror = null;
  /** @type {((event: object) => void) | null} */
  ondrain = null;

  /** The stream the bytes leave through. @type {import("node:net").Socket | null} */
  #stream = null;
  #waitsForDrain = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #linger;

  get bufferedAmount() {
    return this.#stream === null ? 0 : this.#stream.writableLength;
  }

  /** @param {Uint8Array} bytes may be a view of memory that is reused after the call */
  send(bytes) {
    if (this.readyState === CONNECTING) throw new Error("send() before the connection is open");
    if (this.readyState !== OPEN || bytes.byteLength === 0) return;
    this.write(bytes);
    if (this.bufferedAmount > 0) this.#waitsForDrain = true;
  }

  close() {
    if (this.readyState === CONNECTING) {
      this.readyState = CLOSING;
      this.abort();
    } else if (this.readyState === OPEN) {
      this.closing();
      this.end();
    }
  }

  // ---- what a transport implements

  /** Send now; copy what is not consumed before returning. @param {Uint8Array} _bytes */
  write(_bytes) {}
  /** Say goodbye after the bytes sent so far. */
  end() {}
  /** Drop the connection at once. */
  abort() {}

  // ---- what a transport reports

  /** @param {import("node:net").Socket} stream */
  opened(stream) {
    if (this.readyState !== CONNECTING) return;
    this.#stream = stream;
    /** @type {any} */ (stream)[OWNER] = this;
    stream.on("drain", onDrain);
    this.readyState = OPEN;
    this.onopen?.(OPENED);
  }

  /** @param {Uint8Array} data */
  received(data) {
    if (this.readyState === OPEN) this.onmessage?.({ type: "message", data });
  }

  /** The connection is broken; closed() follows. @param {Error} error */
  failed(error) {
    if (this.readyState >= CLOSING) return;
    this.closing();
    this.onerror?.({ type: "error", error, message: error.message, kind: KINDS.indexOf(codeOf(error)) });
  }

  /** No more bytes are taken, and the peer has a limited time to take those on their way. */
  closing() {
    this.readyState = CLOSING;
    this.#awaitPeer(this.bufferedAmount);
  }

  /** @param {number} code @param {string} reason @param {boolean} wasClean */
  closed(code, reason, wasClean) {
    if (this.readyState === CLOSED) return;
    clearTimeout(this.#linger);
    this.readyState = CLOSED;
    this.onclose?.({ type: "close", code, reason, wasClean });
  }

  /** For what fails before there is anything that could report it later. @param {Error} error */
  neverOpened(error) {
    queueMicrotask(() => {
      this.failed(error);
      this.closed(1006, "", false);
    });
  }

  /** A slow peer that keeps reading gets all of it; one that stands still is dropped. @param {number} left */
  #awaitPeer(left) {
    clearTimeout(this.#linger);
    this.#linger = setTimeout(() => {
      const now = this.bufferedAmount;
      if (now < left) this.#awaitPeer(now);
      else this.abort();
    }, LINGER_MS);
    this.#linger.id.unref();
  }

  drained() {
    if (!this.#waitsForDrain || this.readyState !== OPEN) return;
    this.#waitsForDrain = false;
    this.ondrain?.(DRAINED);
  }
}

/** @this {any} */
function onDrain() {
  this[OWNER].drained();
}
