// Memory for large payloads that are received. Owns how Node gets it; never what becomes of it.

/** From here on the memory of a payload costs more than its bytes, if it is new. */
const COSTLY = 128 << 10;
/**
 * The allocator of the GNU C library gives freed memory back to the system, which then costs a fault for each 4 KiB when it is
 * taken again: more than half of the time of a payload of 1 MiB. It keeps blocks up to the longest that has been freed, of
 * 32 MiB at most; elsewhere this does nothing. Nothing is written to it, so that the system has nothing to give.
 */
const LONGEST = 33_000_000;
let begun = false;

/** All of it is written before anybody reads it. @param {number} length */
export function allocate(length) {
  if (length >= COSTLY && !begun) {
    begun = true;
    Buffer.allocUnsafeSlow(LONGEST);
  }
  return new Uint8Array(Buffer.allocUnsafeSlow(length).buffer);
}
