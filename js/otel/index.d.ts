/**
 * OpenTelemetry for a client, by the semantic conventions for messaging: spans, W3C trace context in MQTT 5 user
 * properties, metrics. It needs a package: `npm install @opentelemetry/api`.
 *
 * @packageDocumentation
 */

import type { Attributes, Context, Meter, Tracer } from "@opentelemetry/api";
import type { Message, MqttCustom } from "mqtt-lib";

/** Options of {@link instrument}. */
export interface InstrumentOptions {
  /** Makes the spans. Default: `trace.getTracer("mqtt-lib")`. */
  tracer?: Tracer | undefined;
  /** Makes the metrics. Default: `metrics.getMeter("mqtt-lib")`. */
  meter?: Meter | undefined;
  /**
   * A template of a topic, such as `"sensors/{id}"` for `"sensors/17"`, or `undefined`: `messaging.destination.template`, in
   * the names of spans and in metrics, where topics as they are would be too many. Default: the filter of the subscription,
   * where it has wildcards; the pattern of a typed topic; of another publish none.
   */
  template?: ((topic: string) => string | undefined) | undefined;
  /** Further attributes of every span and metric, such as `server.address` and `messaging.client.id`. Default: none. */
  attributes?: Attributes | undefined;
  /** Whether messages carry the trace context (MQTT 5). Default: `true`. */
  propagate?: boolean | undefined;
}

/** What {@link instrument} returns. */
export interface Instrumentation {
  /** Ends it: the client's methods are its own again. Handlers that are subscribed keep their spans. */
  remove(): void;
  /** The same as `remove()`, for `using`. */
  [Symbol.dispose](): void;
}

/**
 * Gives a client spans and metrics. Call it before the client subscribes. A second call for a client takes the place of the
 * first. Throws a `TypeError` with the code `"INVALID_OPTION"` for a wrong option, or if `client` is none.
 */
export function instrument(client: MqttCustom, options?: InstrumentOptions | null): Instrumentation;

/**
 * The context of a message: in a handler or loop of an instrumented client that of its span, otherwise that of its publisher.
 * For `context.with(messageContext(message), work)` where no context manager makes it the active one, as in a loop.
 */
export function messageContext(message: Message): Context;
