// The messages of a client: a span for each call of a handler, a callback or a listener, and for each turn of a loop. The
// publisher's span is its parent, and it is the active one in the handler. Owns which function stands for which handler.

import { context, ROOT_CONTEXT, SpanKind, trace } from "@opentelemetry/api";
import { topicMatches } from "../topic-matches.mjs";
import { failed } from "./conventions.mjs";
import { clock } from "./meters.mjs";
import { extract } from "./propagation.mjs";
import { shielded } from "./shielded.mjs";

/** On a message: the context of the last span that was begun for it. A registered symbol, as `import` and `require` give two copies of this file. */
const CONTEXT = Symbol.for("mqtt-lib.otel.context");

/** @param {any} message @returns {import("@opentelemetry/api").Context} */
export function messageContext(message) {
  return message?.[CONTEXT] ?? extract(ROOT_CONTEXT, message?.properties?.userProperties);
}

/** Of a handler, that are remembered for the names of its spans. */
const MOST_FILTERS = 100;

/** The topic filters of the first argument of `subscribe`; of many, the first ones. @param {any} topics @returns {string[]} */
function filtersOf(topics) {
  try {
    const all = typeof topics === "object" && !Array.isArray(topics) ? Object.keys(topics) : topics;
    const first = Array.isArray(all) ? all.slice(0, MOST_FILTERS + 1) : [all];
    return first.filter((filter) => typeof filter === "string");
  } catch {
    return []; // the client says that it cannot be read
  }
}

/**
 * What stands for a handler, for how long as there is one: the same function given again is one handler.
 * @typedef {{ call: Function, target: Function, filters: Set<string> }} Stand
 */

export class Receiving {
  #client;
  #tracer;
  #conventions;
  #meters;
  /** @type {WeakMap<Function, Stand>} */
  #stands = new WeakMap();
  /** By listener of "message". @type {WeakMap<object, Function>} */
  #listeners = new WeakMap();
  /** The responder whose subscription is being made. @type {Function | undefined} */
  #responder;
  /** Whether the client's own handlers are being added, of which there are no spans. */
  #own = false;
  /** @type {any} */
  #onMessage;

  /** @param {any} parts */
  constructor({ client, tracer, conventions, meters }) {
    this.#client = client;
    this.#tracer = tracer;
    this.#conventions = conventions;
    this.#meters = meters;
  }

  /** @returns {[string, Function][]} */
  methods() {
    const client = this.#client;
    const { subscribe, addHandler, messages, snapshot, respond, addEventListener, removeEventListener } =
      client;
    const of = Object.getPrototypeOf(client);
    /** @param {unknown} topics @param {any} options @param {any} handler */
    const subscribing = (topics, options, handler) => {
      if (this.#conventions.isTyped(topics)) return subscribe.call(client, topics, options, handler);
      const filters = filtersOf(topics);
      const isShort = typeof options === "function" && handler === undefined;
      if (isShort) return subscribe.call(client, topics, this.#standFor(options, filters));
      return subscribe.call(client, topics, options, this.#standFor(handler, filters));
    };
    /** @type {[string, Function][]} */
    const methods = [
      ["subscribe", subscribing],
      ["subscribe_topics", subscribing],
      ["subscribeTopics", subscribing],
      [
        "addHandler",
        (/** @type {any} */ filter, /** @type {any} */ handler, /** @type {any} */ options) => {
          const isTraced = typeof handler === "function" && !this.#own && !this.#conventions.isTyped(filter);
          const call = isTraced ? this.#traced(() => handler, new Set([filter])) : handler;
          return addHandler.call(client, filter, call, options);
        },
      ],
      [
        "messages",
        (/** @type {any} */ filter, /** @type {any} */ options) => {
          const loop = messages.call(client, filter, options);
          return this.#conventions.isTyped(filter) ? loop : this.#loop(loop, filter);
        },
      ],
      [
        "snapshot",
        (/** @type {any[]} */ ...all) => {
          this.#own = true;
          try {
            return snapshot.apply(client, all);
          } finally {
            this.#own = false;
          }
        },
      ],
      [
        "respond",
        (/** @type {any} */ filter, /** @type {any} */ handler, /** @type {any} */ options) => {
          this.#responder = typeof handler === "function" ? handler : undefined;
          try {
            return respond.call(client, filter, handler, options);
          } finally {
            this.#responder = undefined;
          }
        },
      ],
      [
        "addEventListener",
        (/** @type {string} */ type, /** @type {any} */ listener, /** @type {any} */ options) =>
          addEventListener.call(
            client,
            type,
            type === "message" ? this.#listener(listener) : listener,
            options,
          ),
      ],
      [
        "removeEventListener",
        (/** @type {string} */ type, /** @type {any} */ listener, /** @type {any} */ options) => {
          removeEventListener.call(client, type, listener, options);
          const stand = type === "message" ? this.#listeners.get(listener) : undefined;
          if (stand !== undefined) removeEventListener.call(client, type, stand, options);
        },
      ],
    ];
    return methods.filter(([name]) => name in of);
  }

  /** The callback for messages, under both names: the application sees its own function, the client what stands for it. @returns {[string, PropertyDescriptor][]} */
  callbacks() {
    const client = this.#client;
    this.#onMessage = client.on_message ?? null;
    const names = ["on_message", "onMessage"];
    const property = this.#inherited("on_message");
    /** @param {any} callback */
    const assign = (callback) => {
      property?.set?.call(client, this.#standFor(callback, []));
      this.#onMessage = callback ?? null;
    };
    if (this.#onMessage !== null) assign(this.#onMessage);
    return names.map((name) => [name, { get: () => this.#onMessage, set: assign }]);
  }

  /** @param {string} name */
  #inherited(name) {
    for (let at = Object.getPrototypeOf(this.#client); at !== null; at = Object.getPrototypeOf(at)) {
      const property = Object.getOwnPropertyDescriptor(at, name);
      if (property !== undefined) return property;
    }
  }

  /** The instance has its own members again: gives the callback back. */
  end() {
    if (this.#onMessage !== null) this.#client.on_message = this.#onMessage;
  }

  /** @param {any} given @param {string[]} filters */
  #standFor(given, filters) {
    const responder = this.#responder;
    if (typeof given !== "function") return given;
    const key = responder ?? given;
    const stand = this.#stands.get(key) ?? this.#makeStand(given);
    this.#stands.set(key, stand);
    // What answers the requests of a responder is made anew for each call.
    stand.target = given;
    for (const filter of filters) {
      stand.filters.delete(filter);
      stand.filters.add(filter);
    }
    for (const oldest of stand.filters) {
      if (stand.filters.size <= MOST_FILTERS) break;
      stand.filters.delete(oldest);
    }
    return stand.call;
  }

  /** @param {Function} target @returns {Stand} */
  #makeStand(target) {
    /** @type {Stand} */
    const stand = { target, filters: new Set(), call: target };
    stand.call = this.#traced(() => stand.target, stand.filters);
    return stand;
  }

  /** @param {() => Function} handler @param {Set<any>} filters */
  #traced(handler, filters) {
    const receiving = this;
    /** @this {any} @param {any} client @param {any} userdata @param {any} message */
    return function (client, userdata, message) {
      const filter = [...filters].find((one) => typeof one === "string" && topicMatches(one, message.topic));
      return receiving.#handle(message, filter, () => handler().call(this, client, userdata, message));
    };
  }

  /** @param {any} listener */
  #listener(listener) {
    if ((typeof listener !== "function" && typeof listener !== "object") || listener === null)
      return listener;
    const receiving = this;
    const known = this.#listeners.get(listener);
    /** @this {any} @param {any} event */
    const stand = function (event) {
      const call = () =>
        typeof listener === "function" ? listener.call(this, event) : listener.handleEvent(event);
      return event.message === undefined ? call() : receiving.#handle(event.message, undefined, call);
    };
    if (known === undefined) this.#listeners.set(listener, stand);
    return known ?? stand;
  }

  /**
   * Begins the span of a message.
   * @param {any} message
   * @param {string | undefined} filter
   * @returns {{ active: import("@opentelemetry/api").Context, end: (...errors: any[]) => void }}
   */
  #begin(message, filter) {
    return shielded(() => this.#beginSpan(message, filter), { active: context.active(), end() {} });
  }

  /** @param {any} message @param {string | undefined} filter */
  #beginSpan(message, filter) {
    const operation = this.#conventions.operation("process", "process", message.topic, filter);
    // Not what was active when the socket was made.
    const parent = extract(ROOT_CONTEXT, message.properties?.userProperties);
    const origin = trace.getSpanContext(parent);
    const isRemote = origin?.isRemote === true;
    const span = this.#tracer.startSpan(
      this.#conventions.spanName(operation, message.topic),
      { kind: SpanKind.CONSUMER, attributes: operation, ...(isRemote && { links: [{ context: origin }] }) },
      parent,
    );
    if (span.isRecording())
      span.setAttributes(this.#conventions.message(message.topic, message.payload, message));
    const seconds = clock();
    const active = trace.setSpan(parent, span);
    Object.defineProperty(message, CONTEXT, { value: active, configurable: true });
    let ended = false;
    /** @param {any[]} errors one, or none */
    const end = (...errors) => {
      if (ended) return;
      ended = true;
      shielded(() => finish(errors), undefined);
    };
    /** @param {any[]} errors */
    const finish = (errors) => {
      const [error] = errors;
      const thrown = errors.length > 0 ? (error ?? new Error("no reason")) : undefined;
      const attributes = this.#meters.record("process", seconds(), operation, thrown);
      this.#meters.consumed.add(1, attributes);
      span.setAttributes({ ...this.#conventions.version() });
      if (thrown !== undefined) failed(span, thrown);
      span.end();
    };
    return { active, end };
  }

  /** @param {any} message @param {string | undefined} filter @param {() => any} call */
  #handle(message, filter, call) {
    const { active, end } = this.#begin(message, filter);
    let result;
    try {
      result = context.with(active, call);
    } catch (error) {
      end(error);
      throw error;
    }
    if (typeof result?.then !== "function") {
      end();
      return result;
    }
    // Its `then` is called once: that of a query begins it.
    const settled = Promise.resolve(result);
    settled.then(() => end(), end);
    return settled;
  }

  /** A message is processed until the loop asks for the next one. @param {any} loop @param {any} filter */
  #loop(loop, filter) {
    /** @type {(() => void)[]} */
    const open = [];
    const endAll = () => {
      for (const end of open.splice(0)) end();
    };
    const traced = {
      next: async () => {
        open.shift()?.();
        const result = await loop.next();
        if (result.done) endAll();
        else open.push(this.#begin(result.value, filter).end);
        return result;
      },
      return: async () => {
        endAll();
        return loop.return();
      },
      [Symbol.asyncIterator]: () => traced,
    };
    return traced;
  }
}
