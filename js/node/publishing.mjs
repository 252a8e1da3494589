// Publishing large payloads over TCP: of a message of QoS 0 that can be sent at once only the head is written by the core, and the
// payload is copied, or encoded, once, to memory that the socket gives back. Owns that copy; everything else takes the usual way.

import { lengthOf } from "../fast-path.mjs";
import { memoryBytes, memoryWords } from "../runtime.mjs";
import { fail, instance, unguarded } from "../trap.mjs";
import { give, take } from "./blocks.mjs";

/** A shorter payload costs less on the usual way; memory for one that is longer than the second is not kept beside. */
const LARGE = 32 << 10;
const LONGEST = 16 << 20;
/** For what stands before the payload. */
const ROOM = 4 << 10;
const OPEN = 1;
const encoder = new TextEncoder();

/**
 * A promise, or true if the socket has taken it; undefined if nothing was done.
 * @param {import("../hooks.mjs").Hooks} hooks @param {number} topic its number @param {unknown} payload @param {number} flags QoS and retain
 */
export function publish(hooks, topic, payload, flags) {
  const length = typeof payload === "string" ? payload.length : bytesOf(payload);
  if (length < LARGE || length > LONGEST || (flags & 3) !== 0) return;
  // The wire log is shown what the core sends.
  if (!hooks.accepted || hooks.wire !== undefined || hooks.failure !== undefined) return;
  const socket = /** @type {any} */ (hooks).socket?.deref();
  if (socket?.sendBlock === undefined || socket.readyState !== OPEN) return;
  const copy = copied(payload, length);
  if (copy === undefined) return;
  const { block, end } = copy;
  const head = headOf(hooks.number, topic, end - ROOM, flags);
  if (head === undefined) return give(block);
  if (head.length > ROOM) {
    socket.send(head);
    return socket.sendBlock(block, ROOM, end);
  }
  const start = ROOM - head.length;
  block.set(head, start);
  return socket.sendBlock(block, start, end);
}

/** How many bytes it is, if it is bytes. @param {unknown} payload */
function bytesOf(payload) {
  try {
    return payload instanceof Uint8Array ? lengthOf.call(payload) : 0;
  } catch {
    return 0; // a proxy
  }
}

/** The payload in a block, behind the room for its head, if there is memory for it. @param {any} payload @param {number} length */
function copied(payload, length) {
  try {
    let block = take(ROOM + length);
    if (typeof payload !== "string") {
      block.set(payload, ROOM);
      return { block, end: ROOM + length };
    }
    let { read, written } = encoder.encodeInto(payload, block.subarray(ROOM));
    if (read < length) {
      give(block);
      block = take(ROOM + 3 * length);
      written = encoder.encodeInto(payload, block.subarray(ROOM)).written;
    }
    return { block, end: ROOM + written };
  } catch {
    return undefined;
  }
}

/** The bytes that the core writes before a payload; valid until the next call into it. @param {number} client @param {number} topic @param {number} length @param {number} flags */
function headOf(client, topic, length, flags) {
  const wasm = unguarded;
  let place = 0;
  try {
    // The .wasm for pages, which init() may have been given, has no such function.
    place = wasm.bulk_head?.(client, topic, length, flags) ?? 0;
  } catch (cause) {
    fail(cause, instance);
  }
  if (place === 0) return undefined;
  const [address, count] = memoryWords().subarray(place >>> 2);
  return memoryBytes().subarray(address, address + count);
}
