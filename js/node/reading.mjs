// Where sockets of Node read to: one buffer for all of them, instead of memory that is new with every read. Owns that buffer;
// never keeps what is in it: whoever is handed bytes copies those that are to outlive the call.

const SIZE = 64 << 10;
/** @type {Uint8Array | undefined} */
let shared;

/** Elsewhere a read may have begun on one socket before another one is handed over, or the option is not known. */
const { platform, versions, release } = process;
const SHARES = platform !== "win32" && release.name === "node" && !versions.bun && !versions.deno;

/**
 * The option of node:net and node:tls. Without it, and for sockets that others have made, a socket has the event `data`.
 * @param {(this: any, bytes: Uint8Array) => boolean | void} received called on the socket, with a view; false: it is to read no more for now
 */
export function sharedReads(received) {
  if (!SHARES) return undefined;
  shared ??= new Uint8Array(SIZE);
  const buffer = shared;
  /** @this {any} @param {number} length */
  function callback(length) {
    return received.call(this, new Uint8Array(buffer.buffer, 0, length));
  }
  return { buffer, callback };
}
