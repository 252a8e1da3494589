// Memory for bytes on their way to a socket, which is used again: what is new costs more than a copy. Owns what is free, and how
// much of it is kept; knows nothing of what is in it.

import { clearTimeout, setTimeout } from "../clock.mjs";
import { allocate } from "./payload-memory.mjs";

/** How many bytes are kept at most: twice of what a socket is given before it has to take some. */
const MOST = 8 << 20;
const STEP = 64 << 10;
/** How long after the last use all blocks are let go. */
const IDLE_MS = 1000;

/** The block that was used last, and may still be in the processor's cache, is the last. @type {Uint8Array[]} */
const free = [];
let kept = 0;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;

/** A block of at least `length` bytes, and not of many more. @param {number} length */
export function take(length) {
  for (let i = free.length - 1; i >= 0; i--) {
    const block = free[i];
    if (block.length < length || block.length > 2 * length + STEP) continue;
    free.splice(i, 1);
    kept -= block.length;
    return block;
  }
  return allocate(Math.ceil(length / STEP) * STEP);
}

/** Nobody uses the block any more. @param {Uint8Array} block */
export function give(block) {
  free.push(block);
  kept += block.length;
  while (kept > MOST) kept -= /** @type {Uint8Array} */ (free.shift()).length;
  clearTimeout(timer);
  timer = setTimeout(() => {
    free.length = kept = 0;
  }, IDLE_MS);
  /** @type {any} */ (timer.id).unref?.();
}
