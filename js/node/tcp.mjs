// MQTT over TCP (mqtt://) and TLS (mqtts://) through node:net and node:tls.
// Owns one stream; never looks into the bytes, except to tell a web server from a broker.

import { isIP, connect as netConnect } from "node:net";
import { connect as tlsConnect } from "node:tls";
import { DressedSocket } from "./dressed.mjs";
import { addressOf, failure, socketFailure } from "./failure.mjs";
import { certificateFailure, suspicion } from "./tls-failure.mjs";

export class TcpSocket extends DressedSocket {
  /** @type {import("node:net").Socket | undefined} */
  #socket;
  #peerEnded = false;

  /** @param {URL} url @param {import("./certificates.mjs").Certificates} [certificates] TLS, if they are given */
  constructor(url, certificates) {
    super();
    const secure = certificates !== undefined;
    const port = Number(url.port) || (secure ? 8883 : 1883);
    const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
    const address = addressOf(url, port);
    const to = { host, port, autoSelectFamily: true, noDelay: true };
    let open = false;
    let answered = false;
    try {
      this.#socket = secure
        ? tlsConnect({ ...certificates.options, ...to, servername: isIP(host) ? "" : host })
        : netConnect(to);
    } catch (error) {
      this.neverOpened(socketFailure(error, address, false, secure));
      return;
    }
    const socket = this.#socket;
    socket.once(secure ? "secureConnect" : "connect", () => {
      open = true;
      this.opened(socket);
    });
    socket.on("data", (/** @type {Buffer} */ chunk) => {
      if (answered || !isHttp(chunk)) this.received(chunk);
      else this.#refuse(`${address} answers in HTTP, not MQTT: try ws${secure ? "s" : ""}://`);
      answered = true;
    });
    socket.on("end", () => {
      this.#peerEnded = true;
      const why = secure && !answered && suspicion(certificates);
      if (why) this.failed(why);
      else if (open) this.closing();
    });
    socket.on("error", (error) => {
      const why = secure && certificateFailure(error, certificates, answered);
      this.failed(why || socketFailure(error, address, open, secure));
    });
    socket.on("close", (hadError) => {
      const clean = this.#peerEnded && !hadError;
      this.closed(clean ? 1000 : 1006, "", clean);
    });
  }

  /** @override @param {Uint8Array} bytes */
  write(bytes) {
    this.#socket?.write(Buffer.from(bytes)); // net keeps what it is given until the kernel takes it
  }

  /** @override */
  end() {
    this.#socket?.end();
  }

  /** @override */
  abort() {
    this.#socket?.destroy();
  }

  /** @param {string} message */
  #refuse(message) {
    this.failed(failure(message));
    this.abort();
  }
}

/** @param {Uint8Array} chunk */
function isHttp(chunk) {
  return chunk[0] === 0x48 && chunk[1] === 0x54 && chunk[2] === 0x54 && chunk[3] === 0x50;
}
