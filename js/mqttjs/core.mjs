// The native client of a client of the facade, and its attempts to connect: one for each transport that link.mjs has made. The
// core asks for credentials before each attempt, and waits with it until there is such a transport. Makes another native
// client where a store takes the place of another, because the core reads its store once. Owns no event and no time.

import { Deferred } from "./deferred.mjs";
import { credentialsOf, isWrong, storeOf } from "./options.mjs";
import { platform } from "./platform.mjs";

export class Core {
  /** @type {any} */
  native;
  #client;
  /** @type {Record<string, (...all: any[]) => any>} */
  #callbacks;
  /** Of the native client. @type {any} */
  #store;
  /** Made for the attempt that the core is about to make. @type {import("./channel.mjs").Channel | undefined} */
  #next;
  /** The core has the credentials for that attempt: it gets them once, or wrong ones would be asked for without an end. */
  #isGiven = false;
  /** The core awaits permission for an attempt. @type {((credentials: any) => void) | undefined} */
  #permit;
  /** What the core has got in place of the next transport. @type {Deferred | undefined} */
  #deferred;
  /** @type {Promise<void> | undefined} */
  #stopping;

  /**
   * @param {any} client
   * @param {Record<string, (...rest: any[]) => any>} callbacks of the native client, without the client and its userdata
   * @param {(message: any) => any} receive
   */
  constructor(client, callbacks, receive) {
    this.#client = client;
    this.#callbacks = {
      on_message: (/** @type {any} */ _native, /** @type {any} */ _client, /** @type {any} */ message) =>
        receive(message),
    };
    for (const [name, callback] of Object.entries(callbacks)) {
      // Nothing is of interest any more in one that was replaced.
      this.#callbacks[name] = (native, _client, ...rest) =>
        native === this.native ? callback(...rest) : undefined;
    }
    this.#make();
  }

  #make() {
    const { options } = this.#client;
    this.#store = storeOf(options);
    this.native = new platform.MqttCustom({
      ...this.#callbacks,
      // With a store the core takes the same credentials for each attempt.
      credentials: this.#store === undefined ? () => this.#asked() : credentialsOf(options),
      userdata: this.#client,
      autostart: false,
    });
  }

  /** Another native client if the options have another store; true if there is one. */
  renew() {
    if (storeOf(this.#client.options) === this.#store) return false;
    // What is in that store is not for the other one.
    if (this.#store !== undefined) this.#client.forget();
    this.stop().catch(() => {});
    this.#make();
    return true;
  }

  /** Makes an attempt over this transport. @param {import("./channel.mjs").Channel} channel */
  begin(channel) {
    this.#next = channel;
    this.#isGiven = false;
    if (this.#stopping === undefined) this.#begin(channel);
    else this.#stopping.then(() => this.#begin(channel));
  }

  /** @param {import("./channel.mjs").Channel} channel */
  #begin(channel) {
    if (this.#next !== channel) return;
    if (this.#stopping !== undefined) return this.begin(channel);
    if (this.#deferred?.isClosed === false) {
      this.#next = undefined;
      this.#deferred.bind(channel);
    }
    this.#deferred = undefined;
    // Only the first failure of a start is not reported to on_error.
    const { native } = this;
    native.start().catch((/** @type {any} */ error) => {
      if (error.code === "PROTOCOL_ERROR" || (isWrong(error) && this.#next === channel))
        this.#callbacks.on_error(native, undefined, error);
    });
    this.#client.begun();
    const permit = this.#permit;
    this.#permit = undefined;
    if (permit === undefined) return;
    this.#isGiven = true;
    permit(credentialsOf(this.#client.options));
  }

  /** The core is about to make an attempt. @returns {any} */
  #asked() {
    if (this.#next !== undefined && this.#stopping === undefined && !this.#isGiven) {
      this.#isGiven = true;
      return credentialsOf(this.#client.options);
    }
    return new Promise((resolve) => {
      // An attempt of a core that is being stopped ends with it.
      if (this.#stopping === undefined) this.#permit = resolve;
    });
  }

  /** The core opens the transport that was made for it. */
  handOver() {
    // An attempt of a core that is being stopped ends with it.
    if (this.#stopping !== undefined) return new Deferred();
    const channel = this.#next;
    this.#next = undefined;
    if (channel !== undefined) return channel.attach();
    this.#deferred = new Deferred();
    return this.#deferred;
  }

  /** Nothing is sent any more, and no attempt follows. @param {any} [options] of DISCONNECT @returns {Promise<void>} */
  stop(options) {
    this.#deferred = this.#permit = this.#next = undefined;
    const stopped = this.native.stop(options);
    const stopping = Promise.allSettled([stopped, this.#stopping]).then(() => {
      if (this.#stopping === stopping) this.#stopping = undefined;
    });
    this.#stopping = stopping;
    return stopped;
  }
}
