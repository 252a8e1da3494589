// The checksum of everything that a store keeps: CRC-32, continued from a seed. The seed of a value contains the client id
// and the key, so that a value under another key, or of another client, does not match either. Never keeps anything.

/** Below, the call costs more than it saves. */
const MIN_NATIVE = 64;
const TABLE = new Uint32Array(256).map((_, n) => {
  for (let k = 0; k < 8; k++) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1;
  return n;
});

/** @type {((bytes: Uint8Array, seed: number) => number) | undefined} */
let native;

/** @param {(bytes: Uint8Array, seed: number) => number} crc32 */
export function useNative(crc32) {
  native = crc32;
}

/** CRC-32 of `bytes` behind those of which `seed` is the CRC-32. @param {Uint8Array} bytes @param {number} seed */
export function checksum(bytes, seed) {
  if (native && bytes.length > MIN_NATIVE) return native(bytes, seed >>> 0);
  let crc = ~seed;
  for (let i = 0; i < bytes.length; i++) crc = TABLE[(crc ^ bytes[i]) & 255] ^ (crc >>> 8);
  return ~crc >>> 0;
}

/** The seed for everything of a client. @param {string} clientId */
export const ownerOf = (clientId) => checksum(new TextEncoder().encode(clientId), 0);

/** The checksum of a value under its key. @param {Uint8Array} value @param {number} key @param {number} owner */
export const sumOf = (value, key, owner) =>
  checksum(value, owner ^ key ^ Math.imul(key / 2 ** 32, 0x9e3779b1));
