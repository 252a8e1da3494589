// Encodes the binary frames of a WebSocket client (RFC 6455, sections 5.2 and 5.3): header, masking key, masked payload.
// Sends nothing: a frame is one new buffer, which belongs to the caller.

import { randomFillSync } from "node:crypto";

const FINAL_BINARY = 0x82;
const MASKED = 0x80;

/** Keys are generated in advance, because each call of the generator is costly; none is used twice. */
const keys = new Uint32Array(2048);
let used = keys.length;

/** 32 unpredictable bits. */
export function maskKey() {
  if (used === keys.length) {
    randomFillSync(keys);
    used = 0;
  }
  return keys[used++];
}

/** Masks byte by byte: for short payloads the views for masking by words would cost more. @param {Uint8Array} payload */
function shortFrame(payload) {
  const { length } = payload;
  const frame = Buffer.allocUnsafe(6 + length);
  const key = maskKey();
  frame[0] = FINAL_BINARY;
  frame[1] = MASKED | length;
  const mask = [key & 255, (key >>> 8) & 255, (key >>> 16) & 255, key >>> 24];
  for (let i = 0; i < 4; i++) frame[2 + i] = mask[i];
  for (let i = 0; i < length; i++) frame[6 + i] = payload[i] ^ mask[i & 3];
  return frame;
}

/**
 * Encodes a frame. The masking key is at a multiple of four with the payload after it, so that masking can work on whole
 * words; up to two bytes before the frame and three after it are unused.
 * @param {Uint8Array} payload is copied
 */
export function maskedFrame(payload) {
  const { length } = payload;
  if (length < 126) return shortFrame(payload);
  const head = length < 65536 ? 4 : 10;
  const keyAt = (head + 3) & ~3;
  const memory = allocate((keyAt + 4 + length + 3) & ~3);
  memory.set(payload, keyAt + 4);

  const words = new Uint32Array(memory.buffer, memory.byteOffset, memory.length / 4);
  const key = maskKey();
  const first = keyAt / 4;
  const end = words.length;
  words[first] = key;
  for (let i = first + 1; i < end; i++) words[i] ^= key;

  const start = keyAt - head;
  memory[start] = FINAL_BINARY;
  if (head === 4) {
    memory[start + 1] = MASKED | 126;
    memory.writeUInt16BE(length, start + 2);
  } else {
    memory[start + 1] = MASKED | 127;
    memory.writeUInt16BE(0, start + 2);
    memory.writeUIntBE(length, start + 4, 6);
  }
  return memory.subarray(start, keyAt + 4 + length);
}

/** Small frames share Node's pool, whose slices are aligned in practice, but not by contract. */
function allocate(/** @type {number} */ size) {
  const memory = Buffer.allocUnsafe(size);
  return memory.byteOffset % 4 === 0 ? memory : Buffer.allocUnsafeSlow(size);
}
