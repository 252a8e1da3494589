// Where sockets of Node read to: one buffer for all of them, instead of memory that is new with every read, and the memory of
// a large payload that is being received. Owns that buffer; never keeps what is in it: whoever is handed bytes copies those
// that are to outlive the call.

import { ADAPTER } from "../sockets/websocket-adapter.mjs";

const SIZE = 64 << 10;
/** @type {Uint8Array | undefined} */
let shared;

/** Elsewhere a read may have begun on one socket before another one is handed over, or the option is not known. */
const { platform, versions, release } = process;
const SHARES = platform !== "win32" && release.name === "node" && !versions.bun && !versions.deno;

/** Where the socket reads to next whose callback has just been called. @type {Uint8Array | undefined} */
let next;

/**
 * The option of node:net and node:tls. Without it, and for sockets that others have made, a socket has the event `data`.
 * @param {(this: any, bytes: Uint8Array) => boolean | void} received called on the socket, with a view; false: it is to read no more for now
 */
export function sharedReads(received) {
  if (!SHARES) return undefined;
  shared ??= new Uint8Array(SIZE);
  const usual = shared;
  function buffer() {
    const place = next?.length ? next : usual;
    next = undefined;
    return place;
  }
  /** @this {any} @param {number} length @param {Uint8Array} place */
  function callback(length, place) {
    try {
      const goesOn = received.call(this, new Uint8Array(place.buffer, place.byteOffset, length));
      // Node calls `buffer` now.
      next = this[ADAPTER]?.place;
      return goesOn;
    } catch (error) {
      // It would read to the same place again, which may be the application's now.
      this.destroy();
      throw error;
    }
  }
  return { buffer, callback };
}
