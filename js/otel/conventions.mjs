// Names and attributes of spans and metrics, as OpenTelemetry's semantic conventions for messaging have them. Owns what is
// said of a message; never starts a span.

import { diag, SpanStatusCode } from "@opentelemetry/api";

const SYSTEM = "mqtt";
/** By `client.mqttversion`. */
const VERSIONS = /** @type {Record<number, string>} */ ({ 4: "3.1.1", 5: "5.0" });
/** The topics to which the responses of `client.request` come. */
const RESPONSES = "mqttlib/response/";
/** Of a topic of mqtt-lib/topics. */
const TYPED = Symbol.for("mqtt-lib.topic");
/** That are remembered. */
const MOST_TYPED = 100;
/** A shared subscription: its group, and its filter. */
const SHARED = /^\$share\/([^/]+)\/(.+)$/;
const encoder = new TextEncoder();

/** @param {unknown} payload @returns {number | undefined} */
function sizeOf(payload) {
  if (payload == null) return 0;
  if (typeof payload === "object") return /** @type {any} */ (payload).byteLength;
  return encoder.encode(String(payload)).length;
}

/** What `error.type` is: the code that programs compare; those of a DOMException are numbers. @param {any} error @returns {string} */
export const errorType = (error) =>
  typeof error?.code === "string" ? error.code : String(error?.name ?? error?.code ?? "_OTHER");

/** @param {import("@opentelemetry/api").Span} span @param {any} error */
export function failed(span, error) {
  span.setAttribute("error.type", errorType(error));
  span.recordException(error instanceof Error ? error : String(error));
  span.setStatus({ code: SpanStatusCode.ERROR, message: String(error?.message ?? error) });
}

export class Conventions {
  #client;
  #template;
  #attributes;
  /** Topics of mqtt-lib/topics that this client was given: their patterns are templates. @type {Set<any>} */
  #typed = new Set();

  /** @param {any} client @param {((topic: string) => string | undefined) | undefined} template @param {any} attributes */
  constructor(client, template, attributes) {
    this.#client = client;
    this.#template = template;
    this.#attributes = attributes;
  }

  /** Whether it is a topic of mqtt-lib/topics, which calls the method again, with its name or filter. @param {any} topic */
  isTyped(topic) {
    if (typeof topic !== "function" || !(TYPED in topic)) return false;
    if (this.#typed.size < MOST_TYPED) this.#typed.add(topic);
    return true;
  }

  /** What every span and metric of this client has. */
  common() {
    return {
      "messaging.system": SYSTEM,
      "network.protocol.name": SYSTEM,
      ...this.version(),
      ...this.#attributes,
    };
  }

  /** Known once the client has been connected: an operation has it at its end. */
  version() {
    const version = VERSIONS[this.#client.mqttversion];
    return version && { "network.protocol.version": version };
  }

  /** What an operation on a topic is called, of few different values. @param {string} name @param {"send" | "process"} type @param {unknown} topic @param {string} [filter] */
  operation(name, type, topic, filter) {
    const [, group, others = filter] = SHARED.exec(filter ?? "") ?? [];
    const template = this.#low(topic) ?? (others !== topic ? others : undefined);
    return {
      ...this.common(),
      "messaging.operation.name": name,
      "messaging.operation.type": type,
      ...(template !== undefined && { "messaging.destination.template": template }),
      ...(group !== undefined && { "messaging.consumer.group.name": group }),
    };
  }

  /** A template of the topic, of which there are few. @param {unknown} topic @returns {string | undefined} */
  #low(topic) {
    if (typeof topic !== "string") return;
    const own = this.#own(topic);
    if (own !== undefined) return own;
    for (const typed of this.#typed)
      if (typed.match(topic) !== undefined) return typed.pattern.replace(SHARED, "$2");
    return topic.startsWith(RESPONSES) ? `${RESPONSES}{id}` : undefined;
  }

  /** What the application says; that it throws must not keep a message from being sent. @param {string} topic */
  #own(topic) {
    try {
      return this.#template?.(topic);
    } catch (error) {
      diag.error(`mqtt-lib/otel: template threw for the topic ${topic}`, error);
    }
  }

  /** What is said of the message beside its operation. @param {unknown} topic @param {unknown} payload @param {{ qos?: unknown }} [options] */
  message(topic, payload, options) {
    const size = sizeOf(payload);
    return {
      ...(typeof topic === "string" && { "messaging.destination.name": topic }),
      ...(typeof topic === "string" &&
        topic.startsWith(RESPONSES) && { "messaging.destination.temporary": true }),
      ...(size !== undefined && { "messaging.message.body.size": size }),
      "mqtt.qos": Number(options?.qos ?? 0),
    };
  }

  /** @param {Record<string, any>} operation @param {unknown} topic */
  spanName(operation, topic) {
    const destination = operation["messaging.destination.template"] ?? topic;
    const name = operation["messaging.operation.name"];
    return typeof destination === "string" ? `${name} ${destination}` : name;
  }
}
