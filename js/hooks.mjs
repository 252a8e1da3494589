// The functions of one client that the core calls, and the state they need. One small object, because a process may have
// thousands of clients. It holds the client weakly, so that a client which is no longer used can be collected.

import { Valve } from "./back-pressure.mjs";
import { MqttError, made, noFunction } from "./errors.mjs";
import { closeText, isStatus } from "./close-codes.mjs";
import { announce, CONNECT, STATE } from "./events.mjs";
import { Inbound } from "./inbound.mjs";
import { CALLBACKS } from "./names.mjs";
import { act, SET_CALLBACK } from "./operations.mjs";
import { Pending } from "./pending.mjs";
import { receiveFrom } from "./receiving.mjs";
import { warn } from "./warn.mjs";
import { environment, fastPath, memoryWords } from "./runtime.mjs";
import { instance } from "./trap.mjs";

/** js/mqttjs/ and js/tabs/ open their transports themselves, and js/streams/ those of pages. */
const OWN_TRANSPORTS = Symbol.for("mqtt-lib.connect");

/** @param {string} message @param {string} code @param {number} [reason] @param {unknown} [cause] */
const makeError = (message, code, reason, cause) => made(() => new MqttError(message, code, reason, cause));

/** What the error of a connection tells of the close event. @typedef {{ closeCode: number, closeReason: string }} Close */

/** The transports of js/streams/, if that is imported. @returns {((connect?: any) => any) | undefined} */
const streams = () => /** @type {any} */ (globalThis)[OWN_TRANSPORTS];
const platformConnect = () => streams()?.(environment.connect) ?? environment.connect;

/** The hooks of a call that has no client. */
export const common = () => ({
  node: environment.node,
  streams: streams(),
  connect: platformConnect(),
  error: makeError,
});

export class Hooks {
  /** The number by which exports of the WebAssembly know the client. */
  number = -1;
  /** The instance of the WebAssembly that has the client, or had it until now. @type {typeof instance | undefined} */
  instance;
  /** The instance whose failure has been dealt with. @type {typeof instance | undefined} */
  ended;
  /** Created with the first publish. @type {Pending | null} */
  #pending = null;
  #client;
  inbound;
  /** @type {any} */
  userdata;
  /** Whether there is a connection that the broker has accepted; the core sets it. */
  accepted = false;
  /** Of the last attempt, as the platform says it. @type {string | undefined} */
  url;
  /** How many calls of `on_connect` and listeners of `connect` have not ended. */
  #connecting = 0;
  /** The socket in use, as long as somebody may have to close it. @type {WeakRef<any> | undefined} */
  #socket;
  /** Made when too much is unhandled. @type {Valve | undefined} */
  #valve;
  /** How that WebSocket was closed. @type {Close | undefined} */
  #close;

  /** How often a connection was begun. */
  attempts = 0;
  /** Taps the connections, for the wire log. @type {((connect?: any) => any) | undefined} */
  wire;
  /** Made with the first publish that is timed. @type {import("./latency.mjs").Latency | undefined} */
  latency;

  /** @param {object} client @param {any} [options] @param {typeof instance} [before] of a client that begins anew: it counts as failed until it has a core again */
  constructor(client, options, before) {
    this.instance = this.ended = before;
    const userdata = options?.userdata;
    this.wire = options?.wire;
    this.logger = options?.logger;
    this.#client = new WeakRef(client);
    this.inbound = new Inbound(this, this.#client, userdata);
    this.userdata = userdata;
  }

  /** The core has failed: ends what is pending here, what is not in a handler yet, and the connection; true if that was accepted. @param {unknown} error */
  failAll(error) {
    this.#pending?.rejectAll(error);
    this.#socket?.deref()?.close();
    this.inbound.stop();
    return this.accepted;
  }

  /** Lets the socket rest, or go on; false if it cannot. @param {boolean} full */
  pause(full) {
    this.#valve ??= new Valve(() => fastPath.awaits(this.number));
    return this.#valve.set(this.#socket?.deref(), full);
  }

  /** The instance that a call of the client goes into. */
  get inUse() {
    return this.instance ?? instance;
  }

  /** Why that instance has failed. */
  get failure() {
    return this.instance?.failure;
  }

  get pending() {
    this.#pending ??= new Pending();
    return this.#pending;
  }

  // ---- called by the core

  /** @param {number} number @param {number} count how many messages may be unhandled @param {number} bytes of them */
  begin(number, count, bytes) {
    this.number = number;
    this.instance = instance;
    this.inbound.unhandled.maxCount = count;
    this.inbound.unhandled.maxBytes = bytes;
  }

  get node() {
    return environment.node;
  }

  /** Whether a page can open a `transport`. */
  get streams() {
    return streams();
  }

  /** Also the transports of js/tabs/, which extends the client, and of js/mqttjs/, whose client is `userdata`. */
  get connect() {
    let own = platformConnect();
    try {
      const owner = /** @type {any} */ (this.client());
      own = (owner[OWN_TRANSPORTS] ? owner : this.userdata)?.[OWN_TRANSPORTS]?.(own) ?? own;
    } catch {
      // the user's, and nothing that can be read
    }
    try {
      const tapped = this.wire?.(own) ?? own;
      if (tapped !== undefined && typeof tapped !== "function") throw noFunction("what wire returns", tapped);
      return tapped;
    } catch (error) {
      // The reason why nothing connects.
      return () => {
        throw error;
      };
    }
  }

  /** @param {string} message @param {string} code @param {number} [reason] @param {unknown} [cause] */
  error(message, code, reason, cause) {
    const error = makeError(message, code, reason, cause);
    return /^CONNECTION_/.test(code) ? Object.assign(error, this.#close) : error;
  }

  client() {
    return this.#client.deref();
  }

  /** Calls the listeners of an event; false if there is none. @param {number} slot @param {[any, ...unknown[]]} values what its callback gets */
  emit(slot, [client, ...values]) {
    // The event means success; the callback is called for refusals, too, as paho's.
    if (client === undefined || (slot === CONNECT && values[2] !== 0)) return false;
    if (slot === STATE) values.push(client.state);
    /** @type {ReturnType<typeof announce>} */
    let called = [];
    const work = () => {
      called = announce(client, slot, values);
      return called.some(Boolean) ? Promise.allSettled(called) : undefined;
    };
    if (slot === CONNECT) this.whileConnecting(work);
    else work();
    return called.length > 0;
  }

  /** 1 while what is called at each connection is not done. */
  get isConnecting() {
    return Math.min(this.#connecting, 1);
  }

  /** Runs what is called at each connection. @param {() => any} work */
  whileConnecting(work) {
    const end = () => {
      this.#connecting -= 1;
    };
    let goesOn = false;
    this.#connecting += 1;
    try {
      let result = work();
      if (typeof result?.then === "function") {
        result = Promise.resolve(result);
        result.then(end, end);
        goesOn = true;
      }
      return result;
    } finally {
      if (!goesOn) end();
    }
  }

  /** The options, with the callbacks as they are now. Anything but an object is left for the validator to reject. @param {any} given @param {Record<string, any>} callbacks */
  optionsForCore(given, callbacks) {
    if (typeof given !== "object" || Array.isArray(given)) return given;
    return { ...given, ...callbacks, on_connect: this.forCore("on_connect", callbacks.on_connect) };
  }

  /** A callback as the core calls it. @param {string} name @param {any} callback */
  forCore(name, callback) {
    if (name !== "on_connect" || typeof callback !== "function") return callback;
    /** @param {unknown[]} all */
    return (...all) => this.whileConnecting(() => callback(...all));
  }

  /** A listener of an event of this type has thrown. @param {string} type @param {unknown} thrown */
  thrown(type, thrown) {
    const name = type === "error" ? "on_error" : `a listener of "${type}"`;
    if (this.number < 0 || this.failure !== undefined) warn(`mqtt-lib: ${name} threw:`, thrown);
    else this.inbound.report(this.client(), name, thrown);
  }

  /** Another callback from now on. @param {string} name @param {any} callback @param {boolean} isLive whether there is a core that calls it */
  setCallback(name, callback, isLive) {
    if (isLive) {
      act(this.number, SET_CALLBACK, this.forCore(name, callback), undefined, CALLBACKS.indexOf(name));
    } else if (this.failure !== undefined && callback != null && typeof callback !== "function")
      throw noFunction(name, callback);
    if (name !== "on_message") return;
    this.inbound.on_message = callback ?? null;
    this.inbound.offer();
  }

  /** @param {any} socket @param {number} generation */
  listen(socket, generation) {
    this.attempts += 1;
    this.#socket = new WeakRef(socket);
    this.url = socket.url;
    // For js/node/publishing.mjs.
    if (!(/** @type {any} */ (import.meta).page)) /** @type {any} */ (this).socket = this.#socket;
    this.#close = undefined;
    this.#valve = undefined;
    this.inbound.connection = generation;
    const { onclose } = socket;
    /** @param {CloseEvent} event */
    socket.onclose = ({ code, reason, type }) => {
      if (isStatus(code)) this.#close = { closeCode: code, closeReason: reason };
      onclose({ type, reason: closeText(code, reason) });
    };
    receiveFrom(socket, generation, this);
  }

  /** Resolves `count` promises, whose tokens are at `address`. @param {number} address @param {number} count */
  settle(address, count) {
    this.#pending?.resolveAll(memoryWords(), address >>> 2, count);
  }

  /** @param {number} token @param {unknown} error */
  fail(token, error) {
    this.#pending?.reject(token, error);
  }

  /** @param {number} token @param {unknown} value */
  answer(token, value) {
    this.#pending?.resolve(token, value);
  }

  /** @param {number} views @param {number} count @param {number} base @param {number} epoch */
  messages(views, count, base, epoch) {
    this.inbound.receive(views, count, base, epoch);
  }
}
