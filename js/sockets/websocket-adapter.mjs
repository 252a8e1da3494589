// The WebSocket interface of every socket of Node, and of js/streams/ in a page: state, order of events, graceful close, drain.
// Owns what the driver can rely on; never opens a connection and knows no protocol.
//
//   onopen?  onmessage*  onerror?  onclose      onclose exactly once, and nothing after it
//
// No event is delivered during connect(), send() or close(). Errors after close() are not reported; `wasClean` is false
// then. `ondrain` follows each send() that leaves `bufferedAmount` above 0, as soon as the kernel has taken all bytes.

import { clearTimeout, queueMicrotask, setTimeout } from "../clock.mjs";
import { codeOf } from "./failure.mjs";

/** Error codes of the transport, by the number that the engine knows them by (`Code::of_transport`). */
const KINDS = ["", "CERTIFICATE_INVALID", "CERTIFICATE_REFUSED", "SERVER_UNTRUSTED"];

const CONNECTING = 0;
const OPEN = 1;
const CLOSING = 2;
const CLOSED = 3;

/** Events without further properties. */
const OPENED = { type: "open" };
const DRAINED = { type: "drain" };

/**
 * The property of a stream or `ws` socket that holds its adapter. Listeners find the adapter by it and so are the same
 * functions for all sockets: closures would cost memory for each of thousands of connections.
 */
export const ADAPTER = Symbol("adapter");

/** How long close() waits for a peer that neither reads nor closes the connection. */
const LINGER_MS = 2000;

/**
 * @typedef {{ type: string, data: Uint8Array }} MessageEvent valid until the handler returns; the bytes may be a view
 * @typedef {{ type: string, code: number, reason: string, wasClean: boolean }} CloseEvent
 * @typedef {{ type: string, error: Error, message: string, kind: number }} ErrorEvent
 */

export class WebSocketAdapter {
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

  /** Memory of a large payload for the bytes that come next: a socket may read them to it. @type {Uint8Array | undefined} */
  into;

  /** The stream the bytes leave through. @type {import("node:net").Socket | null} */
  #stream = null;
  #drainPending = false;
  #paused = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #linger;

  /** Where the next bytes are to be read to, if not to where all are. */
  get place() {
    return this.into;
  }

  get bufferedAmount() {
    return this.#stream === null ? 0 : this.#stream.writableLength;
  }

  /** @param {Uint8Array} bytes may be a view of memory that is reused after the call */
  send(bytes) {
    if (this.readyState === CONNECTING) throw new Error("send() before the connection is open");
    if (this.readyState !== OPEN || bytes.byteLength === 0) return;
    this.write(bytes);
    if (this.bufferedAmount > 0) this.#drainPending = true;
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

  /** Reads nothing for now. */
  pause() {
    if (this.readyState !== OPEN) return;
    this.#paused = true;
    this.read(false);
  }

  /** Reads again. */
  resume() {
    if (!this.#paused) return;
    this.#paused = false;
    this.read(true);
  }

  // ---- implemented by a transport

  /** Sends now; copies what is not consumed before it returns. @param {Uint8Array} _bytes */
  write(_bytes) {}
  /** Reads from the peer, or does not for now. @param {boolean} _on */
  read(_on) {}
  /** Closes the connection after the bytes sent so far. */
  end() {}
  /** Drops the connection at once. */
  abort() {}

  // ---- called by a transport

  /** @param {import("node:net").Socket} stream */
  opened(stream) {
    if (this.readyState !== CONNECTING) return;
    this.#stream = stream;
    /** @type {any} */ (stream)[ADAPTER] = this;
    stream.on("drain", drained);
    this.readyState = OPEN;
    this.onopen?.(OPENED);
  }

  /** @param {Uint8Array} data */
  received(data) {
    if (this.readyState === OPEN) this.onmessage?.({ type: "message", data });
  }

  /** The connection has failed; closed() follows. @param {Error} error */
  failed(error) {
    if (this.readyState >= CLOSING) return;
    this.closing();
    this.onerror?.({ type: "error", error, message: error.message, kind: KINDS.indexOf(codeOf(error)) });
  }

  /** Accepts no more bytes, and gives the peer limited time to receive those already sent. */
  closing() {
    this.readyState = CLOSING;
    // The end of a stream that is paused is not reported.
    this.resume();
    this.#awaitPeer(this.bufferedAmount);
  }

  /** @param {number} code @param {string} reason @param {boolean} wasClean */
  closed(code, reason, wasClean) {
    if (this.readyState === CLOSED) return;
    clearTimeout(this.#linger);
    this.readyState = CLOSED;
    this.onclose?.({ type: "close", code, reason, wasClean });
  }

  /** Reports a failure in the constructor, before there is a stream whose events would report it. @param {Error} error */
  failedToOpen(error) {
    queueMicrotask(() => {
      this.failed(error);
      this.closed(1006, "", false);
    });
  }

  /** A slow peer that keeps reading receives all bytes; one that stops reading is dropped. @param {number} left */
  #awaitPeer(left) {
    clearTimeout(this.#linger);
    this.#linger = setTimeout(() => {
      const now = this.bufferedAmount;
      if (now < left) this.#awaitPeer(now);
      else this.abort();
    }, LINGER_MS);
    /** @type {any} */ (this.#linger.id).unref?.();
  }

  drained() {
    if (!this.#drainPending || this.readyState !== OPEN) return;
    this.#drainPending = false;
    this.ondrain?.(DRAINED);
  }
}

/** @this {any} */
function drained() {
  this[ADAPTER].drained();
}
