// The calls of a client that publish: a span each, its trace context in the message, and its duration. Owns what a call is
// given in place of the application's options; what is wrong with them is for the client to say.

import { context, SpanKind, trace } from "@opentelemetry/api";
import { failed } from "./conventions.mjs";
import { clock } from "./meters.mjs";
import { extract, inject } from "./propagation.mjs";
import { shielded } from "./shielded.mjs";

const CALLS = {
  publish: ["publish"],
  qpublish: ["qpublish"],
  batch_publish: ["batch_publish", "batchPublish"],
  publish_high_priority: ["publish_high_priority", "publishHighPriority"],
};

/** Whether it is an object literal, or nothing: only of such a one a copy is the same. @param {any} value */
function isPlain(value) {
  if (value == null) return true;
  if (typeof value !== "object" || Array.isArray(value)) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** Whether user properties can be added to these options of a call. @param {any} options */
function takesProperties(options) {
  try {
    return isPlain(options) && isPlain(options?.properties) && isPlain(options?.properties?.userProperties);
  } catch {
    return false; // it cannot be read, of which the client says so
  }
}

/** @param {any} options @param {Record<string, any>} carrier */
const withCarrier = (options, carrier) => ({
  ...options,
  properties: { ...options?.properties, userProperties: carrier },
});

const nextTurn = () => new Promise((resolve) => setTimeout(resolve, 0));

/** The version of a connection of its own has its own place. @param {any} client @param {any} options */
const versionOf = (client, options) => options?.mqttversion ?? client.mqttversion;

export class Publishing {
  #client;
  #tracer;
  #conventions;
  #meters;
  #propagate;
  /** What the client speaks, once it is known. @type {number | undefined} */
  #version;
  /** Publishes of which it is not known yet whether they are refused for their trace context. @type {Set<object>} */
  #undecided = new Set();

  /** @param {any} parts */
  constructor({ client, tracer, conventions, meters, propagate }) {
    this.#client = client;
    this.#tracer = tracer;
    this.#conventions = conventions;
    this.#meters = meters;
    this.#propagate = propagate;
  }

  /** @returns {[string, Function][]} */
  methods() {
    const client = this.#client;
    /** @type {[string, Function][]} */
    const methods = [];
    for (const [name, spellings] of Object.entries(CALLS)) {
      const original = client[name];
      /** @param {unknown} topic @param {unknown} payload @param {any} options */
      const publish = (topic, payload, options) =>
        this.#conventions.isTyped(topic)
          ? original.call(client, topic, payload, options)
          : this.#publish(name, topic, payload, options, (given) =>
              original.call(client, topic, payload, given),
            );
      for (const spelling of spellings) methods.push([spelling, publish]);
    }
    const { request } = client;
    /** Its publish follows later, so its trace context is in the message before. @param {unknown} topic @param {unknown} payload @param {any} options */
    const traced = (topic, payload, options) => {
      const carrier = { ...options?.properties?.userProperties };
      if (!this.#carries(options)) return request.call(client, topic, payload, options);
      shielded(() => inject(context.active(), carrier), undefined);
      return request.call(client, topic, payload, withCarrier(options, carrier));
    };
    methods.push(["request", traced]);
    for (const name of ["flush", "stop"]) {
      const original = client[name];
      /** Behind what is made again. @param {unknown[]} all */
      const behind = async (...all) => {
        if (this.#undecided.size > 0) await nextTurn();
        return original.apply(client, all);
      };
      /** @param {unknown[]} all */
      const call = (...all) => (this.#undecided.size > 0 ? behind(...all) : original.apply(client, all));
      methods.push([name, call]);
    }
    return methods;
  }

  /** Whether a message with these options can have a trace context; it may turn out that the client speaks 3.1.1. @param {any} options */
  #carries(options) {
    if (!this.#propagate || !takesProperties(options)) return false;
    this.#version = versionOf(this.#client, options) ?? this.#version;
    return this.#version !== 4;
  }

  /** @param {string} name @param {unknown} topic @param {unknown} payload @param {any} options @param {(options: any) => Promise<any>} call */
  #publish(name, topic, payload, options, call) {
    // A batch is one message of several items, and items with different properties would be different batches.
    const carries = name !== "batch_publish" && this.#carries(options);
    const begun = shielded(() => this.#begin(name, topic, payload, options, carries), undefined);
    if (begun === undefined) return call(options);
    const { operation, parent, span, seconds } = begun;
    /** @type {Promise<any>} */
    let result;
    if (carries) {
      const carrier = { ...options?.properties?.userProperties };
      shielded(() => inject(trace.setSpan(parent, span), carrier), undefined);
      result = Object.keys(carrier).length === 0 ? call(options) : call(withCarrier(options, carrier));
      if (this.#version === undefined && options?.properties == null)
        result = this.#orWithout(result, call, options);
    } else {
      result = call(options);
    }
    /** @param {unknown} [error] */
    const finish = (error) => {
      const attributes = this.#meters.record("operation", seconds(), operation, error);
      if (name !== "batch_publish") this.#meters.sent.add(1, attributes);
      span.setAttributes({ ...this.#conventions.version() });
      if (error !== undefined) failed(span, error);
      span.end();
    };
    /** @param {unknown} [error] */
    const end = (error) => shielded(() => finish(error), undefined);
    result.then(
      () => end(),
      (error) => end(error ?? new Error("no reason")),
    );
    return result;
  }

  /** Begins the span. @param {string} name @param {any} topic @param {unknown} payload @param {any} options @param {boolean} carries */
  #begin(name, topic, payload, options, carries) {
    const operation = this.#conventions.operation(name, "send", topic);
    const parent = this.#parent(options);
    const kind = carries ? SpanKind.PRODUCER : SpanKind.CLIENT;
    const span = this.#tracer.startSpan(
      this.#conventions.spanName(operation, topic),
      { kind, attributes: operation },
      parent,
    );
    if (span.isRecording()) span.setAttributes(this.#conventions.message(topic, payload, options));
    return { operation, parent, span, seconds: clock() };
  }

  /**
   * A call is refused at once if the client speaks 3.1.1: then it is made again, without what was added.
   * @param {Promise<any>} result
   * @param {(options: any) => Promise<any>} call
   * @param {any} options
   */
  #orWithout(result, call, options) {
    const undecided = {};
    this.#undecided.add(undecided);
    const decide = () => this.#undecided.delete(undecided);
    nextTurn().then(decide);
    const again = result.catch((error) => {
      decide();
      if (error?.code !== "INVALID_OPTION" || this.#client.mqttversion === 5) throw error;
      this.#version = 4;
      return call(options);
    });
    // Nobody need look at it.
    again.catch(() => {});
    return again;
  }

  /** What is active; outside a span, what the message carries already: of a dead letter, or of a request. @param {any} options */
  #parent(options) {
    const active = context.active();
    if (trace.getSpan(active) !== undefined || !takesProperties(options)) return active;
    return extract(active, options?.properties?.userProperties);
  }
}
