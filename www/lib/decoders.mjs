// Payloads in binary formats, decoded to indented JSON: CBOR, MessagePack, Sparkplug B, and protobuf by a .proto of the
// user's. A payload that is in another format gives an error that says so.

import { loadCbor, loadMessagePack, loadProtobuf, loadSparkplug } from "./vendor.mjs";

const hex = (/** @type {Uint8Array} */ bytes) =>
  [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join(" ");

/** What JSON has no form for: big integers as text, bytes in hexadecimal digits, maps as objects. */
function plain(/** @type {string} */ _key, /** @type {any} */ value) {
  if (typeof value === "bigint") return String(value);
  if (value instanceof Uint8Array) return hex(value);
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, one]) => [String(key), one]));
  return value;
}

const indented = (/** @type {unknown} */ value) => JSON.stringify(value, plain, 2) ?? String(value);

/** A tag of CBOR that has no type in JSON is shown with its number. */
const ANY_TAG = new Proxy(/** @type {any} */ ({}), {
  get: (_target, /** @type {string} */ tag) => (/** @type {() => unknown} */ decode) => ({
    tag: Number(tag),
    value: decode(),
  }),
});

/** The .proto of the user: the parsed root and the chosen message. @type {{ root: any, type: string } | undefined} */
let schema;

/** Takes a .proto; returns the full names of its messages. @param {string} text */
export async function useProto(text) {
  const protobuf = await loadProtobuf();
  const { root } = protobuf.parse(text, { keepCase: true });
  root.resolveAll();
  const names = /** @type {string[]} */ ([]);
  const walk = (/** @type {any} */ at) => {
    for (const one of at.nestedArray ?? []) {
      if (one instanceof protobuf.Type) names.push(one.fullName.slice(1));
      walk(one);
    }
  };
  walk(root);
  if (names.length === 0) throw new Error("The .proto has no message");
  schema = { root, type: names[0] };
  return names;
}

/** @param {string} name one of those that useProto() has returned */
export function useMessage(name) {
  if (schema) schema.type = name;
}

export const chosenMessage = () => schema?.type;

/** @type {Record<string, (payload: Uint8Array) => Promise<string>>} */
export const DECODERS = {
  CBOR: async (payload) => {
    const { decode } = await loadCbor();
    return indented(decode(payload, { useMaps: true, tags: ANY_TAG }));
  },
  MessagePack: async (payload) => {
    const { decode } = await loadMessagePack();
    return indented(decode(payload, { useBigInt64: true }));
  },
  "Sparkplug B": async (payload) => {
    const { decodePayload } = await loadSparkplug();
    return indented(decodePayload(payload));
  },
  Protobuf: async (payload) => {
    if (!schema) return "Choose a .proto file above: its first message is used.";
    const Type = schema.root.lookupType(schema.type);
    return indented(Type.toObject(Type.decode(payload), { longs: String, enums: String, bytes: Uint8Array }));
  },
};

/** Decodes, or says why not. @param {string} name one of DECODERS @param {Uint8Array} payload */
export async function decoded(name, payload) {
  try {
    return await DECODERS[name](payload);
  } catch (error) {
    return `This is not ${name}: ${error instanceof Error ? error.message : error}`;
  }
}
