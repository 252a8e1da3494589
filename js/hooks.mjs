// What the core calls of one client, and what is kept of it for that. One small object, because a process may
// have thousands of clients; it holds the client weakly, so that one which nobody uses is collected.

import { MqttError } from "./errors.mjs";
import { Inbound } from "./inbound.mjs";
import { listen } from "./listen.mjs";
import { Pending } from "./pending.mjs";
import { environment, memoryWords } from "./runtime.mjs";

/** @param {string} message @param {string} code @param {number} [reason] @param {unknown} [cause] */
const makeError = (message, code, reason, cause) => new MqttError(message, code, reason, cause);

/** What a call without a client needs of it. */
export const common = () => ({ node: environment.node, connect: environment.connect, error: makeError });

export class Hooks {
  /** By which `bulk` knows the client. */
  number = -1;
  /** Made with the first publish. @type {Pending | null} */
  #pending = null;
  #client;
  inbound;
  userdata;
  /** Kept here, too, because the core cannot be asked for it when it has failed. @type {Function | null} */
  on_error = null;
  /** The socket in use, as long as somebody may have to close it. @type {WeakRef<any> | undefined} */
  #socket;

  /** @param {object} client @param {unknown} userdata */
  constructor(client, userdata) {
    this.#client = new WeakRef(client);
    this.inbound = new Inbound(this, this.#client, userdata);
    this.userdata = userdata;
  }

  /** The core has failed: ends what is pending here, and the connection. @param {unknown} error */
  failAll(error) {
    this.#pending?.rejectAll(error);
    this.#socket?.deref()?.close();
  }

  get pending() {
    this.#pending ??= new Pending();
    return this.#pending;
  }

  // ---- what the core calls

  get node() {
    return environment.node;
  }

  get connect() {
    return environment.connect;
  }

  get error() {
    return makeError;
  }

  client() {
    return this.#client.deref();
  }

  /** @param {any} socket @param {number} generation */
  listen(socket, generation) {
    this.#socket = new WeakRef(socket);
    listen(socket, generation, this);
  }

  /** @param {number} at @param {number} count */
  settle(at, count) {
    this.#pending?.resolveAll(memoryWords(), at >>> 2, count);
  }

  /** @param {number} token @param {unknown} error */
  fail(token, error) {
    this.#pending?.reject(token, error);
  }

  /** @param {number} token @param {unknown} value */
  answer(token, value) {
    this.#pending?.resolve(token, value);
  }

  /** @param {number} records @param {number} count @param {number} base @param {number} epoch */
  messages(records, count, base, epoch) {
    this.inbound.receive(records, count, base, epoch);
  }
}
