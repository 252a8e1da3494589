// The class `MqttCustom`: what its users call, start and stop, and publishing. Owns one shared promise for the QoS 0 publishes
// of a turn. Simple cases take the fast path; all others go to the core, which handles or rejects them. Never validates
// arguments itself.

import { MqttCustom as Core, publish_high_priority as oneShot, refusal, stat } from "../pkg/mqtt_lib.js";
import { batch } from "./batching.mjs";
import { queueMicrotask } from "./clock.mjs";
import { copyOptions, copyPayload } from "./copies.mjs";
import { atCall } from "./errors.mjs";
import { Events, HOOKS } from "./events.mjs";
import { jsonText, publishFlags, QUEUE, topicNumber, writePayload } from "./fast-path.mjs";
import { common, Hooks } from "./hooks.mjs";
import { Latency } from "./latency.mjs";
import { isLimited } from "./limits.mjs";
import { asksForStore, Loading } from "./loading.mjs";
import { Loops } from "./messages.mjs";
import { CALLBACKS, originalNames } from "./names.mjs";
import * as operation from "./operations.mjs";
import { quiet, rejected } from "./pending.mjs";
import { endFailed, report } from "./reporting.mjs";
import { Requests, respond } from "./request.mjs";
import { BUFFERED, environment, fastPath, load, PENDING, ready } from "./runtime.mjs";
import { isTyped, shape, TYPED } from "./shape.mjs";
import { snapshot } from "./snapshot.mjs";
import { startLimited } from "./starting.mjs";
import { statistics } from "./statistics.mjs";
import { stopCore } from "./stopping.mjs";
import { Subscribing } from "./subscribing.mjs";
import { instance, onFailure, orFailure } from "./trap.mjs";
import { withdrawn } from "./withdrawn.mjs";

/** Keeps clients that are in use from being collected, also when the user has no reference to them. @type {Set<MqttCustom>} */
const alive = new Set();

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
  /** Made when the wasm is not loaded yet. @type {Loading | null} */
  #loading = null;
  /** @type {Loops | null} */
  #loops = null;
  /** @type {Requests | null} */
  #requests = null;
  /** @type {Subscribing | null} */
  #subscribing = null;

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

  /** What ends its present core, if that has failed. */
  #ending() {
    const [hooks, ...pending] = [this.#hooks, this.#requests, this.#loops];
    return () => {
      if (this.#hooks.failure !== undefined) alive.delete(this);
      endFailed(this, this.#callbacks, hooks, pending);
    };
  }

  get [HOOKS]() {
    return this.#hooks;
  }

  /** If its instance has failed, makes a core in another one, with the options and callbacks, and without anything else. */
  #renew() {
    if (this.#hooks.failure === undefined) return;
    // The failure may be of this turn, and not be announced yet.
    queueMicrotask(this.#ending());
    this.#hooks = new Hooks(this, this.#options, this.#hooks.instance);
    this.#hooks.inbound.listen();
    this.#subscribing?.end();
    this.#loops = this.#requests = this.#subscribing = null;
    this.#begin();
  }

  /** Creates the core, which validates the options and connects. The wasm is loaded. */
  #begin() {
    const hooks = this.#hooks;
    const options = hooks.optionsForCore(this.#options ?? {}, this.#callbacks);
    /** @type {Core} */
    let core;
    ready();
    try {
      core = new Core(options, hooks);
    } catch (error) {
      throw instance.failure ?? atCall()(error);
    }
    hooks.instance ??= instance;
    this.#core = core;
    hooks.inbound.on_message = this.#callbacks.on_message;
    if (this.#autostart) alive.add(this);
    return core;
  }

  /** Loads the wasm and creates the core. A failure is reported to `on_error`; the next call tries again. */
  #load() {
    alive.add(this);
    this.#loading ??= new Loading();
    return this.#loading.begin(
      asksForStore(this.#options),
      () => this.#core ?? this.#begin(),
      (error) => {
        alive.delete(this);
        report(this, this.#callbacks, this.#hooks.userdata, error);
      },
    );
  }

  /** Queues a call until the wasm is loaded. @template T @param {(core: Core) => Promise<T>} call @param {boolean} [bounded] @returns {Promise<T>} */
  #later(call, bounded = true) {
    quiet(this.#load());
    return /** @type {Loading} */ (this.#loading).add(call, bounded);
  }

  /** @template T @param {(core: Core) => Promise<T>} call @param {boolean} [bounded] false: of start(), which begins anew @returns {Promise<T>} */
  #with(call, bounded) {
    try {
      if (bounded === false) this.#renew();
    } catch (error) {
      return rejected(error);
    }
    const core = this.#core;
    return core === null ? this.#later(call, bounded) : orFailure(this.#hooks.inUse, () => call(core));
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
    const start = () =>
      this.#with((core) => {
        alive.add(this);
        return core.call(operation.START);
      }, false);
    if (!isLimited(options)) return start();
    return startLimited(this, start, (call) => this.#limit(options, call, false));
  }

  /** A publish or `start` with limits. @param {unknown} options @param {(others: any) => Promise<any>} call @param {boolean} [bounded] @returns {Promise<any>} */
  #limit(options, call, bounded) {
    return withdrawn(options, call, this, (work) => this.#with(work, bounded));
  }

  /** Rejects for a wrong argument only. @param {unknown} [options] @returns {Promise<void>} */
  stop(options) {
    // Everything has ended by itself, or nothing has begun.
    if (this.#hooks.failure !== undefined || (this.#core === null && !this.#loading?.loaded)) {
      // Nobody has told a client that was never started.
      this.#ending()();
      return Promise.resolve();
    }
    if (this.#core !== null) return quiet(this.#stop(this.#core, options));
    const stopped = this.#later((core) => this.#stop(core, options), false);
    // If the wasm could not be loaded there is nothing to stop.
    return quiet(stopped.catch((error) => (this.#core === null ? undefined : Promise.reject(error))));
  }

  [Symbol.asyncDispose ?? "asyncDispose"]() {
    return this.stop();
  }

  /** @param {Core} core @param {unknown} options */
  async #stop(core, options) {
    await stopCore(core, options, this.#hooks, () => {
      this.#requests?.end();
      this.#loops?.stop();
    });
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
   * Makes no closure, because each call would pay for its variables.
   * @param {any} topic @param {unknown} payload @param {unknown} options @param {number} kind @returns {Promise<void>}
   */
  #publish(topic, payload, options, kind) {
    if (isTyped(topic)) return topic[TYPED](this, kind === QUEUE ? "qpublish" : "publish", payload, options);
    if (this.#core === null) return this.#publishLater(topic, payload, options, kind);
    const flags = publishFlags(options);
    const number = flags < 0 ? -1 : topicNumber(topic);
    if (!(/** @type {any} */ (import.meta).page) && number >= 0 && kind === 0) {
      const sent = environment.publish?.(this.#hooks, number, payload, flags);
      if (sent) {
        const turn = this.#endOfTurn();
        return sent === true ? turn : sent;
      }
    }
    const length = number < 0 ? -1 : writePayload(payload);
    if (length < 0) return this.#publishInFull(topic, payload, options, kind, flags);
    const hooks = this.#hooks;
    const token = hooks.pending.next();
    const published = fastPath.publish(hooks.number, number, length, flags | kind, token);
    if (published === BUFFERED) return this.#endOfTurn();
    if (published !== PENDING) return rejected(hooks.failure ?? atCall()(refusal(hooks.number)));
    this.#endOfTurn();
    const entry = hooks.pending.commit(token, topic);
    if (kind !== QUEUE && hooks.accepted) {
      hooks.latency ??= new Latency();
      hooks.latency.time(entry);
    }
    return entry.promise;
  }

  /** @param {unknown} topic @param {unknown} payload @param {unknown} options @param {number} kind @returns {Promise<void>} */
  #publishLater(topic, payload, options, kind) {
    const [copy, choice] = [copyPayload(payload), copyOptions(options)];
    if (isLimited(choice)) return this.#limit(choice, (others) => this.#publish(topic, copy, others, kind));
    return this.#later(() => this.#publish(topic, copy, choice, kind));
  }

  /** What the fast path does not take: `flags` says whether the options are the reason. @param {unknown} topic @param {unknown} payload @param {unknown} options @param {number} kind @param {number} flags @returns {Promise<void>} */
  #publishInFull(topic, payload, options, kind, flags) {
    if (flags < 0 && isLimited(options))
      return this.#limit(options, (others) => this.#publish(topic, payload, others, kind));
    const core = /** @type {Core} */ (this.#core);
    return orFailure(
      this.#hooks.inUse,
      () => core.call(kind === QUEUE ? operation.QPUBLISH : operation.PUBLISH, topic, payload, options),
      flags >= 0,
      topic,
    );
  }

  /** @param {unknown} topic @param {unknown} [payload] @param {unknown} [options] @returns {Promise<void>} */
  batch_publish(topic, payload, options) {
    const text = jsonText(payload);
    if (this.#core !== null) return this.#batch(this.#core, topic, payload, text, options);
    const choice = copyOptions(options);
    return this.#later((core) => this.#batch(core, topic, payload, text, choice));
  }

  /** @param {Core} core @param {unknown} topic @param {unknown} payload @param {string | undefined} text @param {unknown} options @returns {Promise<void>} */
  #batch(core, topic, payload, text, options) {
    this.#endOfTurn();
    return batch(core, this.#hooks, topic, payload, text, options);
  }

  flush() {
    return this.#with((core) => core.call(operation.FLUSH));
  }

  get #subscriptions() {
    this.#subscribing ??= new Subscribing(this, this.#hooks, (call) => this.#with(call));
    return this.#subscribing;
  }

  /** @param {unknown} topic @param {unknown} [options] @param {unknown} [handler] @returns {Promise<number[]>} */
  subscribe(topic, options, handler) {
    return this.#subscriptions.subscribe(topic, options, handler);
  }

  /** @param {unknown} topics @param {unknown} [options] @param {unknown} [handler] @returns {Promise<number[]>} */
  subscribe_topics(topics, options, handler) {
    return this.subscribe(topics, options, handler);
  }

  /** @param {unknown} topic @param {unknown} [options] @returns {Promise<void>} */
  unsubscribe(topic, options) {
    return this.#subscriptions.unsubscribe(topic, options);
  }

  /** @param {string} filter @param {unknown} handler @param {unknown} [options] */
  addHandler(filter, handler, options) {
    return this.#subscriptions.add(filter, handler, options);
  }

  /** @param {unknown} [properties] @returns {Promise<void>} */
  reauthenticate(properties) {
    return this.#with((core) => core.call(operation.REAUTHENTICATE, properties));
  }

  /** @param {string} topic @param {unknown} [payload] @param {unknown} [options] */
  request(topic, payload, options) {
    this.#requests ??= new Requests(this);
    const requests = this.#requests;
    return orFailure(this.#hooks.inUse, () => requests.request(topic, payload, options));
  }

  /** @param {unknown} filter @param {(message: any) => unknown} handler @param {unknown} [options] */
  respond(filter, handler, options) {
    return respond(this, filter, handler, options);
  }

  /** @param {unknown} topic @param {unknown} [payload] @param {unknown} [options] @returns {Promise<void>} */
  publish_high_priority(topic, payload, options) {
    const [copy, choice] = this.#core ? [payload, options] : [copyPayload(payload), copyOptions(options)];
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
    return operation.STATES[this.#core === null ? Number(this.#loading?.loaded != null) : this.#status & 7];
  }

  stats() {
    return statistics(this.#hooks, this.#live !== null);
  }

  /** @param {string} name @param {any} callback */
  #assign(name, callback) {
    this.#hooks.setCallback(name, callback, this.#live !== null);
    this.#callbacks[name] = callback ?? null;
  }

  // Not a static block: React Native's Babel takes none.
  // biome-ignore lint/correctness/noUnusedPrivateClassMembers: its initializer is what counts
  static #shaped = (() => {
    onFailure(() => {
      // Each by itself: what one of them throws is not to keep it from the others.
      for (const client of alive) queueMicrotask(client.#ending());
    });
    shape(
      MqttCustom,
      (client, name) => client.#callbacks[name],
      (client, name, callback) => client.#assign(name, callback),
    );
  })();
}
