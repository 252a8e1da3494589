// Gives the checksums of the store the CRC-32 of Node, many times as fast, where Node has it (20.15, 22.2).

import * as zlib from "node:zlib";
import { useNative } from "./checksum.mjs";

export function useNativeChecksum() {
  const { crc32 } = /** @type {any} */ (zlib);
  if (crc32) useNative(crc32);
}
