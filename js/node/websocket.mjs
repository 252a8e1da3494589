// MQTT over WebSocket in Node, through the package `ws`, which does all but the frames that are sent.
// Owns one WebSocket and joins the frames of one turn; never looks into the bytes.

import { connect as netConnect } from "node:net";
import { connect as tlsConnect } from "node:tls";
import { WebSocket } from "ws";
import { queueMicrotask } from "../clock.mjs";
import { DressedSocket, OWNER } from "./dressed.mjs";
import { addressOf, codeOf, failure, shownUrl, socketFailure } from "./failure.mjs";
import { maskedFrame, maskKey } from "./frame.mjs";
import { refusal } from "./proxy.mjs";
import { certificateFailure } from "./tls-failure.mjs";

/** Frames at least this long are handed over as they are: copying them costs more than a call. */
const LONG_FRAME = 16 * 1024;
/** The longest MQTT packet with its header, and room for small ones in the same frame. */
const LONGEST_FRAME = 2 ** 28 + 2 ** 20;

/** `closeTimeout` is for a peer that starts to close and never ends; our own close() has its own limit. */
const OPTIONS = {
  perMessageDeflate: false,
  skipUTF8Validation: true,
  allowSynchronousEvents: true,
  maxPayload: LONGEST_FRAME,
  closeTimeout: 10_000,
  generateMask,
};

/**
 * The `websocket` of credentials, as far as Node goes.
 * @typedef {{ headers?: Record<string, string>, agent?: import("node:http").Agent }} Details
 */

export class WsSocket extends DressedSocket {
  /** @type {WebSocket | undefined} */
  #ws;
  /** TLS, if they are given. */
  #certificates;
  /** Of an IPv6 address. */
  #zone = "";
  /** The user's agent makes the connection. */
  #agent = false;
  #open = false;
  /** What `ws` writes to, where we may: no extension has been agreed on. @type {import("node:net").Socket | undefined} */
  #stream;
  /** Frames of this turn. @type {Uint8Array[] | null} */
  #frames = null;

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
    this.#agent = agent !== undefined;
    // A URL has no place for a zone.
    const createConnection = zone ? connectTo(host, certificates !== undefined) : undefined;
    const all = { ...certificates?.options, ...options, ...OPTIONS, headers, agent, createConnection };
    try {
      this.#ws = new WebSocket(url, protocols, /** @type {any} */ (all));
    } catch (error) {
      const text = `a WebSocket to ${shownUrl(url.href)} is not possible: ${reasonOf(error)}`;
      this.neverOpened(failure(text, error));
      return;
    }
    /** @type {any} */ (this.#ws)[OWNER] = this;
    this.#ws.once("upgrade", onUpgrade).once("open", onOpen);
    this.#ws.on("message", onMessage).on("error", onError).on("close", onClose);
  }

  /** @param {import("node:net").Socket} stream */
  upgraded(stream) {
    this.#stream = stream;
  }

  connected() {
    this.#open = true;
    const stream = this.#stream;
    if (this.#ws?.extensions !== "") this.#stream = undefined;
    if (stream) this.opened(stream);
  }

  /** @param {Buffer} data @param {boolean} isBinary */
  came(data, isBinary) {
    if (isBinary) this.#frame(data);
    else this.#refuseText();
  }

  /** @param {Error} error */
  broke(error) {
    this.#deliver();
    const certificates = this.#certificates;
    const secure = certificates !== undefined;
    const why = secure && !this.#open && certificateFailure(error, certificates, false);
    if (why) this.failed(why);
    else if (this.#open) this.failed(brokenAfterOpen(error, this.#address, secure));
    else this.failed(handshakeFailure(error, this.#url, this.#address, secure, this.#agent));
  }

  /** @param {number} code @param {string} reason */
  ended(code, reason) {
    this.#deliver();
    this.closed(code, reason, code !== 1006);
  }

  /** Only errors need it, so it is not kept. */
  get #url() {
    return new URL(/** @type {WebSocket} */ (this.#ws).url);
  }

  get #address() {
    return addressOf(this.#url, this.#certificates === undefined ? 80 : 443, this.#zone);
  }

  /**
   * Masking in `ws` was half of the time of a publish, so frames are made here and written past it, to the
   * stream where it writes its own PONG and CLOSE frames at once: all keep their order. It is asked instead
   * once it closes (no data may follow), and while bytes wait in it for their turn.
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
      ws.send(bytes); // masking copies
    }
  }

  /** @override */
  end() {
    this.#ws?.close(1000);
  }

  /** @override */
  abort() {
    this.#ws?.terminate();
  }

  /** @param {Uint8Array} data */
  #frame(data) {
    if (data.byteLength >= LONG_FRAME) {
      this.#deliver();
      this.received(data);
    } else if (this.#frames !== null) {
      this.#frames.push(data);
    } else if (this.#nothingFollows()) {
      this.received(data);
    } else {
      this.#frames = [data];
      queueMicrotask(() => this.#deliver());
    }
  }

  /**
   * Whether a frame was all that came, so that it need not wait for the end of the turn. `ws` does not say so to
   * others; should it count under another name one day, the frame waits.
   */
  #nothingFollows() {
    return /** @type {any} */ (this.#ws)._receiver?._bufferedBytes === 0;
  }

  #deliver() {
    const frames = this.#frames;
    if (frames === null) return;
    this.#frames = null;
    this.received(frames.length === 1 ? frames[0] : Buffer.concat(frames));
  }

  #refuseText() {
    this.#deliver();
    const text = `${this.#address} sent a text frame; MQTT allows binary frames only [MQTT-6.0.0-1]`;
    this.failed(failure(text));
    this.#ws?.close(1003);
  }
}

/** @this {any} @param {import("node:http").IncomingMessage} response */
function onUpgrade(response) {
  this[OWNER].upgraded(response.socket);
}

/** @this {any} */
function onOpen() {
  this[OWNER].connected();
}

/** @this {any} @param {Buffer} data @param {boolean} isBinary */
function onMessage(data, isBinary) {
  this[OWNER].came(data, isBinary);
}

/** @this {any} @param {Error} error */
function onError(error) {
  this[OWNER].broke(error);
}

/** @this {any} @param {number} code @param {Buffer} reason */
function onClose(code, reason) {
  this[OWNER].ended(code, reason.toString());
}

/** Never zero: `ws` takes that as leave not to mask, and would keep the caller's memory. @param {Buffer} mask */
function generateMask(mask) {
  mask.writeUInt32LE(maskKey() || 1);
}

/** @param {unknown} error */
function reasonOf(error) {
  return error instanceof Error ? error.message : String(error);
}

/** @param {string} host @param {boolean} secure */
function connectTo(host, secure) {
  /** @param {object} options */
  return (options) => {
    const to = /** @type {any} */ ({ ...options, host, path: undefined });
    return secure ? tlsConnect({ ...to, servername: "" }) : netConnect(to);
  };
}

/** @param {Error} error @param {URL} url @param {string} address @param {boolean} secure @param {boolean} agent */
function handshakeFailure(error, url, address, secure, agent) {
  const status = /^Unexpected server response: (\d+)/.exec(error.message)?.[1];
  // Only a proxy may answer 407 (RFC 9110, section 15.5.8).
  if (agent && status === "407") return refusal(407, address);
  if (status) {
    const check = /^40[13]$/.test(status)
      ? "check what signs in there: websocket.headers, or the query and its age"
      : "check host, port and path";
    return failure(
      `${address} answered HTTP ${status} to the WebSocket handshake at ${url.pathname}: ${check}`,
      error,
    );
  }
  if (/subprotocol/.test(error.message)) {
    return failure(
      `${address} speaks WebSocket but did not accept the subprotocol: ` +
        `there is no MQTT broker at ${url.pathname}, check port, path and websocket.protocols`,
      error,
    );
  }
  const code = codeOf(error);
  const hungUp = code === "ECONNRESET" && !secure;
  if (code.startsWith("HPE_") || hungUp || /Invalid (Upgrade|Sec-)/.test(error.message)) {
    return failure(
      `${address} does not speak WebSocket: try mqtt${secure ? "s" : ""}:// (${reasonOf(error)})`,
      error,
    );
  }
  return socketFailure(error, address, false, secure);
}

/** @param {Error} error @param {string} address @param {boolean} secure */
function brokenAfterOpen(error, address, secure) {
  if (!codeOf(error).startsWith("WS_ERR_")) return socketFailure(error, address, true, secure);
  return failure(`${address} broke the WebSocket protocol: ${error.message}`, error);
}
