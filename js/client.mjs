// The class `MqttCustom`. Owns what only JavaScript can do: queueing calls until the wasm is loaded, creating promises
// cheaply, one shared promise for the QoS 0 publishes of a turn, iterators, both spellings of names. Simple cases take the
// fast path; all others go to the core, which handles or rejects them. Never validates arguments itself.

import { MqttCustom as Core, publish_high_priority as oneShot, refusal, stat } from "../pkg/mqtt_lib.js";
import { AddedHandlers } from "./added-handlers.mjs";
import { performance } from "./clock.mjs";
import { copyOptions, copyPayload, copyTopics, EarlyCalls } from "./early-calls.mjs";
import { atCall, MqttError, noFunction } from "./errors.mjs";
import { announce, CLOSE, DISCONNECT, ERROR, Events, LISTENS, LOGGER, STATE, THROWN } from "./events.mjs";
import { jsonText, publishFlags, QUEUE, topicNumber, writePayload } from "./fast-path.mjs";
import { handledBy } from "./handling.mjs";
import { common, Hooks } from "./hooks.mjs";
import { keyOf } from "./identity.mjs";
import { Latency } from "./latency.mjs";
import { isLimited, limited } from "./limits.mjs";
import { Loops } from "./messages.mjs";
import { addCamelCase, CALLBACKS, METHODS, originalNames } from "./names.mjs";
import * as operation from "./operations.mjs";
import { quiet, rejected } from "./pending.mjs";
import { Requests, respond } from "./request.mjs";
import { BUFFERED, fastPath, load, PENDING, ready } from "./runtime.mjs";
import { snapshot } from "./snapshot.mjs";
import { instance, onFailure, orFailure } from "./trap.mjs";

/** Keeps clients that are in use from being collected, also when the user has no reference to them. @type {Set<MqttCustom>} */
const alive = new Set();

onFailure((error, of) => {
  for (const client of [...alive]) client[FAIL](error, of);
});

/** For failures before the core is loaded, and of the core itself, which otherwise prints its own warnings. @param {string} text @param {unknown} detail */
function warn(text, detail) {
  try {
    // biome-ignore lint/suspicious/noConsole: a failure is never silent, and on_error is not set
    console.warn(text, detail);
  } catch {
    // Others are not to suffer from a console that throws.
  }
}

/** Whether the core needs its part for a store. @param {any} options */
function asksForStore(options) {
  try {
    return Boolean(options?.credentials?.store);
  } catch {
    // The core rejects them.
    return false;
  }
}

/** Ends a client whose WebAssembly has failed. */
const FAIL = Symbol("fail");

/** What a topic of js/topics/ calls when a method is given one. */
const TYPED = Symbol.for("mqtt-lib.topic");

/** @param {any} topic */
function isTyped(topic) {
  try {
    return typeof topic === "function" && TYPED in topic;
  } catch {
    return false; // what cannot be read, of which the core says so
  }
}

/** The URL of the last attempt, with what may be a secret. */
export const ADDRESS = Symbol("url");

export class MqttCustom extends Events {
  /** @type {Core | null} */
  #core = null;
  #hooks;
  /** @type {any} */
  #options;
  /** Callbacks by original name. @type {Record<string, any>} */
  #callbacks = {};
  /** Resolves when the output of this turn has been sent. @type {Promise<void> | null} */
  #turn = null;
  /** @type {Promise<void> | null} */
  #loading = null;
  /** Calls made before the wasm is loaded. @type {EarlyCalls | null} */
  #early = null;
  /** @type {Loops | null} */
  #loops = null;
  /** @type {Requests | null} */
  #requests = null;
  /** @type {AddedHandlers | null} */
  #added = null;
  /** Filters that `subscribe` has asked for. @type {Set<unknown>} */
  #asked = new Set();

  /** @param {unknown} [options] */
  constructor(options) {
    super();
    this.#options = originalNames(options);
    for (const name of CALLBACKS) this.#callbacks[name] = this.#options?.[name] ?? null;
    this.#hooks = new Hooks(this, this.#options);
    if (ready(asksForStore(this.#options))) this.#begin();
    else if (this.#autostart) quiet(this.#load());
  }

  get #autostart() {
    return this.#options?.autostart !== false;
  }

  /** The core, unless it has failed. */
  get #live() {
    return this.#hooks.failure === undefined ? this.#core : null;
  }

  /** An instance has failed: if it has this client, rejects everything pending, and reports the error to `on_error`. @param {Error} error @param {object} of */
  [FAIL](error, of) {
    if (this.#hooks.instance !== of) return;
    alive.delete(this);
    this.#requests?.end(error);
    this.#loops?.end(error);
    const wasConnected = this.#hooks.failAll(error);
    this.#report(error);
    if (wasConnected) this.#reportEnd(error);
    const { userdata } = this.#hooks;
    announce(this, STATE, [userdata, operation.STOPPED]);
    announce(this, CLOSE, [userdata]);
  }

  /** @param {string} type @param {unknown} thrown */
  [THROWN](type, thrown) {
    const name = type === "error" ? "on_error" : `a listener of "${type}"`;
    if (this.#live === null) warn(`mqtt-lib: ${name} threw:`, thrown);
    else this.#hooks.inbound.report(this, name, thrown);
  }

  get [LOGGER]() {
    return this.#hooks.logger;
  }

  get [ADDRESS]() {
    return this.#hooks.url;
  }

  /** @param {string} type */
  [LISTENS](type) {
    if (type === "message") this.#hooks.inbound.listen();
  }

  /** Its instance has failed: makes a core in another one, with the options and callbacks, and without anything else. */
  #renew() {
    this.#hooks = new Hooks(this, this.#options);
    this.#hooks.inbound.listen();
    this.#added?.end();
    this.#loops = this.#requests = this.#added = null;
    this.#asked.clear();
    this.#begin();
  }

  /** Creates the core, which validates the options and connects. The wasm is loaded. */
  #begin() {
    const hooks = this.#hooks;
    const given = this.#options ?? {};
    // With the callbacks as they are now. Anything but an object is left for the validator to reject.
    const options =
      typeof given === "object" && !Array.isArray(given)
        ? {
            ...given,
            ...this.#callbacks,
            on_connect: this.#forCore("on_connect", this.#callbacks.on_connect),
          }
        : given;
    /** @type {Core} */
    let core;
    ready();
    try {
      core = new Core(options, hooks);
    } catch (error) {
      throw atCall()(error);
    }
    this.#core = core;
    hooks.inbound.on_message = this.#callbacks.on_message;
    if (this.#autostart) alive.add(this);
    return core;
  }

  /** Loads the wasm and creates the core. A failure is reported to `on_error`; the next call tries again. */
  #load() {
    alive.add(this);
    this.#loading ??= load(asksForStore(this.#options))
      .then(() => {
        const core = this.#core ?? this.#begin();
        this.#takeEarly()?.run(core);
      })
      .catch((error) => {
        this.#loading = null;
        alive.delete(this);
        this.#report(error);
        this.#takeEarly()?.reject(error);
        throw error;
      });
    return this.#loading;
  }

  #takeEarly() {
    const early = this.#early;
    this.#early = null;
    return early;
  }

  /** @param {unknown} error */
  #report(error) {
    const { on_error } = this.#callbacks;
    const { userdata } = this.#hooks;
    try {
      if (typeof on_error === "function") on_error(this, userdata, error);
      if (announce(this, ERROR, [userdata, error]).length === 0 && typeof on_error !== "function")
        warn("mqtt-lib (set on_error to handle this):", error);
    } catch (thrown) {
      warn("mqtt-lib: on_error itself threw:", thrown);
    }
  }

  /** The accepted connection has ended with the core. @param {unknown} error */
  #reportEnd(error) {
    try {
      this.#callbacks.on_disconnect?.(this, this.#hooks.userdata, LOST, error);
    } catch (thrown) {
      this.#report(
        new MqttError("on_disconnect threw; fix the callback", "CALLBACK_FAILED", undefined, thrown),
      );
    }
    announce(this, DISCONNECT, [this.#hooks.userdata, LOST, error]);
  }

  /** Queues a call until the wasm is loaded. @template T @param {(core: Core) => Promise<T>} call @param {boolean} [bounded] @returns {Promise<T>} */
  #later(call, bounded = true) {
    this.#early ??= new EarlyCalls();
    const result = this.#early.add(call, bounded);
    quiet(this.#load());
    return result;
  }

  /** @template T @param {(core: Core) => Promise<T>} call @param {boolean} [bounded] @returns {Promise<T>} */
  #with(call, bounded) {
    const core = this.#core;
    return core === null ? this.#later(call, bounded) : this.#orFailure(() => call(core));
  }

  /** @template T @param {() => Promise<T>} call @param {boolean} [traced] @returns {Promise<T>} */
  #orFailure(call, traced) {
    return orFailure(this.#hooks.instance ?? instance, call, traced);
  }

  /** Sends the output of all calls of this turn at its end; the promise is that of the turn's QoS 0 publishes. */
  #endOfTurn() {
    this.#turn ??= Promise.resolve().then(() => {
      this.#turn = null;
      fastPath.drain(this.#hooks.number);
    });
    return this.#turn;
  }

  /** Without limits it rejects with the first failure; with one it waits over failed attempts. @param {unknown} [options] @returns {Promise<void>} */
  start(options) {
    if (!isLimited(options)) return this.#start();
    /** @type {any} */
    let cause;
    const started = this.#limit(options, () =>
      this.#start().catch((error) => {
        cause = error;
        return this.#connection(error);
      }),
    );
    const why = (/** @type {any} */ late) => {
      if (cause && late?.code === "TIMEOUT") late.message += `: ${cause.message}`;
      throw late;
    };
    return quiet(started.catch(why));
  }

  #start() {
    if (this.#hooks.failure !== undefined) this.#renew();
    return this.#with((core) => {
      alive.add(this);
      return core.call(operation.START);
    }, false);
  }

  /** Resolves with the next connection; rejects if the client stops before. @param {unknown} error why there is none yet */
  #connection(error) {
    return new Promise((resolve, reject) => {
      const look = () => {
        if (this.connected) resolve(undefined);
        else if (this.state === operation.STOPPED) reject(error);
        else return;
        this.removeEventListener("statechange", look);
      };
      this.addEventListener("statechange", look);
      look();
    });
  }

  /** A publish or `start` with limits. @param {unknown} options @param {(others: any) => Promise<any>} call @returns {Promise<any>} */
  #limit(options, call) {
    let token = 0;
    let ended = false;
    /** @param {any} others */
    const begin = (others) => {
      const promise = call(others);
      token = stat(this.#hooks.number, operation.LAST_TOKEN);
      return promise;
    };
    /** @param {any} others @returns {Promise<any>} */
    const later = (others) => this.#later(() => (ended ? Promise.resolve() : begin(others)));
    return limited(options, this.#core === null ? later : begin, () => {
      ended = true;
      operation.act(this.#hooks.number, operation.WITHDRAW, undefined, undefined, token);
    });
  }

  /** Rejects for a wrong argument only. @param {unknown} [options] @returns {Promise<void>} */
  stop(options) {
    // Everything has ended by itself.
    if (this.#hooks.failure !== undefined) return Promise.resolve();
    if (this.#core !== null) return quiet(this.#stop(this.#core, options));
    if (this.#loading === null) return Promise.resolve();
    const stopped = this.#later((core) => this.#stop(core, options), false);
    return quiet(
      stopped.catch((error) => {
        // If the wasm could not be loaded there is nothing to stop.
        if (this.#core !== null) throw error;
      }),
    );
  }

  [Symbol.asyncDispose ?? "asyncDispose"]() {
    return this.stop();
  }

  /** @param {Core} core @param {unknown} options */
  async #stop(core, options) {
    /** @type {Promise<void> | undefined} */
    let accepted;
    const stopping = this.#orFailure(() => {
      accepted = core.call(operation.STOP, options);
      return accepted;
    });
    // After a wrong argument it is rejected by now, and nothing is stopped.
    await Promise.race([accepted, undefined]);
    this.#requests?.end();
    this.#loops?.stop();
    this.#hooks.inbound.stop();
    await stopping;
    if (this.state !== operation.STOPPED) return;
    alive.delete(this);
    this.#loops?.end();
  }

  /** @param {unknown} topic @param {unknown} [payload] @param {unknown} [options] @returns {Promise<void>} */
  publish(topic, payload, options) {
    return this.#publish(topic, payload, options, 0);
  }

  /** @param {unknown} topic @param {unknown} [payload] @param {unknown} [options] @returns {Promise<void>} */
  qpublish(topic, payload, options) {
    return this.#publish(topic, payload, options, QUEUE);
  }

  /**
   * Makes no closure, and leaves to other methods what is rare: V8 compiles what it calls into one piece up to a size.
   * @param {any} topic @param {unknown} payload @param {unknown} options @param {number} kind @returns {Promise<void>}
   */
  #publish(topic, payload, options, kind) {
    if (typeof topic !== "string" || this.#core === null)
      return this.#publishOther(topic, payload, options, kind);
    const flags = publishFlags(options);
    const number = flags < 0 ? -1 : topicNumber(topic);
    const length = number < 0 ? -1 : writePayload(payload);
    if (length < 0) return this.#publishInFull(topic, payload, options, kind, flags);
    const { number: client, pending } = this.#hooks;
    const token = pending.next();
    const published = fastPath.publish(client, number, length, flags | kind, token);
    return published === BUFFERED ? this.#endOfTurn() : this.#published(published, token, kind);
  }

  /** @param {number} published @param {number} token @param {number} kind @returns {Promise<void>} */
  #published(published, token, kind) {
    const hooks = this.#hooks;
    if (published !== PENDING) return rejected(hooks.failure ?? atCall()(refusal(hooks.number)));
    this.#endOfTurn();
    const promise = hooks.pending.commit(token);
    if (kind !== QUEUE && hooks.accepted) {
      hooks.latency ??= new Latency();
      hooks.latency.time(promise);
    }
    return promise;
  }

  /** Before there is a core, with a typed topic, or with what is no topic. @param {any} topic @param {unknown} payload @param {unknown} options @param {number} kind @returns {Promise<void>} */
  #publishOther(topic, payload, options, kind) {
    if (isTyped(topic)) return topic[TYPED](this, kind === QUEUE ? "qpublish" : "publish", payload, options);
    if (this.#core === null) return this.#publishLater(topic, payload, options, kind);
    return this.#publishInFull(topic, payload, options, kind, publishFlags(options));
  }

  /** @param {unknown} topic @param {unknown} payload @param {unknown} options @param {number} kind @returns {Promise<void>} */
  #publishLimited(topic, payload, options, kind) {
    return this.#limit(options, (others) => this.#publish(topic, payload, others, kind));
  }

  /** @param {unknown} topic @param {unknown} payload @param {unknown} options @param {number} kind @returns {Promise<void>} */
  #publishLater(topic, payload, options, kind) {
    const [copy, choice] = [copyPayload(payload), copyOptions(options)];
    if (isLimited(choice)) return this.#publishLimited(topic, copy, choice, kind);
    return this.#later(() => this.#publish(topic, copy, choice, kind));
  }

  /** What the fast path does not take: `flags` says whether the options are the reason. @param {unknown} topic @param {unknown} payload @param {unknown} options @param {number} kind @param {number} flags @returns {Promise<void>} */
  #publishInFull(topic, payload, options, kind, flags) {
    if (flags < 0 && isLimited(options)) return this.#publishLimited(topic, payload, options, kind);
    const core = /** @type {Core} */ (this.#core);
    return this.#orFailure(
      () => core.call(kind === QUEUE ? operation.QPUBLISH : operation.PUBLISH, topic, payload, options),
      flags >= 0,
    );
  }

  /** @param {unknown} topic @param {unknown} [payload] @param {unknown} [options] @returns {Promise<void>} */
  batch_publish(topic, payload, options) {
    const text = jsonText(payload);
    if (this.#core === null) {
      const choice = copyOptions(options);
      return this.#later((core) =>
        text === undefined
          ? this.#joined(core.call(operation.BATCH, topic, payload, choice))
          : this.#batch(core, topic, text, choice),
      );
    }
    const core = this.#core;
    if (text === undefined)
      return this.#orFailure(() => this.#joined(core.call(operation.BATCH, topic, payload, options)));
    return this.#batch(core, topic, text, options);
  }

  /** What the core gives for an item: a promise, or the number of one that is here. @param {any} batch */
  #joined(batch) {
    return typeof batch === "number" ? this.#hooks.pending.promise(batch) : batch;
  }

  /** @param {Core} core @param {unknown} topic @param {string} text @param {unknown} options @returns {Promise<void>} */
  #batch(core, topic, text, options) {
    const flags = publishFlags(options);
    const number = flags < 0 ? -1 : topicNumber(topic);
    const length = number < 0 ? -1 : writePayload(text);
    if (length < 0)
      return this.#orFailure(
        () => this.#joined(core.call(operation.BATCH_JSON, topic, text, options)),
        flags >= 0,
      );
    const { number: client, pending } = this.#hooks;
    const token = pending.next();
    const batch = fastPath.batch(client, number, length, flags, token);
    if (batch === 0) return rejected(this.#hooks.failure ?? atCall()(refusal(client)));
    this.#endOfTurn();
    if (batch === token) return pending.commit(token);
    return pending.promise(batch) ?? core.call(operation.BATCH_PROMISE, batch);
  }

  flush() {
    return this.#with((core) => core.call(operation.FLUSH));
  }

  /** @param {unknown} topic @param {unknown} [options] @param {unknown} [handler] @returns {Promise<number[]>} */
  subscribe(topic, options, handler) {
    const [topics, choice] =
      this.#core === null ? [copyTopics(topic), copyOptions(options)] : [topic, options];
    // subscribe(topic, handler) is a common way to write it.
    const isShort = typeof choice === "function" && handler === undefined;
    const { inbound } = this.#hooks;
    const taker = isShort
      ? choice
      : handledBy(choice, /** @type {any} */ (handler), () => inbound.on_message);
    const news = this.#news(topics);
    for (const filter of news) this.#asked.add(filter);
    const identity = 2 * keyOf(isShort ? choice : handler) + this.#hooks.isConnecting;
    return this.#with((core) => {
      const subscribe = operation.SUBSCRIBE + operation.IDENTITY * identity;
      const subscribed = core.call(subscribe, topics, isShort ? undefined : choice, taker);
      inbound.offer();
      // Some of several may have been granted.
      if (news.length === 1) subscribed.catch(() => this.#asked.delete(news[0]));
      return subscribed;
    });
  }

  /** Those filters that `subscribe` has not asked for. @param {unknown} topics */
  #news(topics) {
    return filtersOf(topics).filter((filter) => !this.#asked.has(filter));
  }

  /** @param {unknown} topics @param {unknown} [options] @param {unknown} [handler] @returns {Promise<number[]>} */
  subscribe_topics(topics, options, handler) {
    return this.subscribe(topics, options, handler);
  }

  /** @param {unknown} topic @param {unknown} [options] @returns {Promise<void>} */
  unsubscribe(topic, options) {
    const [topics, choice] =
      this.#core === null ? [copyTopics(topic), copyOptions(options)] : [topic, options];
    for (const filter of filtersOf(topics)) {
      this.#added?.forget(filter);
      this.#asked.delete(filter);
    }
    return this.#with((core) => core.call(operation.UNSUBSCRIBE, topics, choice));
  }

  /** @param {string} filter @param {unknown} handler @param {unknown} [options] */
  addHandler(filter, handler, options) {
    this.#added ??= new AddedHandlers({
      number: () => this.#hooks.number,
      inbound: this.#hooks.inbound,
      unsubscribe: (given) => (this.#asked.has(given) ? Promise.resolve() : this.unsubscribe(given)),
      subscribe: (given, choice, before) =>
        this.#with((core) => {
          before();
          return core.call(operation.SUBSCRIBE, given, choice);
        }),
    });
    return this.#added.add(filter, handler, options);
  }

  /** @param {unknown} [properties] @returns {Promise<void>} */
  reauthenticate(properties) {
    return this.#with((core) => core.call(operation.REAUTHENTICATE, properties));
  }

  /** @param {string} topic @param {unknown} [payload] @param {unknown} [options] */
  request(topic, payload, options) {
    this.#requests ??= new Requests(this);
    const requests = this.#requests;
    return this.#orFailure(() => requests.request(topic, payload, options));
  }

  /** @param {unknown} filter @param {(message: any) => unknown} handler @param {unknown} [options] */
  respond(filter, handler, options) {
    return respond(this, filter, handler, options);
  }

  /** @param {unknown} topic @param {unknown} [payload] @param {unknown} [options] @returns {Promise<void>} */
  publish_high_priority(topic, payload, options) {
    const [copy, choice] = [copyPayload(payload), copyOptions(options)];
    return this.#with((core) => core.call(operation.ONE_SHOT, topic, copy, choice));
  }

  /** @param {unknown} topic @param {unknown} [payload] @param {unknown} [options] @returns {Promise<void>} */
  static publish_high_priority(topic, payload, options) {
    if (ready()) return orFailure(instance, () => oneShot(topic, payload, options, common()));
    const [copy, choice] = [copyPayload(payload), copyOptions(options)];
    return quiet(load().then(() => oneShot(topic, copy, choice, common())));
  }

  /** @param {string} [filter] @param {unknown} [options] */
  messages(filter, options) {
    this.#loops ??= new Loops(this.#hooks);
    const later = this.#core === null ? this.#later.bind(this) : undefined;
    return this.#loops.open(filter, options, later);
  }

  get #status() {
    return this.#live === null ? 0 : stat(this.#hooks.number, operation.STATUS);
  }

  /** @param {string} filter @param {unknown} [options] */
  snapshot(filter, options) {
    return snapshot(this, filter, options);
  }

  get connected() {
    return this.#status > 7;
  }

  get mqttversion() {
    return this.#status >> 3 || undefined;
  }

  get state() {
    if (this.#hooks.failure !== undefined) return operation.STOPPED;
    return operation.STATES[this.#core === null ? Number(this.#loading !== null) : this.#status & 7];
  }

  stats() {
    /** @type {Record<string, number>} */
    const stats = {};
    const { number, inbound, attempts, latency } = this.#hooks;
    const get = (/** @type {number} */ which) => (this.#live === null ? 0 : stat(number, which));
    operation.COUNTERS.forEach((name, which) => {
      stats[name] = get(which);
    });
    stats.bytesQueued = get(operation.BYTES_QUEUED);
    stats.attempts = attempts;
    latency?.add(stats);
    if (inbound.last !== undefined) stats.lastMessage = (performance.now() - inbound.last) / 1000;
    const { unhandled } = inbound;
    stats.dropped += unhandled.dropped;
    stats.unhandled = unhandled.count;
    const wait = get(operation.RECONNECT_IN);
    if (this.#live !== null && wait >= 0) stats.reconnectIn = wait;
    if (unhandled.age !== undefined) stats.oldestUnhandled = unhandled.age;
    return stats;
  }

  /** `on_connect` as the core calls it. @param {string} name @param {any} callback */
  #forCore(name, callback) {
    if (name !== "on_connect" || typeof callback !== "function") return callback;
    const hooks = this.#hooks;
    /** @param {unknown[]} all */
    return (...all) => hooks.whileConnecting(() => callback(...all));
  }

  /** @param {string} name @param {any} callback */
  #assign(name, callback) {
    if (this.#live !== null) {
      const slot = CALLBACKS.indexOf(name);
      const given = this.#forCore(name, callback);
      operation.act(this.#hooks.number, operation.SET_CALLBACK, given, undefined, slot);
    } else if (this.#hooks.failure !== undefined && callback != null && typeof callback !== "function")
      throw noFunction(name, callback);
    this.#callbacks[name] = callback ?? null;
    if (name === "on_message") {
      this.#hooks.inbound.on_message = callback ?? null;
      this.#hooks.inbound.offer();
    }
  }

  // Not a static block: React Native's Babel takes none.
  // biome-ignore lint/correctness/noUnusedPrivateClassMembers: its initializer is what counts
  static #shaped = (() => {
    // Bundlers rename the class; this is the name in errors and inspectors.
    Object.defineProperty(MqttCustom, "name", { value: "MqttCustom" });
    for (const name of CALLBACKS) {
      const accessor = {
        /** @this {MqttCustom} */
        get() {
          return this.#callbacks[name];
        },
        /** @this {MqttCustom} @param {unknown} callback */
        set(callback) {
          this.#assign(name, callback);
        },
        configurable: true,
      };
      Object.defineProperty(MqttCustom.prototype, name, accessor);
    }
    // Vue makes no reactive proxy of it, which could not reach what is private.
    Object.defineProperty(MqttCustom.prototype, "__v_skip", { value: true });
    /** Whose options, in this place, may have limits. @type {[any, string, number][]} */
    const limitedCalls = [
      [MqttCustom.prototype, "batch_publish", 2],
      [MqttCustom.prototype, "subscribe", 1],
      [MqttCustom.prototype, "unsubscribe", 1],
      [MqttCustom.prototype, "publish_high_priority", 2],
      [MqttCustom, "publish_high_priority", 2],
    ];
    for (const [owner, name, at] of limitedCalls) {
      const method = owner[name];
      /** @this {MqttCustom} @param {any[]} all */
      owner[name] = function (...all) {
        const options = all[at];
        if (!isLimited(options)) return method.apply(this, all);
        const news = name === "subscribe" ? this.#news(all[0]) : [];
        /** @param {any} others */
        const call = (others) => {
          all[at] = others;
          return method.apply(this, all);
        };
        return limited(options, call, () => {
          if (news.length > 0) this.unsubscribe(news);
        });
      };
    }
    /** @type {any} */
    const methods = MqttCustom.prototype;
    for (const name of ["subscribe", "unsubscribe", "addHandler", "messages"]) {
      const method = methods[name];
      /** @this {MqttCustom} @param {any} topic @param {unknown} one @param {unknown} two */
      methods[name] = function (topic, one, two) {
        return isTyped(topic) ? topic[TYPED](this, name, one, two) : method.call(this, topic, one, two);
      };
    }
    addCamelCase(MqttCustom, METHODS);
    addCamelCase(MqttCustom.prototype, [...METHODS, ...CALLBACKS]);
  })();
}

/** The filters of an argument of `subscribe` or `unsubscribe`; none of one that cannot be read, which the core rejects. @param {any} topics @returns {unknown[]} */
function filtersOf(topics) {
  try {
    return typeof topics === "object" && !Array.isArray(topics) ? Object.keys(topics) : [topics].flat();
  } catch {
    return [];
  }
}

/** `rc` of `on_disconnect` for a connection that is lost. */
const LOST = 7;
