// One connection of the facade: what the core takes for a WebSocket, over a stream of Node (TCP, TLS, one of the
// application's own) or over what behaves like a WebSocket. Shows the packets on it to those who ask. Owns the order of the
// events: `closed` exactly once, whoever closes.

import { Framer, HEAD, NOTHING, WHOLE } from "./framer.mjs";
import { platform } from "./platform.mjs";

const OPEN = 1;
const CLOSING = 2;
const CLOSED = 3;
/** How long a peer may take that does not close the connection. */
const LINGER_MS = 2000;

/**
 * Those who want to know.
 * @typedef {object} Observer
 * @property {(sent: boolean) => boolean} sees whether somebody wants to see all packets of a direction
 * @property {(type: number) => boolean} watches whether somebody wants to see packets of a type, of PUBLISH the head
 * @property {(bytes: Uint8Array, type: number, sent: boolean) => void} packet what somebody wants to see
 * @property {(error: any) => void} failed
 * @property {() => void} closed
 */

const PUBLISH = 3;
const DISCONNECT = 14;
/** Always seen of what is received: CONNACK, SUBACK, UNSUBACK, DISCONNECT. */
const ANSWERS = (1 << 2) | (1 << 9) | (1 << 11) | (1 << DISCONNECT);

export class Channel {
  binaryType = "arraybuffer";
  readyState = 0;
  /** @type {((event: any) => void) | null} */
  onopen = null;
  /** @type {((event: any) => void) | null} */
  onmessage = null;
  /** @type {((event: any) => void) | null} */
  onerror = null;
  /** @type {((event: any) => void) | null} */
  onclose = null;
  /** @type {((event: any) => void) | null} */
  ondrain = null;

  /** For `client.stream`. @type {any} */
  stream;
  #observer;
  #attached = false;
  #opened = false;
  /** @type {any} */
  #closeEvent;
  /** A packet a call, so that each is seen before the core has it. */
  #single = false;
  #sent;
  #received;
  /** DISCONNECT behind packets that the core does not have yet. @type {Uint8Array | undefined} */
  #farewell;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #linger;

  /** @param {Observer} observer */
  constructor(observer) {
    this.#observer = observer;
    this.#sent = new Framer(
      (type) => {
        if (observer.sees(true)) return WHOLE;
        return type === PUBLISH && observer.watches(type) ? HEAD : NOTHING;
      },
      (bytes, type) => observer.packet(bytes, type, true),
    );
    this.#received = new Framer(
      (type, first) => {
        if (this.#single || (ANSWERS >> type) & 1) return WHOLE;
        if (type === PUBLISH) return (first & 6) > 0 ? HEAD : NOTHING;
        return observer.watches(type) ? WHOLE : NOTHING;
      },
      (bytes, type) => {
        if (!this.#single && type === DISCONNECT) this.#farewell = bytes.slice();
        else observer.packet(bytes, type, false);
        if (this.#single && this.readyState === OPEN) this.onmessage?.({ type: "message", data: bytes });
      },
    );
  }

  /** The core is about to listen; it gets now what happened before. */
  attach() {
    queueMicrotask(() => {
      this.#attached = true;
      if (this.#opened && this.readyState === OPEN) this.onopen?.({ type: "open" });
      if (this.#closeEvent !== undefined) this.onclose?.(this.#closeEvent);
    });
    return this;
  }

  /** @param {Uint8Array} bytes */
  send(bytes) {
    if (this.readyState !== OPEN || bytes.length === 0) return;
    this.#sent.push(bytes);
    this.write(bytes);
  }

  close() {
    if (this.readyState >= CLOSING) return;
    if (this.readyState !== OPEN) return this.destroy();
    this.readyState = CLOSING;
    this.#linger = setTimeout(() => this.abort(), LINGER_MS);
    /** @type {any} */ (this.#linger).unref?.();
    this.end();
  }

  /** Drops the connection at once. */
  destroy() {
    if (this.readyState >= CLOSED) return;
    this.readyState = CLOSING;
    this.abort();
  }

  /** Nobody wants to know of it any more. */
  forget() {
    this.#observer = { sees: () => false, watches: () => false, packet() {}, failed() {}, closed() {} };
    this.destroy();
  }

  get bufferedAmount() {
    return 0;
  }

  pause() {}
  resume() {}

  // ---- implemented by the transport

  /** @param {Uint8Array} _bytes */
  write(_bytes) {}
  end() {}
  abort() {}

  // ---- called by the transport

  opened() {
    if (this.readyState !== 0) return;
    this.readyState = OPEN;
    this.#opened = true;
    if (this.#attached) this.onopen?.({ type: "open" });
  }

  /** @param {Uint8Array} bytes */
  received(bytes) {
    if (this.readyState !== OPEN) return;
    if (this.#received.isBetween) this.#single = this.#observer.sees(false);
    this.#received.push(bytes);
    // Somebody who saw a packet may have closed it.
    if (!this.#single && this.readyState === OPEN) this.onmessage?.({ type: "message", data: bytes });
    const farewell = this.#farewell;
    this.#farewell = undefined;
    if (farewell !== undefined) this.#observer.packet(farewell, DISCONNECT, false);
  }

  /** @param {any} error */
  failed(error) {
    this.#observer.failed(error);
  }

  /** @param {number} code @param {string} reason */
  closed(code, reason) {
    if (this.readyState === CLOSED) return;
    this.readyState = CLOSED;
    clearTimeout(this.#linger);
    this.#closeEvent = { type: "close", code, reason, wasClean: code === 1000 };
    // The core learns it first: then it knows that it is offline when listeners call it.
    if (this.#attached) this.onclose?.(this.#closeEvent);
    this.#observer.closed();
  }
}

/** Over a stream of Node. */
class StreamChannel extends Channel {
  #pending = false;

  /** @param {any} stream @param {Observer} observer */
  constructor(stream, observer) {
    super(observer);
    this.stream = stream;
    stream.on("data", (/** @type {Uint8Array} */ bytes) => this.received(bytes));
    stream.on("error", (/** @type {Error} */ error) => this.failed(error));
    stream.on("close", () => this.closed(1005, ""));
    // A socket of Node ends by itself.
    stream.on("end", () => stream.end());
    stream.on("drain", () => {
      if (!this.#pending) return;
      this.#pending = false;
      this.ondrain?.({ type: "drain" });
    });
    stream.setMaxListeners?.(1000);
    // The stream buffers until it is connected.
    this.opened();
  }

  /** @override */
  get bufferedAmount() {
    return this.stream.writableLength ?? 0;
  }

  /** @override @param {Uint8Array} bytes */
  write(bytes) {
    this.stream.write(Buffer.from(bytes));
    if (this.bufferedAmount > 0) this.#pending = true;
  }

  /** @override */
  pause() {
    this.stream.pause();
  }

  /** @override */
  resume() {
    this.stream.resume();
  }

  /** @override */
  end() {
    this.stream.resume();
    this.stream.end();
  }

  /** @override */
  abort() {
    this.stream.destroy();
  }
}

/** Over what behaves like a WebSocket. */
class SocketChannel extends Channel {
  #socket;

  /** @param {any} socket @param {Observer} observer */
  constructor(socket, observer) {
    super(observer);
    this.#socket = socket;
    this.stream = new SocketStream(this, socket);
    socket.binaryType = "arraybuffer";
    socket.onopen = () => this.opened();
    socket.onmessage = (/** @type {any} */ { data }) => {
      const bytes = ArrayBuffer.isView(data) ? data : new Uint8Array(data);
      this.received(/** @type {Uint8Array} */ (bytes));
    };
    socket.ondrain = () => this.ondrain?.({ type: "drain" });
    socket.onerror = (/** @type {any} */ event) => {
      this.failed(event?.error ?? event);
      this.stream.emit("error", event?.error ?? event);
    };
    socket.onclose = (/** @type {any} */ { code, reason }) => {
      this.closed(code, `${reason ?? ""}`);
      this.stream.emit("close");
    };
    if (socket.readyState === OPEN) this.opened();
  }

  /** @override */
  get bufferedAmount() {
    return this.#socket.bufferedAmount;
  }

  /** @override @param {Uint8Array} bytes */
  write(bytes) {
    this.#socket.send(bytes);
  }

  /** @override */
  pause() {
    this.#socket.pause?.();
  }

  /** @override */
  resume() {
    this.#socket.resume?.();
  }

  /** @override */
  end() {
    this.#socket.close();
  }

  /** @override */
  abort() {
    if (this.#socket.terminate) this.#socket.terminate();
    else this.#socket.close();
    // A page's WebSocket has no other way to end at once.
    platform.later(() => this.closed(1006, ""));
  }
}

/** `client.stream` of a WebSocket. */
class SocketStream extends platform.EventEmitter {
  #channel;

  /** @param {Channel} channel @param {any} socket */
  constructor(channel, socket) {
    super();
    this.#channel = channel;
    this.socket = socket;
    this.url = socket.url;
    this.on("error", () => {});
  }

  get destroyed() {
    return this.#channel.readyState >= CLOSING;
  }

  /** @param {(() => void)} [done] */
  end(done) {
    if (typeof done === "function") this.once("close", done);
    this.#channel.close();
    return this;
  }

  destroy() {
    this.#channel.destroy();
    return this;
  }

  /** @param {Uint8Array} bytes */
  write(bytes) {
    this.#channel.send(bytes);
    return true;
  }
}

/** @param {any} transport a stream of Node, or what behaves like a WebSocket @param {Observer} observer @returns {Channel} */
export function channelOver(transport, observer) {
  const Kind = typeof transport.pipe === "function" ? StreamChannel : SocketChannel;
  return new Kind(transport, observer);
}
