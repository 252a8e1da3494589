// MQTT over WebSocket in Node. The package `ws` does the handshake, the control frames and the end; frames that are sent are
// encoded by frame.mjs, and those that are received taken by incoming-frames.mjs. What that leaves to `ws` comes back as whole
// messages. Owns one WebSocket, and joins the messages of one turn; never interprets the bytes.

import { connect as netConnect, isIP } from "node:net";
import { connect as tlsConnect } from "node:tls";
import { WebSocket } from "ws";
import { queueMicrotask } from "../clock.mjs";
import { codeOf, failure } from "../sockets/failure.mjs";
import { addressOf, shownUrl, socketFailure } from "./socket-failure.mjs";
import { maskedFrame, maskKey } from "./frame.mjs";
import { IncomingFrames, LONGEST } from "./incoming-frames.mjs";
import { agentFailure, refusal, watchAgent } from "./proxy.mjs";
import { sharedReads } from "./reading.mjs";
import { certificateFailure } from "./certificate-failure.mjs";
import { ADAPTER, WebSocketAdapter } from "../sockets/websocket-adapter.mjs";
import { said } from "../said.mjs";

/** Messages of at least this length are delivered by themselves: copying costs more than a call. */
const LONG_MESSAGE = 16 * 1024;

/** PINGs of one turn that are answered each; of more, as there are after a sleep, the last one is (RFC 6455, section 5.5.3). */
const MOST_PINGS = 32;
/** With more unsent bytes than this a PING has no answer: the peer does not read. */
const MOST_UNSENT = 16 << 20;

/**
 * `closeTimeout` limits a close handshake that the peer starts and does not complete; close() has its own limit. PINGs are
 * answered here, because `ws` ends the connection at 60 in one read.
 */
const OPTIONS = {
  autoPong: false,
  perMessageDeflate: false,
  skipUTF8Validation: true,
  allowSynchronousEvents: true,
  maxPayload: LONGEST,
  closeTimeout: 10_000,
  generateMask,
};

/**
 * `credentials.websocket`, as far as it concerns Node.
 * @typedef {{ headers?: Record<string, string>, agent?: import("node:http").Agent }} Details
 */

export class WsSocket extends WebSocketAdapter {
  /** @type {WebSocket | undefined} */
  #ws;
  /** Only with TLS. */
  #certificates;
  /** Of an IPv6 address. */
  #zone = "";
  /** What the user's agent has done, if it makes the connection. @type {import("./proxy.mjs").Seen | undefined} */
  #agent;
  #open = false;
  /** The stream that `ws` writes to, unless an extension was negotiated. @type {import("node:net").Socket | undefined} */
  #stream;
  /** Messages of `ws` in this turn. @type {Uint8Array[] | null} */
  #messages = null;
  /** PINGs received in this turn, and the last one of more than are answered. */
  #pings = 0;
  /** @type {Buffer | undefined} */
  #lastPing;
  /** Those that `ws` does not see, unless it has bytes whose frames are not known here. @type {IncomingFrames | undefined} */
  #incoming;

  /**
   * @param {import("./address.mjs").Address} address
   * @param {string | string[]} protocols
   * @param {object} options of node:net
   * @param {import("./certificates.mjs").Certificates} [certificates]
   * @param {Details | null} [details]
   */
  constructor({ url, host, zone }, protocols, options, certificates, details) {
    super();
    this.#zone = zone;
    this.#certificates = certificates;
    const { headers, agent } = details ?? {};
    /** @param {import("node:http").ClientRequest} request */
    const watched = (request) => {
      this.#agent = watchAgent(request);
      request.end();
    };
    const finishRequest = agent && watched;
    const createConnection = agent ? undefined : connectTo(zone && host, certificates !== undefined);
    const all = {
      ...certificates?.options,
      ...options,
      ...OPTIONS,
      headers,
      agent,
      createConnection,
      finishRequest,
    };
    try {
      this.#ws = new WebSocket(url, protocols, /** @type {any} */ (all));
    } catch (error) {
      const text = `a WebSocket to ${shownUrl(url.href)} cannot be created: ${reasonOf(error)}`;
      this.failedToOpen(failure(text, error));
      return;
    }
    /** @type {any} */ (this.#ws)[ADAPTER] = this;
    this.#ws.once("upgrade", upgraded).once("open", opened);
    this.#ws.on("message", messageReceived).on("error", errorOccurred).on("close", closed).on("ping", pinged);
  }

  /** @param {import("node:net").Socket} stream */
  onUpgrade(stream) {
    this.#stream = stream;
  }

  onOpen() {
    this.#open = true;
    const stream = this.#stream;
    if (this.#ws?.extensions !== "") this.#stream = undefined;
    else if (stream?.readableLength === 0) this.#incoming = new IncomingFrames();
    if (stream) this.opened(stream);
  }

  /** @param {Uint8Array} bytes a view of memory that is used again */
  onRead(bytes) {
    if (this.#incoming === undefined) this.leave(bytes);
    else this.#incoming.read(bytes, this);
  }

  /** @override */
  get place() {
    return this.into?.subarray(0, this.#incoming?.ahead ?? 0);
  }

  /** Whether frames may be taken: `ws` has none that come before them, and does not close. */
  get takes() {
    return this.#ws?.readyState === WebSocket.OPEN && this.#stream?.readableLength === 0;
  }

  /** Frames that were taken. @param {Uint8Array} payload a view of memory that is used again */
  takePayload(payload) {
    this.#deliver();
    this.received(payload);
  }

  /** Frames that are left to `ws`. @param {Uint8Array} bytes a view of memory that is used again */
  leave(bytes) {
    this.#stream?.push(Buffer.from(bytes));
  }

  /** A frame of text, which is not read. */
  rejectText() {
    this.#deliver();
    const ws = /** @type {WebSocket} */ (this.#ws);
    const text = `${this.#address} sent a text frame; MQTT allows binary frames only [MQTT-6.0.0-1]`;
    this.failed(failure(text));
    ws.close(1003);
    // The peer may never answer that, and would delay the report.
    this.#stream?.end(() => ws.terminate());
  }

  /** @param {Buffer} data @param {boolean} isBinary */
  onMessage(data, isBinary) {
    if (isBinary) this.#onBinary(data);
    else this.rejectText();
  }

  /** @param {Buffer} data */
  onPing(data) {
    this.#pings += 1;
    if (this.#pings <= MOST_PINGS) this.#pong(data);
    else this.#lastPing = data;
    if (this.#pings > 1) return;
    queueMicrotask(() => {
      if (this.#pings > MOST_PINGS) this.#pong(this.#lastPing);
      this.#pings = 0;
    });
  }

  /** @param {Buffer | undefined} data */
  #pong(data) {
    const ws = /** @type {WebSocket} */ (this.#ws);
    if (ws.readyState === WebSocket.OPEN && ws.bufferedAmount < MOST_UNSENT) ws.pong(data);
  }

  /** @param {Error} error */
  onError(error) {
    this.#deliver();
    const certificates = this.#certificates;
    const address = this.#address;
    const secure = certificates !== undefined;
    if (this.#open) return this.failed(failureAfterOpen(error, address, secure));
    const why =
      (this.#agent && agentFailure(this.#agent, error, address)) ||
      (secure && certificateFailure(error, certificates, false));
    this.failed(why || handshakeFailure(error, this.#url, address, secure, this.#agent !== undefined));
  }

  /** @param {number} code @param {string} reason */
  onClose(code, reason) {
    this.#deliver();
    this.closed(code, reason, code !== 1006);
  }

  /** Only needed for errors, so it is not stored. */
  get #url() {
    return new URL(/** @type {WebSocket} */ (this.#ws).url);
  }

  get #address() {
    return addressOf(this.#url, this.#certificates === undefined ? 80 : 443, this.#zone);
  }

  /**
   * Masking in `ws` took half of the time of a publish, so frames are encoded here and written directly to the stream.
   * `ws` writes its own PONG and CLOSE frames to the same stream at once, so all frames keep their order. Frames go through
   * `ws` while it closes, because no data may follow then, and while it still holds bytes that must be sent first.
   * @override @param {Uint8Array} bytes
   */
  write(bytes) {
    const ws = this.#ws;
    const stream = this.#stream;
    if (ws === undefined) return;
    if (
      stream !== undefined &&
      ws.readyState === WebSocket.OPEN &&
      ws.bufferedAmount === stream.writableLength
    ) {
      stream.write(maskedFrame(bytes));
    } else {
      ws.send(bytes); // copies them, by masking
    }
  }

  /** @override */
  end() {
    this.#ws?.close(1000);
  }

  /** @override @param {boolean} on */
  read(on) {
    if (on) this.#ws?.resume();
    else this.#ws?.pause();
  }

  /** @override */
  abort() {
    this.#ws?.terminate();
  }

  /** @param {Uint8Array} data */
  #onBinary(data) {
    if (data.byteLength >= LONG_MESSAGE) {
      this.#deliver();
      this.received(data);
    } else if (this.#messages !== null) {
      this.#messages.push(data);
    } else if (this.#isLastMessage()) {
      this.received(data);
    } else {
      this.#messages = [data];
      queueMicrotask(() => this.#deliver());
    }
  }

  /**
   * Whether no further bytes have been received, so that the frame can be delivered before the end of the turn. `ws` has no
   * public property for that; if it renames this one, the frame is delivered at the end of the turn.
   */
  #isLastMessage() {
    return /** @type {any} */ (this.#ws)._receiver?._bufferedBytes === 0;
  }

  #deliver() {
    const messages = this.#messages;
    if (messages === null) return;
    this.#messages = null;
    this.received(messages.length === 1 ? messages[0] : Buffer.concat(messages));
  }
}

/** What the server answers to the handshake is for node:http. @this {any} @param {Uint8Array} bytes */
function bytesRead(bytes) {
  const adapter = this[ADAPTER];
  if (adapter === undefined) this.push(Buffer.from(bytes));
  else adapter.onRead(bytes);
}

const READS = sharedReads(bytesRead);

/** @this {any} @param {import("node:http").IncomingMessage} response */
function upgraded(response) {
  this[ADAPTER].onUpgrade(response.socket);
}

/** @this {any} */
function opened() {
  this[ADAPTER].onOpen();
}

/** @this {any} @param {Buffer} data @param {boolean} isBinary */
function messageReceived(data, isBinary) {
  this[ADAPTER].onMessage(data, isBinary);
}

/** @this {any} @param {Buffer} data */
function pinged(data) {
  this[ADAPTER].onPing(data);
}

/** @this {any} @param {Error} error */
function errorOccurred(error) {
  this[ADAPTER].onError(error);
}

/** @this {any} @param {number} code @param {Buffer} reason */
function closed(code, reason) {
  this[ADAPTER].onClose(code, reason.toString());
}

/** Never zero, because then `ws` does not mask and keeps the caller's memory. @param {Buffer} mask */
function generateMask(mask) {
  mask.writeUInt32LE(maskKey() || 1);
}

/** @param {unknown} error */
function reasonOf(error) {
  return said(error);
}

/** @param {string} zoned an address with a zone, for which a URL has no place @param {boolean} secure */
function connectTo(zoned, secure) {
  /** @param {any} options */
  return (options) => {
    const host = zoned || options.host;
    const to = { ...options, host, path: undefined, onread: READS };
    if (!secure) return netConnect(to);
    return tlsConnect({ ...to, servername: to.servername ?? (isIP(options.host) || zoned ? "" : host) });
  };
}

/** @param {Error} error @param {URL} url @param {string} address @param {boolean} secure @param {boolean} agent */
function handshakeFailure(error, url, address, secure, agent) {
  const status = /^Unexpected server response: (\d+)/.exec(error.message)?.[1];
  // Only a proxy may answer 407 (RFC 9110, section 15.5.8).
  if (agent && status === "407") return refusal(407, address);
  if (status) {
    const check = /^40[13]$/.test(status)
      ? "check the credentials of the handshake: websocket.headers, or whether the signed query has expired"
      : "check host, port and path";
    return failure(
      `${address} answered the WebSocket handshake at ${url.pathname} with HTTP ${status}: ${check}`,
      error,
    );
  }
  if (/subprotocol/.test(error.message)) {
    return failure(
      `${address} accepts WebSockets, but none of the subprotocols offered: ` +
        `there is no MQTT broker at ${url.pathname}; check port, path and websocket.protocols`,
      error,
    );
  }
  const code = codeOf(error);
  const reset = code === "ECONNRESET" && !secure;
  if (code.startsWith("HPE_") || reset || /Invalid (Upgrade|Sec-)/.test(error.message)) {
    const schemes = secure ? "mqtts://" : "mqtt://, or wss:// if the port is for TLS";
    return failure(`${address} does not speak WebSocket: try ${schemes} (${reasonOf(error)})`, error);
  }
  return socketFailure(error, address, false, secure);
}

/** @param {Error} error @param {string} address @param {boolean} secure */
function failureAfterOpen(error, address, secure) {
  if (!codeOf(error).startsWith("WS_ERR_")) return socketFailure(error, address, true, secure);
  return failure(`${address} violated the WebSocket protocol: ${error.message}`, error);
}
