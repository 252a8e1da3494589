/**
 * Topics with parameters, codecs and schemas: a client takes one in place of a text, checks what it sends, and gives handlers
 * `message.params` and `message.value`.
 *
 * @module mqtt-lib/topics
 */

import type { Message, Payload, TypedTopic } from "mqtt-lib";

/** How values become payloads, and back. Each function may return a promise. What it throws is a {@link ValidationError}. */
export interface Codec<Input, Output = Input> {
  /** Makes the payload of a value to be published. */
  encode(value: Input): Payload | PromiseLike<Payload>;
  /** Makes the value of a received payload. */
  decode(payload: Uint8Array, message: Message): Output | PromiseLike<Output>;
  /** MQTT 5: the property `contentType` of what is published while a connection of MQTT 5 is there. Default: none. */
  contentType?: string | undefined;
}

/** A schema of the standard of this name, https://standardschema.dev: zod, valibot, arktype, ... */
export interface StandardSchema<Input = unknown, Output = Input> {
  /** What the standard asks for. */
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => StandardResult<Output> | Promise<StandardResult<Output>>;
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
  };
}

/** What a schema answers. */
export type StandardResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly Issue[] };

/** Why a value is not valid. */
export interface Issue {
  /** The reason, in the words of the schema. */
  readonly message: string;
  /** Where in the value: keys, or objects that have one. */
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** What a schema takes. */
type In<Schema> = Schema extends {
  readonly "~standard": { readonly types?: { readonly input: infer Input } | undefined };
}
  ? Input
  : never;
/** What a schema gives. */
type Out<Schema> = Schema extends {
  readonly "~standard": { readonly types?: { readonly output: infer Output } | undefined };
}
  ? Output
  : never;

/** Any value of JSON. */
// biome-ignore lint/suspicious/noExplicitAny: without a schema nothing is known of it
type Json = any;

/** JSON; with a schema, values that it accepts. A type of your own without a check: `json<Reading>()`. */
export const json: Codec<Json> & {
  <Schema extends StandardSchema<Json, Json>>(schema: Schema): Codec<In<Schema>, Out<Schema>>;
  <Value = Json>(): Codec<Value>;
};

/** Text in UTF-8; anything else is refused. */
export const text: Codec<string> & {
  <Schema extends StandardSchema<Json, Json>>(schema: Schema): Codec<In<Schema> & string, Out<Schema>>;
  (): Codec<string>;
};

/** Bytes as they are. */
export const bytes: Codec<ArrayBuffer | ArrayBufferView, Uint8Array> & {
  <Schema extends StandardSchema<Json, Json>>(
    schema: Schema,
  ): Codec<In<Schema> & (ArrayBuffer | ArrayBufferView), Out<Schema>>;
  (): Codec<ArrayBuffer | ArrayBufferView, Uint8Array>;
};

/** The names of the parameters in a pattern. */
type Names<Pattern extends string> = Pattern extends `${string}{${infer Name}}${infer Rest}`
  ? Name | Names<Rest>
  : never;

/** A typed topic. Called with its parameters it gives a topic name. */
export interface Topic<Pattern extends string, Input, Output>
  extends TypedTopic<{ [Name in Names<Pattern>]: string }, Input, Output> {
  /** The topic name with these parameters: numbers, or texts without `/`, `+` and `#`. Otherwise a `TypeError`. */
  (
    ...params: [Names<Pattern>] extends [never]
      ? [params?: Record<string, never>]
      : [params: { readonly [Name in Names<Pattern>]: string | number }]
  ): string;
  /** As it was given. */
  readonly pattern: Pattern;
  /** The parameters of a topic name; `undefined` if it is not one of this topic. */
  match(name: string): { [Name in Names<Pattern>]: string } | undefined;
  /** A received message with `params` and `value`, for what takes texts alone; throws, or rejects, with a {@link ValidationError}. */
  read(
    message: Message,
  ): TypedMessageOf<Topic<Pattern, Input, Output>> | Promise<TypedMessageOf<Topic<Pattern, Input, Output>>>;
}

/** What the handlers of a topic are given: `TypedMessageOf<typeof temperature>`. */
export type TypedMessageOf<T> =
  T extends TypedTopic<infer Params, infer _Input, infer Output>
    ? import("mqtt-lib").TypedMessage<Params, Output>
    : never;

/**
 * A typed topic. In `pattern` a parameter is a whole level, `"sensors/{id}/temperature"`; it may begin with
 * `$share/{a group's name}/` written out, which counts when it is subscribed to. A wrong pattern is a `TypeError`.
 */
export function topic<const Pattern extends string, Input, Output>(
  pattern: Pattern,
  codec: Codec<Input, Output>,
): Topic<Pattern, Input, Output>;

/**
 * A payload that its codec or schema does not accept. What was received fails its handler, so `onFailure` and `deadLetter`
 * decide; what was to be published rejects.
 */
export class ValidationError extends TypeError {
  constructor(message: string, issues: readonly Issue[], cause?: unknown);
  /** Always `"ValidationError"`. */
  name: "ValidationError";
  /** As that of other payloads that cannot be. */
  code: "INVALID_PAYLOAD";
  /** What the schema said; empty if it was the codec. */
  issues: readonly Issue[];
  /** What the codec threw. */
  cause?: unknown;
}
