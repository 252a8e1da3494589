// MQTT over TCP (mqtt://) and TLS (mqtts://) through node:net and node:tls.
// Owns one stream; never interprets the bytes, except to recognise a server of HTTP or TLS.

import { isIP, connect as netConnect } from "node:net";
import { connect as tlsConnect } from "node:tls";
import { clearTimeout, queueMicrotask, setTimeout } from "../clock.mjs";
import { give, take } from "./blocks.mjs";
import { failure } from "../sockets/failure.mjs";
import { addressOf, socketFailure } from "./socket-failure.mjs";
import { connectBy } from "./proxy.mjs";
import { sharedReads } from "./reading.mjs";
import { certificateFailure, hangUpFailure } from "./certificate-failure.mjs";
import { ADAPTER, WebSocketAdapter } from "../sockets/websocket-adapter.mjs";

/** Size of the shared buffer: what the client sends at once (64 KiB), and one more message. */
const SHARED_SIZE = 96 << 10;
/** How long a large publish waits for the kernel. What the socket has been given is sent later, as small messages are. */
const WAIT_MS = 1000;
/** Smaller writes get a buffer of their own, which costs less than occupying the shared one. */
const SMALL = 4 << 10;
/** Said of a server that ends a connection without a byte. */
const AS_TLS = ", as a port for TLS does (try mqtts://)";
/** The shared buffer, unless a stream still holds it: most writes are complete when they return. @type {Buffer | null} */
let shared = null;

/** Copies the bytes, because node:net keeps them until the kernel takes them. @param {import("node:net").Socket} socket @param {Uint8Array} bytes of SHARED_SIZE at most */
function writeCopy(socket, bytes) {
  const { length } = bytes;
  if (length < SMALL) {
    socket.write(Buffer.from(bytes));
    return;
  }
  const copy = shared ?? Buffer.allocUnsafeSlow(SHARED_SIZE);
  shared = null;
  copy.set(bytes);
  socket.write(copy.subarray(0, length));
  if (socket.writableLength === 0) shared = copy;
}

export class TcpSocket extends WebSocketAdapter {
  /** @type {import("node:net").Socket | undefined} */
  #socket;
  #address;
  /** Only with TLS. */
  #certificates;
  #open = false;
  #answered = false;
  #peerEnded = false;
  /** Blocks that the kernel does not have yet. @type {Uint8Array[]} */
  #unsent = [];
  /** Resolves when it has them, or after WAIT_MS. @type {Promise<void> | undefined} */
  #taken;
  #takenAll = () => {};

  /**
   * @param {import("./address.mjs").Address} address
   * @param {object} [options] of node:net
   * @param {import("./certificates.mjs").Certificates} [certificates]
   * @param {import("node:http").Agent} [agent] makes the TCP connection
   */
  constructor({ url, host, zone }, options, certificates, agent) {
    super();
    const port = Number(url.port) || (certificates ? 8883 : 1883);
    const unix = /** @type {any} */ (options)?.path;
    this.#address = unix ? `unix://${unix}` : addressOf(url, port, zone);
    this.#certificates = certificates;
    if (!agent) {
      this.#connect(host, unix ? options : { ...options, host, port, noDelay: true });
      return;
    }
    connectBy(agent, host, port, (error, socket) => {
      if (this.readyState > 0) socket?.destroy();
      else if (error !== undefined) this.failedToOpen(error);
      else this.#connect(host, { socket });
    });
  }

  /** @param {string} host @param {any} to where, or a socket that is connected */
  #connect(host, to) {
    const certificates = this.#certificates;
    const tunnel = to.socket;
    try {
      if (certificates) {
        this.#socket = tlsConnect({
          ...certificates.options,
          ...to,
          onread: READS,
          servername: certificates.options.servername ?? (isIP(host) ? "" : host),
        });
      } else {
        this.#socket = tunnel?.setNoDelay() ?? netConnect({ ...to, onread: READS });
      }
    } catch (error) {
      this.failedToOpen(socketFailure(error, this.#address, false, certificates !== undefined));
      return;
    }
    const socket = /** @type {import("node:net").Socket} */ (this.#socket);
    /** @type {any} */ (socket)[ADAPTER] = this;
    socket.on("data", dataReceived).on("end", peerEnded).on("error", errorOccurred).on("close", closed);
    if (tunnel && !certificates) this.onConnect();
    else socket.once(certificates ? "secureConnect" : "connect", connected);
  }

  onConnect() {
    this.#open = true;
    if (this.#socket !== undefined) this.opened(this.#socket);
  }

  /** @param {Uint8Array} chunk */
  onData(chunk) {
    const other = this.#answered ? undefined : this.#otherProtocol(chunk);
    this.#answered = true;
    if (other === undefined) return this.received(chunk);
    this.failed(failure(`${this.#address} answered with ${other}://`));
    this.abort();
  }

  onEnd() {
    this.#peerEnded = true;
    const why = this.#certificates && !this.#answered && hangUpFailure(this.#certificates);
    if (why) this.failed(why);
    else if (this.#open) this.closing();
  }

  /** @param {Error} error */
  onError(error) {
    const certificates = this.#certificates;
    const why = certificates && certificateFailure(error, certificates, this.#answered);
    const failed = why || socketFailure(error, this.#address, this.#open, certificates !== undefined);
    if (this.#isSilent) failed.message += AS_TLS;
    this.failed(failed);
  }

  /** Whether the server has taken a connection without TLS, and has sent nothing. */
  get #isSilent() {
    return this.#open && !this.#answered && !this.#certificates;
  }

  /** @param {boolean} hadError */
  onClose(hadError) {
    const clean = this.#peerEnded && !hadError;
    this.#unsent = []; // the system may have them still
    this.#sent();
    // TCP has no close frame, and 1005 says so.
    this.closed(clean ? 1005 : 1006, this.#isSilent ? `it sent nothing${AS_TLS}` : "", clean);
  }

  /** @override @param {Uint8Array} bytes */
  write(bytes) {
    if (this.#socket === undefined) return;
    const { length } = bytes;
    if (length <= SHARED_SIZE) return writeCopy(this.#socket, bytes);
    const block = take(length);
    block.set(bytes);
    this.sendBlock(block, 0, length);
  }

  /**
   * Sends bytes of a block of blocks.mjs, and gives the block back: now, or when the kernel has it.
   * @param {Uint8Array} block @param {number} start @param {number} end @returns {true | Promise<void>} true: now
   */
  sendBlock(block, start, end) {
    const socket = /** @type {import("node:net").Socket} */ (this.#socket);
    socket.write(block.subarray(start, end));
    if (socket.writableLength === 0) {
      give(block);
      return true;
    }
    this.#unsent.push(block);
    this.#taken ??= new Promise((resolve) => {
      const timer = setTimeout(() => this.#takenAll(), WAIT_MS);
      this.#takenAll = () => {
        clearTimeout(timer);
        this.#taken = undefined;
        resolve();
      };
    });
    return this.#taken;
  }

  /** The kernel has everything, or gets nothing more. */
  #sent() {
    for (const block of this.#unsent) give(block);
    this.#unsent = [];
    this.#takenAll();
  }

  /** @override No publish waits for a kernel that may take nothing more. */
  closing() {
    this.#takenAll();
    super.closing();
  }

  /** @override */
  drained() {
    this.#sent();
    super.drained();
  }

  /** @override */
  end() {
    this.#socket?.end();
  }

  /** @override @param {boolean} on */
  read(on) {
    if (on) this.#socket?.resume();
    else this.#socket?.pause();
  }

  /** @override */
  abort() {
    if (this.#socket !== undefined) this.#socket.destroy();
    // An agent is still at work.
    else queueMicrotask(() => this.closed(1006, "", false));
  }

  /** What the first bytes are, and the scheme to try. @param {Uint8Array} chunk */
  #otherProtocol(chunk) {
    const secure = this.#certificates !== undefined;
    if (isHttp(chunk)) return `HTTP instead of MQTT: try ${secure ? "wss" : "ws"}`;
    // An alert. As MQTT it would be a CONNECT, which no server sends.
    if (!secure && chunk[0] === 0x15 && chunk[1] === 3) return "TLS: try mqtts";
  }
}

/** @this {any} */
function connected() {
  this[ADAPTER].onConnect();
}

/** @this {any} @param {Uint8Array} chunk */
function dataReceived(chunk) {
  this[ADAPTER].onData(chunk);
}

const READS = sharedReads(dataReceived);

/** @this {any} */
function peerEnded() {
  this[ADAPTER].onEnd();
}

/** @this {any} @param {Error} error */
function errorOccurred(error) {
  this[ADAPTER].onError(error);
}

/** @this {any} @param {boolean} hadError */
function closed(hadError) {
  this[ADAPTER].onClose(hadError);
}

/** @param {Uint8Array} chunk */
function isHttp(chunk) {
  return chunk[0] === 0x48 && chunk[1] === 0x54 && chunk[2] === 0x54 && chunk[3] === 0x50;
}
