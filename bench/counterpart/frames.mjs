// The server side of WebSocket framing, as far as MQTT clients use RFC 6455. Payloads stay masked, because most of them are
// not read.

import { createHash } from "node:crypto";

const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const BINARY = 0x82;
const CLOSE = 8;
const PING = 9;
const PONG = 10;

export function accept(key) {
  return createHash("sha1")
    .update(key + GUID)
    .digest("base64");
}

/** The header of a frame from the server, which is not masked. */
export function header(length, first = BINARY) {
  if (length < 126) return Buffer.from([first, length]);
  if (length < 65536) return Buffer.from([first, 126, length >> 8, length & 255]);
  const bytes = Buffer.alloc(10);
  bytes[0] = first;
  bytes[1] = 127;
  bytes.writeBigUInt64BE(BigInt(length), 2);
  return bytes;
}

export function frame(payload) {
  return Buffer.concat([header(payload.length), payload]);
}

/** Splits chunks into parts of frames: calls `piece(chunk, at, end, mask, phase)` and `control(opcode, payload)`. */
export class Frames {
  #piece;
  #control;
  #mask = new Uint8Array(4);
  #opcode = 0;
  #length = 0;
  #left = 0;
  #rest = null;

  constructor(piece, control) {
    this.#piece = piece;
    this.#control = control;
  }

  feed(given) {
    const chunk = this.#rest === null ? given : Buffer.concat([this.#rest, given]);
    this.#rest = null;
    let at = 0;
    while (at < chunk.length || (this.#left === 0 && this.#opcode >= CLOSE)) {
      if (this.#left === 0 && this.#opcode < CLOSE) {
        const size = this.#header(chunk, at);
        if (size === 0) break;
        at += size;
        if (this.#left === 0 && this.#opcode < CLOSE) continue;
      }
      if (this.#opcode >= CLOSE) {
        if (chunk.length - at < this.#left) break;
        const payload = chunk.subarray(at, at + this.#left).map((byte, i) => byte ^ this.#mask[i & 3]);
        this.#control(this.#opcode, payload);
        at += this.#left;
        this.#left = 0;
        this.#opcode = 0;
        continue;
      }
      const end = Math.min(chunk.length, at + this.#left);
      this.#piece(chunk, at, end, this.#mask, (this.#length - this.#left - at) & 3);
      this.#left -= end - at;
      at = end;
    }
    if (at < chunk.length) this.#rest = chunk.subarray(at);
  }

  /** The size of a complete header, otherwise 0. */
  #header(chunk, at) {
    const have = chunk.length - at;
    if (have < 6) return 0;
    const short = chunk[at + 1] & 127;
    const size = short < 126 ? 6 : short === 126 ? 8 : 14;
    if (have < size) return 0;
    this.#opcode = chunk[at] & 15;
    this.#length =
      size === 6
        ? short
        : size === 8
          ? (chunk[at + 2] << 8) | chunk[at + 3]
          : chunk.readUInt32BE(at + 2) * 2 ** 32 + chunk.readUInt32BE(at + 6);
    this.#left = this.#length;
    for (let i = 0; i < 4; i++) this.#mask[i] = chunk[at + size - 4 + i];
    return size;
  }
}

/** The response to a control frame. */
export function answer(opcode, payload) {
  if (opcode === PING) return Buffer.concat([header(payload.length, 0x80 | PONG), payload]);
  if (opcode === CLOSE) return Buffer.concat([header(payload.length, 0x80 | CLOSE), payload]);
  return null;
}

export const isClose = (opcode) => opcode === CLOSE;
