// What the socket receives: straight into the memory of the core by calls of numbers only. Of a large message only what stands
// before the payload goes there; the payload is collected here, once. Owns the bytes on their way; knows nothing of packets:
// the core says where a payload begins.

import { environment, fastPath, memoryBytes, memoryWords } from "./runtime.mjs";

/** Of this many bytes in one piece the core gets the first ones alone: a large message may begin with them. */
const MANY = 32 << 10;
const FIRST = 1 << 10;
const NONE = new Uint8Array(0);

/**
 * Two calls where the core's own listener needs ten of all kinds. That listener still gets what the core cannot take this way.
 * @param {any} socket a WebSocket, or an object that behaves like one
 * @param {number} generation of the connection
 * @param {{ number: number, inbound: { beside: Uint8Array | undefined } }} client
 */
export function receiveFrom(socket, generation, client) {
  const general = socket.onmessage;
  /** A payload that is being collected, and how much of it is there. @type {Uint8Array | undefined} */
  let payload;
  let filled = 0;
  /** What has come and is not handed over: it stands before what a stream gives during a call. @type {Uint8Array} */
  let rest = NONE;

  /** @param {Uint8Array} bytes */
  const give = (bytes) => {
    const { length } = bytes;
    const address = fastPath.reserve(client.number, length);
    if (address === 0) return general({ type: "message", data: bytes });
    memoryBytes().set(bytes, address);
    const begun = fastPath.received(client.number, generation, length, 0);
    if (begun !== 0) begin(begun);
  };

  /** @param {number} begun the address of three words */
  const begin = (begun) => {
    const [address, length, whole] = memoryWords().subarray(begun >>> 2);
    try {
      payload = environment.allocate?.(whole) ?? new Uint8Array(whole);
    } catch {
      general({ type: "close", reason: `no memory for ${whole} bytes` });
      return socket.close();
    }
    payload.set(memoryBytes().subarray(address, address + length));
    filled = length;
    socket.into = payload.subarray(filled);
  };

  /** @param {Uint8Array} piece */
  const collect = (piece) => {
    const whole = /** @type {Uint8Array} */ (payload);
    // A socket of Node may have read into its memory.
    if (piece.buffer !== whole.buffer) whole.set(piece, filled);
    filled += piece.length;
    socket.into = whole.subarray(filled);
    if (filled === whole.length) {
      client.inbound.beside = whole;
      socket.into = payload = undefined;
    }
    fastPath.received(client.number, generation, piece.length, 1);
  };

  /** @param {Uint8Array} bytes */
  const take = (bytes) => {
    let first = bytes.length >= MANY;
    for (rest = bytes; rest.length > 0; ) {
      const missing = payload && payload.length - filled;
      const piece = rest.subarray(0, missing ?? (first ? FIRST : undefined));
      rest = rest.subarray(piece.length);
      first = payload !== undefined && rest.length >= MANY;
      if (payload === undefined) give(piece);
      else collect(piece);
    }
  };

  /** @param {{ data: any }} event */
  socket.onmessage = (event) => {
    const { data } = event;
    if (typeof data === "string") return general(event);
    const bytes = ArrayBuffer.isView(data) ? /** @type {Uint8Array} */ (data) : new Uint8Array(data);
    if (payload === undefined && bytes.length < MANY && rest.length === 0) return give(bytes);
    if (rest.length > 0) take(rest);
    take(bytes);
  };
}
