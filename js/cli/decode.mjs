// Payloads in binary formats as JSON, for `--decode`. CBOR and MessagePack need a package of their own, which the user installs.

import { createRequire } from "node:module";
import { Failure, UsageError } from "./failure.mjs";

/** @typedef {(payload: Uint8Array) => unknown} Decode */

/** @type {Record<string, () => Promise<Decode>>} */
const DECODERS = {
  cbor: async () => {
    const { decode } = await load(() => import("cborg"), "cborg", "CBOR");
    return (payload) => decode(payload, { useMaps: true, tags: ANY_TAG });
  },
  msgpack: async () => {
    const { decode } = await load(() => import("@msgpack/msgpack"), "@msgpack/msgpack", "MessagePack");
    return (payload) => decode(payload, { useBigInt64: true });
  },
  sparkplug: async () => createRequire(import.meta.url)("mqtt-lib/sparkplug").decodePayload,
};

/** A tag of CBOR that has no type in JSON is shown with its number. */
const ANY_TAG = new Proxy(/** @type {any} */ ({}), {
  get: (_target, /** @type {string} */ tag) => (/** @type {() => unknown} */ decode) => ({
    tag: Number(tag),
    value: decode(),
  }),
});

/** @param {() => Promise<any>} module @param {string} name @param {string} format */
async function load(module, name, format) {
  try {
    return await module();
  } catch (error) {
    if (/** @type {{ code?: string }} */ (error).code !== "ERR_MODULE_NOT_FOUND") throw error;
    throw new Failure(
      `${format} is decoded by a package of its own; install it: npm install ${name} (or: npx -p mqtt-lib -p ${name} mqtt-lib …)`,
    );
  }
}

/** What JSON has no form for: big integers as text, bytes in hexadecimal digits, maps as objects. @param {string} _key @param {any} value */
function plain(_key, value) {
  if (typeof value === "bigint") return `${value}`;
  if (value instanceof Uint8Array) return Buffer.from(value).toString("hex");
  if (value instanceof Map) return Object.fromEntries(value);
  return value;
}

/**
 * What makes JSON text of a payload; undefined if it is in another format.
 * @param {string | undefined} format @returns {Promise<((payload: Uint8Array) => string | undefined) | undefined>}
 */
export async function decoderOf(format) {
  if (format === undefined) return undefined;
  if (!Object.hasOwn(DECODERS, format)) {
    throw new UsageError(`--decode must be ${Object.keys(DECODERS).join(", ")}; "${format}" was given`);
  }
  const decode = await DECODERS[format]();
  return (payload) => {
    try {
      return JSON.stringify(decode(payload), plain);
    } catch {
      return undefined;
    }
  };
}
