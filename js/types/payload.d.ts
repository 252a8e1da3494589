// What can be published and what is received: the values of JavaScript that stand for bytes.

/** Any value. */
// biome-ignore lint/suspicious/noExplicitAny: what JSON and typed topics hold is the user's to know
export type Any = any;

/** Quality of service (§4.3): 0 at most once, 1 at least once, 2 exactly once. */
export type QoS = 0 | 1 | 2;

/** Bytes that belong to whoever holds them. */
export type Bytes = ReturnType<Uint8Array["slice"]>;

/**
 * What can be published. Text is sent as UTF-8, numbers and booleans as JavaScript writes them,
 * `null` and `undefined` as an empty payload (§3.3.3). A plain object is a `TypeError` with the code
 * `"INVALID_PAYLOAD"`: use `JSON.stringify`.
 */
export type Payload = string | number | boolean | ArrayBuffer | ArrayBufferView | null | undefined;

/**
 * What can be an item of a batch: any JSON value, judged by its type. `never` for bytes, functions,
 * symbols, bigints and `undefined`, which are a `TypeError` with the code `"INVALID_PAYLOAD"`, as is
 * a value that contains itself.
 */
export type BatchItem<Item> = Item extends
  | ArrayBuffer
  | ArrayBufferView
  | ((...args: never[]) => unknown)
  | symbol
  | bigint
  | undefined
  ? never
  : Item;
