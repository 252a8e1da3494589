// MQTT over TCP (mqtt://) and TLS (mqtts://) through node:net and node:tls.
// Owns one stream; never looks into the bytes, except to tell a web server from a broker.

import { isIP, connect as netConnect } from "node:net";
import { connect as tlsConnect } from "node:tls";
import { queueMicrotask } from "../clock.mjs";
import { DressedSocket, OWNER } from "./dressed.mjs";
import { addressOf, failure, socketFailure } from "./failure.mjs";
import { connectBy } from "./proxy.mjs";
import { certificateFailure, suspicion } from "./tls-failure.mjs";

/** What the client sends at once, and a message more. */
const ROOM = 96 << 10;
/** Less than this costs less in a buffer of its own than it would hold up in a large one. */
const LITTLE = 4 << 10;
/** A large buffer that no stream holds: most writes are over when they return. @type {Buffer | null} */
let spare = null;

/** net keeps what it is given until the kernel takes it. @param {import("node:net").Socket} socket @param {Uint8Array} bytes */
function writeCopy(socket, bytes) {
  const { length } = bytes;
  if (length < LITTLE || length > ROOM) {
    socket.write(Buffer.from(bytes));
    return;
  }
  const copy = spare ?? Buffer.allocUnsafeSlow(ROOM);
  spare = null;
  copy.set(bytes);
  socket.write(copy.subarray(0, length));
  if (socket.writableLength === 0) spare = copy;
}

export class TcpSocket extends DressedSocket {
  /** @type {import("node:net").Socket | undefined} */
  #socket;
  #address;
  /** TLS, if they are given. */
  #certificates;
  #open = false;
  #answered = false;
  #peerEnded = false;

  /**
   * @param {import("./address.mjs").Address} address
   * @param {object} [options] of node:net
   * @param {import("./certificates.mjs").Certificates} [certificates]
   * @param {import("node:http").Agent} [agent] makes the TCP connection
   */
  constructor({ url, host, zone }, options, certificates, agent) {
    super();
    const port = Number(url.port) || (certificates ? 8883 : 1883);
    this.#address = addressOf(url, port, zone);
    this.#certificates = certificates;
    if (!agent) {
      this.#connect(host, { ...options, host, port, noDelay: true });
      return;
    }
    connectBy(agent, host, port, (error, socket) => {
      if (this.readyState > 0) socket?.destroy();
      else if (error !== undefined) this.neverOpened(error);
      else this.#connect(host, { socket });
    });
  }

  /** @param {string} host @param {any} to where, or a socket that is connected */
  #connect(host, to) {
    const certificates = this.#certificates;
    const tunnel = to.socket;
    try {
      if (certificates) {
        this.#socket = tlsConnect({ ...certificates.options, ...to, servername: isIP(host) ? "" : host });
      } else {
        this.#socket = tunnel?.setNoDelay() ?? netConnect(to);
      }
    } catch (error) {
      this.neverOpened(socketFailure(error, this.#address, false, certificates !== undefined));
      return;
    }
    const socket = /** @type {import("node:net").Socket} */ (this.#socket);
    /** @type {any} */ (socket)[OWNER] = this;
    socket.on("data", onData).on("end", onEnd).on("error", onError).on("close", onClose);
    if (tunnel && !certificates) this.connected();
    else socket.once(certificates ? "secureConnect" : "connect", onConnect);
  }

  connected() {
    this.#open = true;
    if (this.#socket !== undefined) this.opened(this.#socket);
  }

  /** @param {Buffer} chunk */
  came(chunk) {
    if (this.#answered || !isHttp(chunk)) this.received(chunk);
    else this.#refuse();
    this.#answered = true;
  }

  peerEnded() {
    this.#peerEnded = true;
    const why = this.#certificates && !this.#answered && suspicion(this.#certificates);
    if (why) this.failed(why);
    else if (this.#open) this.closing();
  }

  /** @param {Error} error */
  broke(error) {
    const certificates = this.#certificates;
    const why = certificates && certificateFailure(error, certificates, this.#answered);
    this.failed(why || socketFailure(error, this.#address, this.#open, certificates !== undefined));
  }

  /** @param {boolean} hadError */
  ended(hadError) {
    const clean = this.#peerEnded && !hadError;
    // TCP has no close frame, and 1005 says so.
    this.closed(clean ? 1005 : 1006, "", clean);
  }

  /** @override @param {Uint8Array} bytes */
  write(bytes) {
    if (this.#socket !== undefined) writeCopy(this.#socket, bytes);
  }

  /** @override */
  end() {
    this.#socket?.end();
  }

  /** @override */
  abort() {
    if (this.#socket !== undefined) this.#socket.destroy();
    // An agent is still at work.
    else queueMicrotask(() => this.closed(1006, "", false));
  }

  #refuse() {
    const scheme = this.#certificates ? "wss" : "ws";
    this.failed(failure(`${this.#address} answers in HTTP, not MQTT: try ${scheme}://`));
    this.abort();
  }
}

/** @this {any} */
function onConnect() {
  this[OWNER].connected();
}

/** @this {any} @param {Buffer} chunk */
function onData(chunk) {
  this[OWNER].came(chunk);
}

/** @this {any} */
function onEnd() {
  this[OWNER].peerEnded();
}

/** @this {any} @param {Error} error */
function onError(error) {
  this[OWNER].broke(error);
}

/** @this {any} @param {boolean} hadError */
function onClose(hadError) {
  this[OWNER].ended(hadError);
}

/** @param {Uint8Array} chunk */
function isHttp(chunk) {
  return chunk[0] === 0x48 && chunk[1] === 0x54 && chunk[2] === 0x54 && chunk[3] === 0x50;
}
